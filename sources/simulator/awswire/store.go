package awswire

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"warroom/sources/simulator"
)

// storeProtocol is restJson1, as CloudFront's KeyValueStore speaks it: the operation is the method and the path, of which one
// segment is an ARN. Its requests are signed for all regions at once.
type storeProtocol struct{ routes []route }

const (
	storeService = "cloudfront-keyvaluestore"
	storePath    = "/key-value-stores/"
)

var storeRoutes = []route{
	{http.MethodGet, "{KvsARN}", "DescribeKeyValueStore"},
	{http.MethodGet, "{KvsARN}/keys/{Key}", "GetKey"},
	{http.MethodPut, "{KvsARN}/keys/{Key}", "PutKey"},
}

func (storeProtocol) speaks(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, storePath) }

func (p storeProtocol) read(q *request) error {
	path := strings.TrimPrefix(q.URL.EscapedPath(), storePath)
	q.service = storeService
	for _, r := range p.routes {
		values, ok := matchPath(r.path, path)
		if !ok || r.method != q.Method {
			continue
		}
		for name, value := range values {
			plain, err := url.PathUnescape(value)
			if err != nil {
				return malformed(err)
			}
			values[name] = plain
		}
		q.operation = r.operation
		q.decode = func(into any) error { return decodeStore(q, values, into) }
		return nil
	}
	q.operation = q.Method + " " + path
	return unknownOperation(q.operation)
}

// storeInput is the input of every operation of a store.
type storeInput struct{ ARN, Key, IfMatch, Value string }

func decodeStore(q *request, path map[string]string, into any) error {
	in, ok := into.(*storeInput)
	if !ok {
		return internalFailure()
	}
	in.ARN, in.Key, in.IfMatch = path["KvsARN"], path["Key"], q.Header.Get("If-Match")
	if len(q.body) == 0 {
		return nil
	}
	var body struct{ Value string }
	if err := json.Unmarshal(q.body, &body); err != nil {
		return malformed(err)
	}
	in.Value = body.Value
	return nil
}

// storeOutput is what the operations of a store return; each fills what it has.
type storeOutput struct {
	KvsARN           string  `json:",omitempty"`
	Key              string  `json:",omitempty"`
	Value            string  `json:",omitempty"`
	Status           string  `json:",omitempty"`
	Created          float64 `json:",omitempty"`
	LastModified     float64 `json:",omitempty"`
	ItemCount        int
	TotalSizeInBytes int

	etag string
}

func (p storeProtocol) write(_ *request, out any) (response, error) {
	body, err := json.Marshal(out)
	res := p.respond(http.StatusOK, body)
	if o, ok := out.(*storeOutput); ok && o.etag != "" {
		res.header.Set("ETag", o.etag)
	}
	return res, err
}

func (p storeProtocol) writeFault(_ *request, f *fault) response {
	body, err := json.Marshal(map[string]string{"Message": f.Message})
	if err != nil {
		body = nil
	}
	res := p.respond(f.Status, body)
	res.header.Set("X-Amzn-Errortype", f.Shape)
	return res
}

func (storeProtocol) respond(status int, body []byte) response {
	header := make(http.Header)
	header.Set("Content-Type", "application/json")
	return response{status: status, header: header, body: body}
}

func storeOperations() []operation {
	return []operation{
		read(storeService, "DescribeKeyValueStore", describeStore),
		read(storeService, "GetKey", getKey),
		write(storeService, "PutKey", putKey),
	}
}

// store finds a key value store by its ARN.
func (c *call) store(arn string) (simulator.KeyValueStore, error) {
	for _, d := range c.launch.State().Distributions {
		if arn != "" && d.Store.ARN == arn {
			return d.Store, nil
		}
	}
	return simulator.KeyValueStore{}, &fault{Shape: "ResourceNotFoundException", Status: http.StatusNotFound, Message: "The key value store does not exist."}
}

// of is what the answers of a store have in common.
func of(s simulator.KeyValueStore) *storeOutput {
	out := &storeOutput{ItemCount: len(s.Keys), etag: s.ETag}
	for key, value := range s.Keys {
		out.TotalSizeInBytes += len(key) + len(value)
	}
	return out
}

func describeStore(c *call, in *storeInput) (*storeOutput, error) {
	s, err := c.store(in.ARN)
	if err != nil {
		return nil, err
	}
	out := of(s)
	out.KvsARN, out.Status, out.Created = s.ARN, "READY", float64(c.now.AddDate(0, -1, 0).Unix())
	return out, nil
}

func getKey(c *call, in *storeInput) (*storeOutput, error) {
	s, err := c.store(in.ARN)
	if err != nil {
		return nil, err
	}
	value, ok := s.Keys[in.Key]
	if !ok {
		return nil, &fault{Shape: "ResourceNotFoundException", Status: http.StatusNotFound, Message: "The key does not exist."}
	}
	out := of(s)
	out.Key, out.Value, out.etag = in.Key, value, ""
	return out, nil
}

// putKey writes a key. The function at the edge reads it within seconds.
func putKey(c *call, in *storeInput) (*storeOutput, error) {
	if _, err := c.store(in.ARN); err != nil {
		return nil, err
	}
	if _, err := c.launch.SetKey(in.ARN, in.Key, in.Value, in.IfMatch); err != nil {
		return nil, storeFault(err)
	}
	s, err := c.store(in.ARN)
	if err != nil {
		return nil, err
	}
	return of(s), nil
}

// storeFault spells the site's refusals.
func storeFault(err error) error {
	if errors.Is(err, simulator.ErrPrecondition) {
		return &fault{Shape: "ConflictException", Status: http.StatusConflict, Message: err.Error()}
	}
	return &fault{Shape: "ValidationException", Status: http.StatusBadRequest, Message: err.Error()}
}
