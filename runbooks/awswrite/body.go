package awswrite

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// documentMost is the largest document that is read; AWS has none of that size.
const documentMost = 8 << 20

// keepBody copies the body of the answer, as it came, to into.
func keepBody(into *[]byte) func(*middleware.Stack) error {
	keep := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		whole, err := io.ReadAll(io.LimitReader(response.Body, documentMost+1))
		if err == nil && len(whole) > documentMost {
			err = fmt.Errorf("the answer is larger than %d bytes", documentMost)
		}
		_ = response.Body.Close() // all that is needed of it has been read
		response.Body = io.NopCloser(bytes.NewReader(whole))
		*into = whole
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("warroom:KeepBody", keep), middleware.After)
	}
}

// withBody has the request's body made of what the SDK would send. An error of make's keeps the request from being sent.
func withBody(make func(written []byte) ([]byte, error)) func(*middleware.Stack) error {
	replace := func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		request, err := rewritten(in.Request, make)
		if err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, &unsentError{err}
		}
		in.Request = request
		return next.HandleSerialize(ctx, in)
	}
	return func(stack *middleware.Stack) error {
		return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("warroom:Body", replace), "OperationSerializer", middleware.After)
	}
}

func rewritten(in any, make func([]byte) ([]byte, error)) (*smithyhttp.Request, error) {
	request, ok := in.(*smithyhttp.Request)
	if !ok {
		return nil, fmt.Errorf("the request is a %T", in)
	}
	written, err := io.ReadAll(request.GetStream())
	if err != nil {
		return nil, err
	}
	body, err := make(written)
	if err != nil {
		return nil, err
	}
	return request.SetStream(bytes.NewReader(body))
}
