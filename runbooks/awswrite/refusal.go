package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/awsconfig"
)

// unsentError is a request that was given up before it was signed.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }

func (e *unsentError) Unwrap() error { return e.err }

// Codes of errors by their meaning, in lower case: the services spell them differently.
var (
	credentialCodes = []string{"expiredtoken", "expiredtokenexception", "tokenrefreshrequired", "invalidclienttokenid",
		"unrecognizedclientexception", "invalidaccesskeyid", "authfailure", "signaturedoesnotmatch", "invalidsignatureexception"}
	deniedCodes  = []string{"accessdenied", "accessdeniedexception", "unauthorizedoperation", "unauthorizedexception"}
	changedCodes = []string{"preconditionfailed", "invalidifmatchversion", "wafoptimisticlockexception", "conflictexception"}
	busyCodes    = []string{"scalingactivityinprogress", "scalingactivityinprogressfault", "resourcecontention", "resourcecontentionfault",
		"priorrequestnotcomplete", "capacityreservationpending", "invaliddbclusterstatefault", "toomanyinvalidationsinprogress", "wafunavailableentityexception"}
	// unclearCodes are refusals that do not say that nothing was done.
	unclearCodes = []string{"requesttimeout", "requesttimeoutexception"}
	// clearCodes say that nothing was done although AWS counts them as its own failing.
	clearCodes = []string{"insufficientcapacity"}
)

// credentialsRefused tells whether other credentials would help.
func credentialsRefused(err error) bool {
	return awsconfig.NoCredentials(err) || slices.Contains(credentialCodes, awsconfig.Code(err))
}

// harmless tells whether the error says that nothing was done: the request was never sent, or AWS itself answered with
// a refusal. Whatever else went wrong, it may have been carried out.
func harmless(err error) bool {
	var refused *RefusedError
	var unsent *unsentError
	var invalid smithy.InvalidParamsError
	if errors.As(err, &refused) || errors.As(err, &unsent) || errors.As(err, &invalid) || awsconfig.NoCredentials(err) {
		return true
	}
	var answer *awshttp.ResponseError
	if c := awsconfig.Code(err); c == "" || slices.Contains(unclearCodes, c) || !errors.As(err, &answer) {
		return false
	}
	if slices.Contains(clearCodes, awsconfig.Code(err)) {
		return true
	}
	status := answer.HTTPStatusCode()
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError && status != http.StatusRequestTimeout
}

// outcome sorts the error of a write: a refusal is a [*runbooks.RejectedError]; after anything else the outcome is
// unknown. It returns nil for nil.
func outcome(err error) error {
	var rejected *runbooks.RejectedError
	if err == nil || errors.As(err, &rejected) {
		return err
	}
	if !harmless(err) {
		return fmt.Errorf("%s: %w", words(err), err)
	}
	return &runbooks.RejectedError{Why: words(err), Request: requestOf(err), Err: err}
}

// void is a write that was given up because what it would change is no longer what the plan shows.
func void(format string, args ...any) error {
	return &runbooks.RejectedError{Why: fmt.Sprintf(format, args...) + "; nothing was called, plan it again"}
}

func requestOf(err error) string {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.ServiceRequestID()
	}
	return ""
}

// explain puts an error of a reading into words, and nil into nil.
func explain(err error) error {
	var explained *explainedError
	var api smithy.APIError
	var op *smithy.OperationError
	if err == nil || errors.As(err, &explained) || !errors.As(err, &api) && !errors.As(err, &op) {
		return err
	}
	return &explainedError{text: words(err), err: err}
}

// explainedError is an error of the SDK in words.
type explainedError struct {
	text string
	err  error
}

func (e *explainedError) Error() string { return e.text }

func (e *explainedError) Unwrap() error { return e.err }

// words says what went wrong, with what, and what to do about it.
func words(err error) string {
	what, action := operation(err)
	var refused *RefusedError
	var unsent *unsentError
	switch c := awsconfig.Code(err); {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &unsent):
		return unsent.Error()
	case slices.Contains(credentialCodes, c) || awsconfig.NoCredentials(err):
		return fmt.Sprintf("%s: AWS does not accept the credentials, or there are none (%s); log in again (`aws sso login`) or renew the key", what, message(err))
	case slices.Contains(deniedCodes, c):
		return fmt.Sprintf("%s: not allowed (%s); allow %s (run `warroom iam-policy --write`)", what, message(err), action)
	case slices.Contains(changedCodes, c):
		return what + ": somebody else changed it since it was read; look at the new values and confirm anew"
	case slices.Contains(busyCodes, c): // before throttling: the SDK counts some of them as that
		return fmt.Sprintf("%s: another change is running (%s); wait for its end and plan it again", what, message(err))
	case awsconfig.Throttled(err):
		return what + ": AWS asks us to slow down; plan it again in a few seconds"
	case c != "":
		return fmt.Sprintf("%s: %s", what, message(err))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return what + ": no answer in time; check the network between here and AWS"
	}
	return what + ": no answer of AWS; check the network and the endpoint"
}

// operation is what was tried, and the IAM action that it needs: of the innermost operation, which is what failed.
func operation(err error) (what, action string) {
	service, name := awsconfig.Operation(err)
	if service == "" {
		return "AWS", ""
	}
	return service + " " + name, cmp.Or(reads[service+"."+name], writes[service+"."+name])
}

// messageMost is how much is kept of a foreign message.
const messageMost = 300

// message is what AWS said, harmless for the screen.
func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		if api.ErrorMessage() == "" {
			return api.ErrorCode()
		}
		return sources.CleanTo(api.ErrorMessage(), messageMost)
	}
	return sources.CleanTo(awsconfig.Innermost(err).Error(), messageMost)
}
