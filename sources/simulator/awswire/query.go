package awswire

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// queryProtocol is awsQuery: a form in, XML out. Several services share one address; the signature's
// scope says which is meant, and the form's Version must be the one that service has.
type queryProtocol struct{}

// queryServices knows each service of the query protocol by its signing name.
var queryServices = map[string]struct{ version, namespace string }{
	"autoscaling":          {"2011-01-01", "http://autoscaling.amazonaws.com/doc/2011-01-01/"},
	"iam":                  {"2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"},
	"elasticloadbalancing": {"2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"},
	"rds":                  {"2014-10-31", "http://rds.amazonaws.com/doc/2014-10-31/"},
	"sts":                  {"2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"},
}

func (queryProtocol) speaks(r *http.Request) bool {
	return r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func (queryProtocol) read(q *request) error {
	form, err := url.ParseQuery(string(q.body))
	if err != nil {
		return malformed(err)
	}
	q.operation = form.Get("Action")
	if q.operation == "" {
		return &fault{Shape: "MissingAction", Status: http.StatusBadRequest, Message: "The request must contain the parameter Action"}
	}
	for service, s := range queryServices {
		if s.version == form.Get("Version") {
			q.service = service
		}
	}
	if q.service == "" {
		return unknownOperation(q.operation)
	}
	q.decode = func(into any) error { return newForm(form).decode(into) }
	return nil
}

// envelope is what the query protocol wraps around a result.
type envelope struct {
	result    any
	name      string
	requestID string
}

// MarshalXML writes the result under its name, and the request's id beside it.
func (e envelope) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	if err := enc.EncodeElement(e.result, xml.StartElement{Name: xml.Name{Local: e.name}}); err != nil {
		return err
	}
	metadata := struct {
		RequestID string `xml:"RequestId"`
	}{e.requestID}
	if err := enc.EncodeElement(metadata, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return enc.EncodeToken(start.End())
}

func (queryProtocol) write(q *request, out any) (response, error) {
	body, err := encodeXML(q.operation+"Response", queryServices[q.service].namespace,
		envelope{result: out, name: q.operation + "Result", requestID: q.id})
	return xmlResponse(http.StatusOK, body), err
}

func (queryProtocol) writeFault(q *request, f *fault) response {
	return xmlFault(q, f, queryServices[q.service].namespace)
}

// form is the parameters of a query request, with every level of their dotted names.
type form struct {
	url.Values
	levels map[string]bool
}

// maxDepth is how many dots a parameter's name may hold: no input here is nested deeper.
const maxDepth = 12

func newForm(values url.Values) form {
	f := form{values, make(map[string]bool)}
	for key := range values {
		f.levels[key] = true
		if strings.Count(key, ".") > maxDepth {
			continue
		}
		for i, r := range key {
			if r == '.' {
				f.levels[key[:i]] = true
			}
		}
	}
	return f
}

// decode fills a struct. A field is found under its `form` tag, else under its own name; members of a
// list are numbered from 1 under "member", or under the word after the tag's comma.
func (f form) decode(into any) error {
	v := reflect.ValueOf(into).Elem()
	if err := f.known(v.Type()); err != nil {
		return err
	}
	if err := f.fields("", v); err != nil {
		return malformed(err)
	}
	return nil
}

// known refuses a parameter that the operation has no field for: it is better to say so than to do
// something else than was asked.
func (f form) known(t reflect.Type) error {
	names := map[string]bool{"Action": true, "Version": true}
	for i := range t.NumField() {
		name, _ := fieldName(t.Field(i))
		names[name] = true
	}
	for key := range f.Values {
		if name, _, _ := strings.Cut(key, "."); !names[name] {
			return invalid("The parameter %s is not known to this endpoint.", name)
		}
	}
	return nil
}

// fieldName is the name under which a field stands in a form, and that of its members if it is a list.
func fieldName(field reflect.StructField) (name, member string) {
	name, member, _ = strings.Cut(field.Tag.Get("form"), ",")
	if name == "" {
		name = field.Name
	}
	if member == "" {
		member = "member"
	}
	return name, member
}

func (f form) fields(prefix string, v reflect.Value) error {
	for i := range v.NumField() {
		name, member := fieldName(v.Type().Field(i))
		if err := f.value(prefix+name, member, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (f form) value(key, member string, v reflect.Value) error {
	if !f.levels[key] {
		return nil
	}
	switch {
	case v.Kind() == reflect.Slice:
		return f.list(key+"."+member+".", v)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		return f.fields(key+".", v)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return f.value(key, member, v.Elem())
	}
	if text := f.Get(key); text != "" {
		if err := decodeScalar(text, v); err != nil {
			return fmt.Errorf("parameter %s: %w", key, err)
		}
	}
	return nil
}

// list reads members until one is missing: their numbers have no gaps.
func (f form) list(prefix string, v reflect.Value) error {
	for n := 1; f.levels[prefix+strconv.Itoa(n)]; n++ {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := f.value(prefix+strconv.Itoa(n), "member", item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func decodeScalar(text string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return errors.New("not a number")
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("not a number")
		}
		v.SetFloat(f)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("neither true nor false")
		}
		v.SetBool(b)
	case reflect.Struct:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return errors.New("not a time")
		}
		v.Set(reflect.ValueOf(t))
	default:
		return fmt.Errorf("cannot hold %s", v.Type())
	}
	return nil
}
