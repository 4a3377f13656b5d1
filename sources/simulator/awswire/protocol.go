package awswire

import (
	"net/http"
	"strconv"
	"time"
)

// protocol is one of AWS' ways to put an operation on the wire. It knows nothing of what operations do.
type protocol interface {
	// speaks tells whether the request is in this protocol.
	speaks(r *http.Request) bool
	// read finds the service and the operation, and how to decode the input.
	read(q *request) error
	// write encodes what an operation returned.
	write(q *request, out any) (response, error)
	// writeFault encodes an error. It cannot fail.
	writeFault(q *request, f *fault) response
}

// request is an HTTP request on its way to an operation.
type request struct {
	*http.Request
	protocol  protocol
	body      []byte
	id        string
	now       time.Time
	service   string // signing name
	operation string
	decode    func(into any) error
}

// response is what goes back.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (r response) send(w http.ResponseWriter, id string) {
	header := w.Header()
	for name, values := range r.header {
		header[name] = values
	}
	header.Set("X-Amzn-Requestid", id)
	header.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	w.Write(r.body) //nolint:errcheck // a client that has gone away is no concern of the site's
}

// protocols lists them in the order in which they are recognised: the one that goes by a content type
// alone comes last.
func protocols() []protocol {
	return []protocol{newCBOR(), restProtocol{cloudFrontRoutes}, storeProtocol{storeRoutes}, jsonProtocol{}, queryProtocol{}}
}
