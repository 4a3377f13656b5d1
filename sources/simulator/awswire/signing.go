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

const algorithm = "AWS4-HMAC-SHA256"

// readScope takes the scope from the request's signature, and fails as AWS does if there is none.
func readScope(r *http.Request) (scope, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return scope{}, unsigned()
	}
	rest, ok := strings.CutPrefix(header, algorithm+" ")
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
	return parseCredential(fields["Credential"])
}

// parseCredential reads KEY/yyyymmdd/region/service/aws4_request. An access key may not hold a slash.
func parseCredential(credential string) (scope, error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || parts[0] == "" || parts[2] == "" || parts[3] == "" {
		return scope{}, incompleteSignature("a valid 'Credential' parameter")
	}
	return scope{accessKey: parts[0], region: parts[2], service: parts[3]}, nil
}
