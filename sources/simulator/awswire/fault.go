package awswire

import (
	"errors"
	"fmt"
	"net/http"
)

// fault is an error as a service answers it. Each protocol spells it in its own way.
type fault struct {
	Shape    string // name of the error's shape, e.g. ThrottlingException: what CBOR and JSON say
	Code     string // code of the query era, e.g. Throttling: what XML says, and CBOR in a header; "" = Shape
	Status   int    // HTTP status; JSON says 400 for every mistake of the caller's
	Message  string
	Receiver bool // the service's own failing rather than the caller's
}

// Error is "code: message".
func (f *fault) Error() string { return f.code() + ": " + f.Message }

func (f *fault) code() string {
	if f.Code == "" {
		return f.Shape
	}
	return f.Code
}

// sender is who is to blame, in the words of the query protocol.
func (f *fault) sender() string {
	if f.Receiver {
		return "Receiver"
	}
	return "Sender"
}

// faultOf turns any error into one that a protocol can spell.
func faultOf(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{Shape: "InternalFailure", Status: http.StatusInternalServerError, Message: err.Error(), Receiver: true}
}

// The faults that every service can answer with, whatever the operation.

func throttled() *fault {
	return &fault{Shape: "ThrottlingException", Code: "Throttling", Status: http.StatusBadRequest, Message: "Rate exceeded"}
}

func expiredToken() *fault {
	return &fault{Shape: "ExpiredTokenException", Code: "ExpiredToken", Status: http.StatusForbidden,
		Message: "The security token included in the request is expired"}
}

func unsigned() *fault {
	return &fault{Shape: "MissingAuthenticationTokenException", Code: "MissingAuthenticationToken", Status: http.StatusForbidden,
		Message: "Request is missing Authentication Token"}
}

func incompleteSignature(what string) *fault {
	return &fault{Shape: "IncompleteSignatureException", Code: "IncompleteSignature", Status: http.StatusBadRequest,
		Message: "Authorization header requires " + what}
}

func wrongScope(got, want string) *fault {
	return &fault{Shape: "InvalidSignatureException", Code: "SignatureDoesNotMatch", Status: http.StatusForbidden,
		Message: fmt.Sprintf("Credential should be scoped to correct service: '%s', not '%s'.", want, got)}
}

func accessDenied(accessKey, action string) *fault {
	return &fault{Shape: "AccessDeniedException", Code: "AccessDenied", Status: http.StatusForbidden,
		Message: fmt.Sprintf("User with access key %s is not authorized to perform: %s because no identity-based policy allows the action", accessKey, action)}
}

func internalFailure() *fault {
	return &fault{Shape: "InternalServiceFault", Code: "InternalServiceError", Status: http.StatusInternalServerError,
		Message: "We encountered an internal error. Please try again.", Receiver: true}
}

func unknownOperation(name string) *fault {
	return &fault{Shape: "UnknownOperationException", Code: "InvalidAction", Status: http.StatusBadRequest,
		Message: fmt.Sprintf("Could not find operation %s for this version of the service", name)}
}

func malformed(err error) *fault {
	return &fault{Shape: "SerializationException", Code: "MalformedInput", Status: http.StatusBadRequest,
		Message: "Could not read the request: " + err.Error()}
}

func invalid(format string, args ...any) *fault {
	return &fault{Shape: "ValidationException", Code: "ValidationError", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}
