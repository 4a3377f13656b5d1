package awswire

import (
	"encoding/xml"
	"net/http"
	"reflect"
	"strings"
)

const (
	cloudFrontVersion   = "2020-05-31"
	cloudFrontNamespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
)

// restProtocol is restXml, as CloudFront speaks it: the operation is the method and the path.
type restProtocol struct{ routes []route }

// route finds an operation. A segment in braces matches anything and is handed to the input under its name.
type route struct {
	method    string
	path      string // below the version
	operation string
}

func (restProtocol) speaks(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/"+cloudFrontVersion+"/")
}

func (p restProtocol) read(q *request) error {
	path := strings.TrimPrefix(q.URL.Path, "/"+cloudFrontVersion+"/")
	q.service = "cloudfront"
	for _, r := range p.routes {
		values, ok := matchPath(r.path, path)
		if !ok || r.method != q.Method {
			continue
		}
		q.operation = r.operation
		q.decode = func(into any) error { return decodeREST(q, values, into) }
		return nil
	}
	q.operation = q.Method + " " + path
	return unknownOperation(q.operation)
}

// matchPath compares segment by segment and collects what the braces stand for.
func matchPath(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(want) != len(have) {
		return nil, false
	}
	values := make(map[string]string)
	for i, segment := range want {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			values[strings.TrimSuffix(name, "}")] = have[i]
		} else if segment != have[i] {
			return nil, false
		}
	}
	return values, true
}

// decodeREST fills the fields of a struct from where their tags say: `path`, `query`, `header`, or `body`
// for the whole document.
func decodeREST(q *request, path map[string]string, into any) error {
	v := reflect.ValueOf(into).Elem()
	params := q.URL.Query()
	for i := range v.NumField() {
		tag, field := v.Type().Field(i).Tag, v.Field(i)
		var text string
		if name, ok := tag.Lookup("path"); ok {
			text = path[name]
		} else if name, ok := tag.Lookup("query"); ok {
			text = params.Get(name)
		} else if name, ok := tag.Lookup("header"); ok {
			text = q.Header.Get(name)
		} else if err := decodeXML(q.body, field.Addr().Interface()); err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if err := decodeScalar(text, field); err != nil {
			return malformed(err)
		}
	}
	return nil
}

func decodeXML(body []byte, into any) error {
	if err := xml.Unmarshal(body, into); err != nil {
		return &fault{Shape: "MalformedXML", Status: http.StatusBadRequest, Message: "The XML document is malformed: " + err.Error()}
	}
	return nil
}

// document is what an operation of restXml returns: one XML document and what stands in the headers.
type document struct {
	Root     string
	Body     any
	Status   int // 0 means 200
	ETag     string
	Location string

	Plain []byte // instead of the XML: what stands for itself
	Type  string // of it
}

func (restProtocol) write(q *request, out any) (response, error) {
	d, ok := out.(*document)
	if !ok {
		return response{}, internalFailure()
	}
	status := d.Status
	if status == 0 {
		status = http.StatusOK
	}
	body, err := d.Plain, error(nil)
	if body == nil {
		body, err = encodeXML(d.Root, cloudFrontNamespace, d.Body)
	}
	res := xmlResponse(status, body)
	if d.Type != "" {
		res.header.Set("Content-Type", d.Type)
	}
	if d.ETag != "" {
		res.header.Set("ETag", d.ETag)
	}
	if d.Location != "" {
		res.header.Set("Location", d.Location)
	}
	return res, err
}

func (restProtocol) writeFault(q *request, f *fault) response {
	return xmlFault(q, f, cloudFrontNamespace)
}
