package awsread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"warroom/sources"
	"warroom/sources/awsconfig"
)

// Error is why AWS could not be read, sorted by its remedy.
type Error struct {
	trouble sources.Trouble
	err     error
}

// Error says what happened, to what, and what to do about it.
func (e *Error) Error() string { return e.trouble.Text }

// Unwrap is what the SDK said.
func (e *Error) Unwrap() error { return e.err }

// Trouble is the error as it is recorded.
func (e *Error) Trouble() sources.Trouble { return e.trouble }

// Error codes by their meaning, in lower case: services spell them differently, and CloudWatch answers with
// the code of its old protocol or with that of its new one.
var (
	expiredCodes = []string{"expiredtoken", "expiredtokenexception", "tokenrefreshrequired"}
	unknownCodes = []string{"invalidclienttokenid", "unrecognizedclientexception", "invalidaccesskeyid", "authfailure", "invalidsignatureexception", "signaturedoesnotmatch", "incompletesignature"}
	deniedCodes  = []string{"accessdenied", "accessdeniedexception", "unauthorizedoperation", "authorizationerror", "unauthorizedexception", "optinrequired"}
	skewedCodes  = []string{"requesttimetooskewed", "requestexpired", "requestinthefuture"}
	refusedCodes = []string{"validationerror", "validationexception", "invalidparametervalue", "invalidparametervalueexception", "invalidparametercombination", "invalidparametercombinationexception"}
	absentCodes  = []string{"nosuchdistribution", "loadbalancernotfound", "targetgroupnotfound", "wafnonexistentitemexception", "dbclusternotfoundfault", "dbinstancenotfound", "dbinstancenotfoundfault"}
)

// isRefusal tells whether AWS objects to what is asked, as opposed to who asks, and how often.
func isRefusal(err error) bool { return slices.Contains(refusedCodes, awsconfig.Code(err)) }

// credentialsRefused tells whether newer credentials would help.
func credentialsRefused(err error) bool {
	return credentialsExpired(err) || slices.Contains(unknownCodes, awsconfig.Code(err)) && !skewed(err)
}

// credentialsExpired tells whether nothing but newer credentials will help, anywhere.
func credentialsExpired(err error) bool {
	return slices.Contains(expiredCodes, awsconfig.Code(err)) || awsconfig.NoCredentials(err)
}

// skewed tells whether the machine's clock is what AWS objects to.
func skewed(err error) bool {
	if slices.Contains(skewedCodes, awsconfig.Code(err)) {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "Signature expired") || strings.Contains(text, "Signature not yet current")
}

// explain sorts an error of the SDK by its remedy. It returns nil for nil, and an error explained before as
// it is.
func (s *session) explain(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{trouble: s.sort(err), err: err}
}

func (s *session) sort(err error) sources.Trouble {
	what, action := operation(err)
	trouble := func(kind sources.TroubleKind, format string, args ...any) sources.Trouble {
		return sources.Trouble{Kind: kind, Text: what + ": " + fmt.Sprintf(format, args...)}
	}
	var starved *starvedError
	var refused *RefusedError
	c := awsconfig.Code(err)
	switch {
	case errors.As(err, &refused):
		return sources.Trouble{Kind: sources.Forbidden, Text: refused.Error()}
	case errors.As(err, &starved):
		return trouble(sources.Throttled, "waited too long for the room's own request budget; raise its share of the quota or watch fewer resources")
	case awsconfig.NoCredentials(err):
		return s.sortCredentials(err)
	case slices.Contains(expiredCodes, c):
		return trouble(sources.Expired, "the credentials%s have expired; %s", s.ofProfile(), s.renewal())
	case skewed(err):
		return trouble(sources.Failed, "AWS rejects the time of the signature; set this machine's clock (NTP)")
	case slices.Contains(unknownCodes, c):
		return trouble(sources.Forbidden, "AWS does not accept the credentials%s here (%s); check the key, and that the region is enabled for the account; %s", s.ofProfile(), message(err), s.renewal())
	case slices.Contains(deniedCodes, c):
		return trouble(sources.Forbidden, "not allowed%s; allow %s (run `warroom iam-policy --read`)", s.asIdentity(), action)
	case awsconfig.Throttled(err):
		return trouble(sources.Throttled, "AWS asks us to slow down; asking less for half a minute")
	case slices.Contains(absentCodes, c):
		return trouble(sources.NotFound, "%s; check the id and the region in the config", message(err))
	case c != "":
		return trouble(sources.Failed, "%s", message(err))
	}
	return s.sortTransport(err, trouble)
}

// sortTransport sorts what is no answer of AWS: nothing came, or what came was not its protocol.
func (s *session) sortTransport(err error, trouble func(sources.TroubleKind, string, ...any) sources.Trouble) sources.Trouble {
	var status *smithyhttp.ResponseError
	var dns *net.DNSError
	var network *net.OpError
	var address *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return trouble(sources.TimedOut, "no answer in time; check the network between here and AWS")
	case errors.As(err, &dns):
		return trouble(sources.Failed, "no such host %s; check the region, the endpoint and the network", dns.Name)
	case errors.As(err, &status) && status.HTTPStatusCode() >= 300:
		return trouble(sources.Failed, "HTTP %d without an answer of AWS in it; a proxy or an endpoint that is not AWS may stand in between", status.HTTPStatusCode())
	case errors.As(err, &network):
		return trouble(sources.Failed, "no connection to %v (%v); check the endpoint and the network", network.Addr, network.Err)
	case errors.As(err, &address):
		return trouble(sources.Failed, "no connection to %s (%v); check the endpoint and the network", address.URL, address.Err)
	case errors.As(err, &status):
		return trouble(sources.Failed, "HTTP %d with an answer that makes no sense; a proxy or a wrong endpoint may stand in between: check the endpoint, HTTPS_PROXY and the network (%s)",
			status.HTTPStatusCode(), sources.CleanTo(awsconfig.Innermost(err).Error(), tailMost))
	}
	return trouble(sources.Failed, "%s", short(err.Error()))
}

// sortCredentials sorts the failures of the credential chain: there is nothing to sign with.
func (s *session) sortCredentials(err error) sources.Trouble {
	var sso *ssocreds.InvalidTokenError
	text := strings.ToLower(err.Error())
	switch {
	case errors.As(err, &sso) || strings.Contains(text, "expired"):
		return sources.Trouble{Kind: sources.Expired, Text: fmt.Sprintf("the credentials%s have expired; %s", s.ofProfile(), s.renewal())}
	case slices.Contains(deniedCodes, awsconfig.Code(err)):
		_, action := operation(err)
		return sources.Trouble{Kind: sources.Forbidden, Text: fmt.Sprintf("the credentials%s may not be had: %s (%s)", s.ofProfile(), message(err), action)}
	}
	return sources.Trouble{Kind: sources.Failed, Text: fmt.Sprintf("no credentials%s: set AWS_PROFILE or `aws.profile` in the config, or run `aws configure sso` (%s)", s.ofProfile(), short(awsconfig.Innermost(err).Error()))}
}

func (s *session) ofProfile() string {
	if p := s.profile(); p != "" {
		return fmt.Sprintf(" of profile %q", p)
	}
	return ""
}

func (s *session) asIdentity() string {
	if id := s.identity(); id != "" {
		return " as " + id
	}
	return ""
}

// operation is what was tried, for people, and the IAM action that it needs: of the innermost operation,
// which is the one that failed.
func operation(err error) (what, action string) {
	service, name := awsconfig.Operation(err)
	if service == "" {
		return "AWS", ""
	}
	return service + " " + name, cmp.Or(allowed[service+"."+name], strings.ToLower(service)+":"+name)
}

// message is what AWS said.
func message(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return short(err.Error())
	}
	if api.ErrorMessage() == "" {
		return api.ErrorCode()
	}
	return short(api.ErrorMessage())
}

// tailMost is how much is kept of what the SDK says where it helps nobody but a maintainer.
const tailMost = 80

// longest is how much of a foreign message is kept.
const longest = 300

func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return text[:longest] + "…"
}

// explainAll makes one explained error of those of several things, or nil when there is none.
func (s *session) explainAll(errs []error, things string) error {
	explained := make([]error, len(errs))
	for i, err := range errs {
		explained[i] = s.explain(err)
	}
	return several(explained, len(errs), things)
}

// several makes one error of those of several things, or nil when there is none: the first stands for all.
func several(errs []error, of int, things string) error {
	var first *Error
	failed := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		failed++
		if first == nil && !errors.As(err, &first) {
			return err
		}
	}
	if failed == 0 || of == 1 {
		if first == nil {
			return nil
		}
		return first
	}
	kind, text := first.trouble.Kind, first.trouble.Text
	if failed < of {
		kind, text = sources.Partial, first.trouble.String()
	}
	text = fmt.Sprintf("%s (%d of %d %s)", text, failed, of, things)
	return &Error{trouble: sources.Trouble{Kind: kind, Text: text}, err: errors.Join(errs...)}
}

// without says that an answer lacks what was asked for by name: AWS would have refused the name.
func without(service, thing, id string) error {
	return &Error{trouble: sources.Trouble{Kind: sources.Failed, Text: fmt.Sprintf("%s: the answer is without %s %q; an endpoint that is not AWS may stand in between", service, thing, id)}}
}

// absent says that a service does not know a resource.
func absent(service, thing, id, region string) error {
	return &Error{trouble: sources.Trouble{Kind: sources.NotFound, Text: fmt.Sprintf("%s: no %s %q in %s; check the id and the region in the config", service, thing, id, region)}}
}
