package awsconfig

import (
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// readOnce keeps the body of a request from being read by any other way than Read.
//
// The SDK closes the body of a request as soon as the answer begins. When a large request has been sent but
// net/http has not yet looked whether the body goes on, it finds the closed one: its Read then says that the
// body has ended, which is right, but its WriteTo (smithy-go's safeWriteToReadCloser) returns io.EOF as an
// error, which WriteTo must not. net/http takes that for a failed write and closes the connection under the
// answer: "use of closed network connection", and no further attempt, for the answer had begun. A write would be
// in doubt for nothing.
type readOnce struct{ io.ReadSeeker }

// AddReadOnce, an API option, hides WriteTo from everything that sends the request. The HTTP client itself stays the SDK's own,
// which AWS_CA_BUNDLE and the proxies are set on.
func AddReadOnce(stack *middleware.Stack) error {
	hide := func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		r, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return next.HandleBuild(ctx, in)
		}
		if body, ok := r.GetStream().(io.ReadSeeker); ok {
			hidden, err := r.SetStream(readOnce{body})
			if err != nil {
				return middleware.BuildOutput{}, middleware.Metadata{}, err
			}
			in.Request = hidden
		}
		return next.HandleBuild(ctx, in)
	}
	return stack.Build.Add(middleware.BuildMiddlewareFunc("warroom:ReadOnce", hide), middleware.Before)
}
