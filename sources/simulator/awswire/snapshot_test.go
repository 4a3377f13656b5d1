package awswire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

// snapshots are the SDK's own pictures of what goes over the wire, in its modules' sources.
func snapshots(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
	if dir := strings.TrimSpace(string(out)); err == nil && dir != "" {
		return dir
	}
	t.Fatalf("the sources of the SDK's module %s are not in the module cache (run go mod download): %v", module, err)
	return ""
}

// requestSnapshot reads a picture of a request: method and path, a line, headers, a line, the body.
func requestSnapshot(t *testing.T, path string) *request {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(bytes.NewReader(raw))
	line := func() string {
		text, err := r.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return strings.TrimSuffix(text, "\n")
	}
	method, target, _ := strings.Cut(line(), " ")
	line()
	req := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for text := line(); text != ""; text = line() {
		name, value, _ := strings.Cut(text, ": ")
		req.Header.Set(name, value)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return &request{Request: req, body: body}
}

var errDecoded = errors.New("decoded")

// TestRequestSnapshots decodes the SDK's picture of each operation's request. All members are filled in
// them, so a field of ours that stays empty is misspelt.
func TestRequestSnapshots(t *testing.T) {
	modules := map[string]string{
		"monitoring": "cloudwatch", "cloudfront": "cloudfront", "autoscaling": "autoscaling",
		"elasticloadbalancing": "elasticloadbalancingv2", "rds": "rds", "sts": "sts",
	}
	dirs := make(map[string]string)
	for service, module := range modules {
		dirs[service] = snapshots(t, module)
	}
	seen := 0
	for key, op := range operations() {
		dir, ok := dirs[key.service]
		if !ok {
			continue // wafv2 ships no pictures: its operations are tested by its client alone
		}
		seen++
		t.Run(key.service+"/"+key.name, func(t *testing.T) {
			q := requestSnapshot(t, filepath.Join(dir, "request_snapshot", key.name+".request.snap"))
			checkSnapshot(t, q, key, op)
		})
	}
	if seen < 25 {
		t.Errorf("only %d operations were held against pictures", seen)
	}
}

func checkSnapshot(t *testing.T, q *request, key operationKey, op operation) {
	q.protocol = (&Server{protocols: protocols()}).protocolOf(q.Request)
	if q.protocol == nil {
		t.Fatal("no protocol speaks this")
	}
	if err := q.protocol.read(q); err != nil {
		t.Fatal(err)
	}
	if got := (operationKey{q.service, q.operation}); got != key {
		t.Fatalf("taken for %v", got)
	}
	var input any
	_, err := op.invoke(nil, func(into any) error {
		input = into
		if err := decodeKnown(q, into); err != nil {
			return err
		}
		return errDecoded
	})
	if !errors.Is(err, errDecoded) {
		t.Fatal(err)
	}
	filled(t, key.name, reflect.ValueOf(input).Elem())
}

// decodeKnown leaves out those parameters of a form that the operation would refuse.
func decodeKnown(q *request, into any) error {
	if _, ok := q.protocol.(queryProtocol); !ok {
		return q.decode(into)
	}
	values, err := url.ParseQuery(string(q.body))
	if err != nil {
		return err
	}
	names := make(map[string]bool)
	for i := range reflect.TypeOf(into).Elem().NumField() {
		name, _ := fieldName(reflect.TypeOf(into).Elem().Field(i))
		names[name] = true
	}
	for key := range values {
		if name, _, _ := strings.Cut(key, "."); !names[name] {
			delete(values, key)
		}
	}
	return newForm(values).decode(into)
}

// filled fails for each field below v that is empty.
func filled(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	if v.Kind() == reflect.Struct && v.NumField() == 0 {
		return // the operation takes nothing
	}
	if v.IsZero() {
		t.Errorf("%s was not filled", path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		filled(t, path, v.Elem())
	case reflect.Slice:
		if v.Len() != 2 && v.Type() != reflect.TypeFor[[]node]() {
			t.Errorf("%s has %d members, want the picture's 2", path, v.Len())
		}
		for i := range v.Len() {
			filled(t, path+"["+strconv.Itoa(i)+"]", v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[node]() {
			return
		}
		for i := range v.NumField() {
			filled(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// responseSnapshot reads a picture of an answer: the status, headers, a line, the body.
func responseSnapshot(t *testing.T, path string) (status int, body []byte) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := bytes.Cut(raw, []byte("\n\n"))
	if !ok {
		t.Fatalf("%s is no picture of a response", path)
	}
	first, _, _ := strings.Cut(string(head), "\n")
	if status, err = strconv.Atoi(first); err != nil {
		t.Fatal(err)
	}
	return status, body
}

// TestResponseSnapshots decodes the SDK's picture of an answer into our shape, and writes it again:
// nothing may be lost but what the site never says.
func TestResponseSnapshots(t *testing.T) {
	dir := snapshots(t, "cloudwatch")
	p := newCBOR()
	for name, shape := range map[string]any{"GetMetricData": &getMetricDataOutput{}, "ListMetrics": &listMetricsOutput{}} {
		t.Run(name, func(t *testing.T) {
			_, picture := responseSnapshot(t, filepath.Join(dir, "response_snapshot", name+".response.snap"))
			if err := p.reader.Unmarshal(picture, shape); err != nil {
				t.Fatal(err)
			}
			res, err := p.write(nil, shape)
			if err != nil {
				t.Fatal(err)
			}
			want := anything(t, picture)
			delete(want, "OwningAccounts") // of linked accounts, which the site has none of
			if diff := cmp.Diff(want, anything(t, res.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func anything(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := mode.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestErrorSnapshots holds our errors against the SDK's pictures of them: the status, and the members.
func TestErrorSnapshots(t *testing.T) {
	dir := snapshots(t, "cloudwatch")
	for _, f := range []*fault{badToken(), missing("x"), invalid("x"), internalFailure()} {
		t.Run(f.Shape, func(t *testing.T) {
			status, picture := responseSnapshot(t, filepath.Join(dir, "response_snapshot", f.Shape+".error.snap"))
			q := &request{Request: &http.Request{Header: http.Header{"X-Amzn-Query-Mode": {"true"}}}}
			res := newCBOR().writeFault(q, f)
			if res.status != status {
				t.Errorf("status %d, the picture has %d", res.status, status)
			}
			got := anything(t, res.body)
			for member := range anything(t, picture) {
				if _, ok := got[strings.ToLower(member)]; !ok && got[member] == nil {
					t.Errorf("the member %s is missing: %v", member, got)
				}
			}
			if !strings.HasSuffix(got["__type"].(string), "#"+f.Shape) {
				t.Errorf("__type %v", got["__type"])
			}
			if h := res.header.Get("X-Amzn-Query-Error"); h != f.code()+";"+f.sender() {
				t.Errorf("X-Amzn-Query-Error: %q", h)
			}
		})
	}
}
