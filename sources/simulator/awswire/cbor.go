package awswire

import (
	"net/http"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// rpcPrefix is where rpc-v2-cbor finds CloudWatch: the service's shape name, then the operation's.
const rpcPrefix = "/service/GraniteServiceVersion20100801/operation/"

// cborProtocol is Smithy's rpc-v2-cbor, as CloudWatch speaks it: timestamps are tag 1 with a float, and
// errors carry their query-era code in a header.
type cborProtocol struct {
	reader cbor.DecMode
	writer cbor.EncMode
}

// newCBOR panics if the options below contradict each other, which the first test sees.
func newCBOR() cborProtocol {
	reader, err := cbor.DecOptions{
		MaxNestedLevels:   16,
		MaxArrayElements:  131072,
		MaxMapPairs:       1024,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	writer, err := cbor.EncOptions{Time: cbor.TimeUnixMicro, TimeTag: cbor.EncTagRequired}.EncMode()
	if err != nil {
		panic(err)
	}
	return cborProtocol{reader, writer}
}

func (cborProtocol) speaks(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, rpcPrefix) || r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor"
}

func (p cborProtocol) read(q *request) error {
	name, ok := strings.CutPrefix(q.URL.Path, rpcPrefix)
	if !ok || q.Method != http.MethodPost {
		return unknownOperation(q.URL.Path)
	}
	q.service, q.operation = "monitoring", name
	q.decode = func(into any) error {
		if len(q.body) == 0 {
			return nil // an operation without members sends none
		}
		if err := p.reader.Unmarshal(q.body, into); err != nil {
			return malformed(err)
		}
		return nil
	}
	return nil
}

func (p cborProtocol) write(q *request, out any) (response, error) {
	body, err := p.writer.Marshal(out)
	return p.respond(http.StatusOK, body), err
}

func (p cborProtocol) writeFault(q *request, f *fault) response {
	body, err := p.writer.Marshal(struct {
		Type    string `cbor:"__type"`
		Message string `cbor:"message"`
	}{"com.amazonaws.cloudwatch.v2010_08_01#" + f.Shape, f.Message})
	if err != nil {
		body = nil
	}
	res := p.respond(f.Status, body)
	if q.Header.Get("X-Amzn-Query-Mode") == "true" {
		res.header.Set("X-Amzn-Query-Error", f.code()+";"+f.sender())
	}
	return res
}

func (cborProtocol) respond(status int, body []byte) response {
	header := make(http.Header)
	header.Set("Smithy-Protocol", "rpc-v2-cbor")
	header.Set("Content-Type", "application/cbor")
	return response{status: status, header: header, body: body}
}
