package awswire

import (
	"encoding/json"
	"net/http"
	"strings"
)

// jsonProtocol is awsJson 1.1, as WAF speaks it: the operation in a header, JSON both ways.
type jsonProtocol struct{}

// wafTarget is the prefix of X-Amz-Target.
const wafTarget = "AWSWAF_20190729."

func (jsonProtocol) speaks(r *http.Request) bool { return r.Header.Get("X-Amz-Target") != "" }

func (jsonProtocol) read(q *request) error {
	name, ok := strings.CutPrefix(q.Header.Get("X-Amz-Target"), wafTarget)
	if !ok || q.Method != http.MethodPost {
		return unknownOperation(q.Header.Get("X-Amz-Target"))
	}
	q.service, q.operation = "wafv2", name
	q.decode = func(into any) error {
		if err := json.Unmarshal(q.body, into); err != nil {
			return malformed(err)
		}
		return nil
	}
	return nil
}

func (p jsonProtocol) write(q *request, out any) (response, error) {
	body, err := json.Marshal(out)
	return p.respond(http.StatusOK, body), err
}

func (p jsonProtocol) writeFault(q *request, f *fault) response {
	body, err := json.Marshal(map[string]string{"__type": f.Shape, "message": f.Message, "Message": f.Message})
	if err != nil {
		body = nil
	}
	status := f.Status
	if !f.Receiver {
		status = http.StatusBadRequest
	}
	return p.respond(status, body)
}

func (jsonProtocol) respond(status int, body []byte) response {
	header := make(http.Header)
	header.Set("Content-Type", "application/x-amz-json-1.1")
	return response{status: status, header: header, body: body}
}
