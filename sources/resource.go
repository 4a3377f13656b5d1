package sources

import "strings"

// Ref names a resource within a launch: its service and the short name from the config. Short names
// are unique within one service only.
type Ref struct {
	Service string `json:"service"`
	Name    string `json:"name"`
}

// String is "service/name", or the service alone where there is no name.
func (r Ref) String() string {
	if r.Name == "" {
		return r.Service
	}
	return r.Service + "/" + r.Name
}

// Resource is one thing being watched.
type Resource struct {
	Ref
	ID     string            `json:"id"`               // what the provider calls it: distribution id, ARN, group name
	Region string            `json:"region,omitempty"` // where its API answers; "" = the launch's own region
	Attrs  map[string]string `json:"attrs,omitempty"`  // what only its source understands, e.g. the scope of a web ACL
}

// Series is one metric of one resource. Label is the value of the metric's one further label
// ([Metric.Label]), or "". It is comparable and makes a map key.
type Series struct {
	Metric   string
	Resource string
	Label    string
}

// String is the series in PromQL's spelling, e.g. waf_rule_blocked{resource="edge",rule="rate"}.
func (s Series) String() string {
	var b strings.Builder
	b.WriteString(s.Metric)
	b.WriteString(`{resource="`)
	b.WriteString(s.Resource)
	if s.Label != "" {
		name := "label"
		if m, ok := Lookup(s.Metric); ok && m.Label != "" {
			name = m.Label
		}
		b.WriteString(`",`)
		b.WriteString(name)
		b.WriteString(`="`)
		b.WriteString(s.Label)
	}
	b.WriteString(`"}`)
	return b.String()
}

// Ref is the resource that the series belongs to.
func (s Series) Ref() Ref {
	if m, ok := Lookup(s.Metric); ok {
		return Ref{Service: m.Service, Name: s.Resource}
	}
	service, _, _ := strings.Cut(s.Metric, "_")
	return Ref{Service: service, Name: s.Resource}
}
