package awswire

import (
	"encoding/json"
	"net/http"
	"strings"
)

// jsonProtocol is awsJson 1.1, as WAF and CodeDeploy speak it: the operation in a header, JSON both ways.
type jsonProtocol struct{}

// The prefixes of X-Amz-Target.
const (
	wafTarget        = "AWSWAF_20190729."
	deploymentTarget = "CodeDeploy_20141006."
)

// targets are the services by the prefixes.
var targets = map[string]string{wafTarget: "wafv2", deploymentTarget: deploymentService}

func (jsonProtocol) speaks(r *http.Request) bool { return r.Header.Get("X-Amz-Target") != "" }

func (jsonProtocol) read(q *request) error {
	target := q.Header.Get("X-Amz-Target")
	service, name := targets[target[:strings.IndexByte(target, '.')+1]], target[strings.IndexByte(target, '.')+1:]
	if service == "" || q.Method != http.MethodPost {
		return unknownOperation(target)
	}
	q.service, q.operation = service, name
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
