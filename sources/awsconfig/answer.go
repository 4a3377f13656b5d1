package awsconfig

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// unreadable is the code that the SDK gives to an error in which it finds none.
const unreadable = "UnknownError"

// Code is the code with which AWS refuses, in lower case: services spell them differently. It is "" where AWS gave none.
func Code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == unreadable {
		return ""
	}
	return strings.ToLower(api.ErrorCode())
}

// Throttled tells whether AWS asked us to slow down.
func Throttled(err error) bool {
	c := Code(err)
	if c == "" {
		return false
	}
	for known := range retry.DefaultThrottleErrorCodes {
		if strings.EqualFold(known, c) {
			return true
		}
	}
	return false
}

// NoCredentials tells whether the failure happened before anything was sent: there was nothing to sign with.
func NoCredentials(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "get identity: ") || strings.Contains(err.Error(), "failed to refresh cached credentials"))
}

// AccountOf is the account number in an ARN, "" where that has none.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// Operation is the service and the operation that failed, the innermost one; both are "" where it was none.
func Operation(err error) (service, operation string) {
	for op := (*smithy.OperationError)(nil); errors.As(err, &op); err = op.Err {
		service, operation = op.ServiceID, op.OperationName
	}
	return service, operation
}

// Innermost is the cause of all causes.
func Innermost(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
