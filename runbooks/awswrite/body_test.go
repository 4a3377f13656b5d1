package awswrite

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"warroom/runbooks"
)

// hasty is an HTTP client whose answer begins before the end of the body has been looked at.
type hasty struct{ site *site }

func (c hasty) Do(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return http.DefaultClient.Do(r)
	}
	if _, err := io.CopyN(io.Discard, r.Body, r.ContentLength); err != nil {
		c.site.t.Errorf("read the request: %v", err)
	}
	if err := r.Body.Close(); err != nil {
		c.site.t.Errorf("close the request: %v", err)
	}
	if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil {
		c.site.t.Errorf("behind the end of a closed body there are %d bytes and error %v; net/http closes the connection on one", n, err)
	}
	return nil, io.ErrUnexpectedEOF
}

// TestEndOfBodyIsNoError proves that no write comes into doubt by how its own body ends, of the SDK's making or of ours.
func TestEndOfBodyIsNoError(t *testing.T) {
	s := newSite(t, nil)
	var many []string
	for i := range pathsMost {
		many = append(many, fmt.Sprintf("/a/rather/long/path/to/a/page/of/which/there/are/many/%d", i))
	}
	for _, a := range []runbooks.Action{
		s.want(runbooks.Invalidate, "cloudfront", "paths", strings.Join(many, " ")),
		s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"),
	} {
		p := s.mustPlan(a)
		s.writer.session.config.HTTPClient = hasty{s}
		s.writer.session.clients = map[clientKey]any{}
		if _, err := s.apply(p); err == nil {
			t.Error("no answer, and no error")
		}
	}
}
