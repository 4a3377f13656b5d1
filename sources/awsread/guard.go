package awsread

import (
	"context"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// guard stands where requests are signed and lets only the allowed read operations through. It holds for
// every client made from the session's config, whoever calls it and with whatever credentials.
type guard struct{}

// RefusedError says that an operation is none of those that this package may sign. Nothing was sent.
type RefusedError struct {
	Service   string // the SDK's name of the service
	Operation string
}

// Error names the operation.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s %s refused before it was signed: it is not among the read operations of awsread", e.Service, e.Operation)
}

// ID is the name of the guard in the middleware stack.
func (guard) ID() string { return "warroom:ReadOnly" }

// HandleFinalize refuses what is not allowed.
func (guard) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	client, operation := awsmiddleware.GetServiceID(ctx), middleware.GetOperationName(ctx)
	if _, ok := allowed[client+"."+operation]; !ok {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, &RefusedError{Service: client, Operation: operation}
	}
	return next.HandleFinalize(ctx, in)
}

// addGuard puts the guard directly before the signing of every attempt.
func addGuard(stack *middleware.Stack) error {
	return stack.Finalize.Insert(guard{}, "Signing", middleware.Before)
}
