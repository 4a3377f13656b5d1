package awswire

import (
	"bytes"
	"encoding/xml"
	"net/http"
)

// encodeXML writes a document whose root has the given name and namespace.
func encodeXML(root, namespace string, v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	start := xml.StartElement{Name: xml.Name{Local: root}}
	if namespace != "" {
		start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	}
	if err := xml.NewEncoder(&b).EncodeElement(v, start); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// errorResponse is how both XML protocols spell a fault.
type errorResponse struct {
	Type      string `xml:"Error>Type"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	RequestID string `xml:"RequestId"`
}

func xmlFault(q *request, f *fault, namespace string) response {
	body, err := encodeXML("ErrorResponse", namespace, errorResponse{f.sender(), f.code(), f.Message, q.id})
	if err != nil {
		body = nil
	}
	return xmlResponse(f.Status, body)
}

func xmlResponse(status int, body []byte) response {
	header := make(http.Header)
	header.Set("Content-Type", "text/xml")
	return response{status: status, header: header, body: body}
}
