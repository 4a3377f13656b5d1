package main

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"warroom/sources"
	"warroom/sources/awsread"
	"warroom/sources/document"
)

// readResource reads "name: id" or "name: {id: …, region: …, …}". An audience is several resources of one
// name, a custom metric each.
func readResource(d *document.Document, service string, m document.Entry) ([]sources.Resource, error) {
	where := "resources." + service + "." + m.Word
	if m.Word == "" || strings.ContainsAny(m.Word, "/ \t\"'{}") || sources.Clean(m.Word) != m.Word {
		return nil, d.At(m.Key, "%s: a short name is one word without /, quotes or braces", where)
	}
	if service == "audience" {
		return readAudience(d, m, where)
	}
	r := sources.Resource{Ref: sources.Ref{Service: service, Name: m.Word}}
	long, err := readForm(d, &r.ID, m.Value, where, append([]string{"id", "region"}, words[service]...))
	if err != nil {
		return nil, err
	}
	for word, value := range long {
		switch word {
		case "id":
			r.ID = value
		case "region":
			if !regions.MatchString(value) {
				return nil, d.At(document.Child(m.Value, word), "%s.region: %s", where, wantRegion)
			}
			r.Region = value
		case "scope":
			if value = strings.ToUpper(value); !slices.Contains(scopes, value) {
				return nil, d.Unknown(document.Child(m.Value, "scope"), "scope", value, where, scopes)
			}
			r.Attrs = map[string]string{"scope": value}
		case "connections_max":
			if n, err := strconv.Atoi(value); err != nil || n <= 0 {
				return nil, d.At(document.Child(m.Value, word), "%s.connections_max: %q is not a number of connections", where, value)
			}
			r.Attrs = map[string]string{word: value}
		case "kvs":
			if !strings.HasPrefix(value, "arn:") || !strings.Contains(value, ":key-value-store/") {
				return nil, d.At(document.Child(m.Value, word), "%s.kvs: want the ARN of a key value store, arn:aws:cloudfront::123456789012:key-value-store/…", where)
			}
			r.Attrs = with(r.Attrs, word, value)
		case "codedeploy":
			if !deploymentGroups.MatchString(value) {
				return nil, d.At(document.Child(m.Value, word), "%s.codedeploy: want application/deployment group of CodeDeploy, such as shop/web, not %q", where, value)
			}
			r.Attrs = with(r.Attrs, word, value)
		case "live_origin", "maintenance_origin", "kvs_key", "live_group", "maintenance_group":
			r.Attrs = with(r.Attrs, word, value)
		}
	}
	if r.ID == "" {
		return nil, d.At(m.Key, "%s: the id is missing; want %s", where, idLooks[service])
	}
	return []sources.Resource{r}, nil
}

// deploymentGroups are what CodeDeploy lets people call an application and a deployment group of it.
var deploymentGroups = regexp.MustCompile(`^[A-Za-z0-9._+=,@-]+/[A-Za-z0-9._+=,@-]+$`)

// with is the attributes with one more.
func with(attrs map[string]string, name, value string) map[string]string {
	if attrs == nil {
		attrs = map[string]string{}
	}
	attrs[name] = value
	return attrs
}

// scopes are those of a web ACL.
var scopes = []string{"CLOUDFRONT", "REGIONAL"}

// idLooks says what the provider calls a resource of the service.
var idLooks = map[string]string{
	"cloudfront": "a distribution id, such as E1ABCDEFGHIJKL",
	"waf":        "the name of a web ACL",
	"alb":        "the load balancer's name, or the tail of its ARN (app/name/0123456789abcdef)",
	"asg":        "the name of an Auto Scaling group",
	"aurora":     "a cluster identifier",
}

// readForm reads a single text into short, or returns the words of a mapping, each of which must be known.
func readForm(d *document.Document, short *string, n ast.Node, where string, known []string) (map[string]string, error) {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		*short = n.GetToken().Value
		return nil, nil
	case *ast.AnchorNode, *ast.AliasNode:
		return nil, d.At(n, "%s: write it out; anchors and aliases are not read here", where)
	}
	entries, err := d.Entries(n, where)
	if err != nil {
		return nil, err
	}
	long := map[string]string{}
	for _, e := range entries {
		if !slices.Contains(known, e.Word) {
			return nil, d.Unknown(e.Key, "word", e.Word, where, known)
		}
		if long[e.Word], err = longValue(d, e, where); err != nil {
			return nil, err
		}
	}
	return long, nil
}

// longValue is the text of one word of the long form; dimensions are a mapping, turned into "K=V,K=V".
func longValue(d *document.Document, e document.Entry, where string) (string, error) {
	switch e.Value.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return e.Value.GetToken().Value, nil
	}
	if e.Word != "dimensions" {
		return "", d.At(e.Value, "%s.%s: want a text", where, e.Word)
	}
	pairs, err := d.Entries(e.Value, where+".dimensions")
	if err != nil {
		return "", err
	}
	var out []string
	for _, p := range pairs {
		value := p.Value.GetToken().Value
		if strings.ContainsAny(p.Word+value, ",=") {
			return "", d.At(p.Value, "%s.dimensions: neither name nor value may hold a comma or an equals sign", where)
		}
		out = append(out, p.Word+"="+value)
	}
	return strings.Join(out, ","), nil
}

// audiences are what a custom metric may count.
var audiences = []string{"registrations", "visitors", "orders", "attempts", "successes"}

// readAudience reads "registrations: Namespace/Metric", or a name with several metrics in it, each of which
// counts what its word says.
func readAudience(d *document.Document, m document.Entry, where string) ([]sources.Resource, error) {
	metrics := []document.Entry{m}
	switch m.Value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		var err error
		if metrics, err = d.Entries(m.Value, where); err != nil {
			return nil, err
		}
	}
	var out []sources.Resource
	for _, e := range metrics {
		if !slices.Contains(audiences, e.Word) {
			return nil, d.Unknown(e.Key, "audience", e.Word, where, audiences)
		}
		r, err := readCounter(d, m.Word, e, where)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// readCounter reads one custom metric: "Namespace/Metric", or its words.
func readCounter(d *document.Document, name string, e document.Entry, where string) (sources.Resource, error) {
	var short string
	long, err := readForm(d, &short, e.Value, where+"."+e.Word, words["audience"])
	if err != nil {
		return sources.Resource{}, err
	}
	if stat, given := long["stat"]; given && !awsread.IsStatistic(stat) {
		return sources.Resource{}, d.Unknown(document.Child(e.Value, "stat"), "statistic", stat, where+"."+e.Word, awsread.Statistics())
	}
	attrs := map[string]string{}
	maps.Copy(attrs, long)
	if i := strings.LastIndex(short, "/"); i > 0 {
		attrs["namespace"], attrs["metric"] = short[:i], short[i+1:]
	}
	if attrs["namespace"] == "" || attrs["metric"] == "" {
		return sources.Resource{}, d.At(e.Key, "%s: want Namespace/Metric of a custom CloudWatch metric, or namespace: and metric:", where)
	}
	attrs["as"] = e.Word
	return sources.Resource{
		Ref: sources.Ref{Service: "audience", Name: name}, ID: attrs["namespace"] + "/" + attrs["metric"], Attrs: attrs,
	}, nil
}

// checkAudience asks whose successes they are where there are several attempts: a share of unnamed attempts has no
// value, and nobody would know why.
func (c *config) checkAudience(d *document.Document) error {
	named := map[string]map[string]bool{"attempts": {}, "successes": {}}
	for _, r := range c.watch {
		if names := named[r.Attrs["as"]]; r.Service == "audience" && names != nil {
			names[r.Name] = true
		}
	}
	attempts := named["attempts"]
	for _, name := range slices.Sorted(maps.Keys(named["successes"])) {
		if len(attempts) > 1 && !attempts[name] {
			return d.At(d.Find("resources", "audience", name), "resources.audience.%s: successes of which attempts? There are %d; "+
				"put both under one name, as in %s: {attempts: Shop/Tries, successes: Shop/Wins}", name, len(attempts), name)
		}
	}
	return nil
}
