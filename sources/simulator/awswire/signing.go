package awswire

import (
	"net/http"
	"strings"
)

// scope is what an Authorization header of SigV4 says about the caller. The signature itself is not
// verified: nobody here knows the secret.
type scope struct {
	accessKey string
	region    string
	service   string
}

// The algorithms of SigV4, and of SigV4A, whose signatures hold in all regions.
const (
	algorithm         = "AWS4-HMAC-SHA256"
	algorithmAnywhere = "AWS4-ECDSA-P256-SHA256"
)

// readScope takes the scope from the request's signature, and fails as AWS does if there is none.
func readScope(r *http.Request) (scope, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return scope{}, unsigned()
	}
	rest, anywhere := strings.CutPrefix(header, algorithmAnywhere+" ")
	rest, ok := strings.CutPrefix(rest, algorithm+" ")
	ok = ok || anywhere
	if !ok {
		return scope{}, incompleteSignature("'" + algorithm + "'")
	}
	fields := make(map[string]string)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	for _, want := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[want] == "" {
			return scope{}, incompleteSignature("'" + want + "' parameter")
		}
	}
	if anywhere {
		return parseAnywhere(fields["Credential"], r.Header.Get("X-Amz-Region-Set"))
	}
	return parseCredential(fields["Credential"])
}

// parseAnywhere reads KEY/yyyymmdd/service/aws4_request, beside the regions that it holds in.
func parseAnywhere(credential, regions string) (scope, error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 4 || parts[3] != "aws4_request" || parts[0] == "" || parts[2] == "" || regions == "" {
		return scope{}, incompleteSignature("a valid 'Credential' parameter")
	}
	return scope{accessKey: parts[0], region: regions, service: parts[2]}, nil
}

// parseCredential reads KEY/yyyymmdd/region/service/aws4_request. An access key may not hold a slash.
func parseCredential(credential string) (scope, error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || parts[0] == "" || parts[2] == "" || parts[3] == "" {
		return scope{}, incompleteSignature("a valid 'Credential' parameter")
	}
	return scope{accessKey: parts[0], region: parts[2], service: parts[3]}, nil
}
