package awswrite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// told are the members of a web ACL that AWS tells and does not take.
var told = []string{"ARN", "Capacity", "LabelNamespace", "ManagedByFirewallManager", "PreProcessFirewallManagerRuleGroups",
	"PostProcessFirewallManagerRuleGroups", "RetrofittedByFirewallManager"}

// faithful tells why an update would lose something of the web ACL as it was read, nil if it would not. The SDK forgets
// what is newer than it is, and AWS resets what is not said. Only the mode and the limit of the rule may differ.
func faithful(read, written []byte, rule string) error {
	var was struct{ WebACL map[string]any }
	var next map[string]any
	if err := errors.Join(decode(read, &was), decode(written, &next)); err != nil {
		return fmt.Errorf("nothing was called: the web ACL cannot be held against what would be written: %w", err)
	}
	for _, acl := range []map[string]any{was.WebACL, next} {
		leaveOut(acl, rule)
	}
	for _, name := range slices.Sorted(maps.Keys(was.WebACL)) {
		if !slices.Contains(told, name) && !reflect.DeepEqual(trimmed(was.WebACL[name]), trimmed(next[name])) {
			return fmt.Errorf("nothing was called: %s of the web ACL has something in it that this program does not know and would lose; change it in the AWS console", name)
		}
	}
	return nil
}

func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // a number is compared as it is written
	return d.Decode(into)
}

// leaveOut takes out of a web ACL what may differ: the mode and the limit of one rule.
func leaveOut(acl map[string]any, name string) {
	rules, _ := acl["Rules"].([]any)
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		if rule["Name"] != name {
			continue
		}
		delete(rule, "Action")
		delete(rule, "OverrideAction")
		statement, _ := rule["Statement"].(map[string]any)
		if rate, ok := statement["RateBasedStatement"].(map[string]any); ok {
			delete(rate, "Limit")
		}
	}
}

// trimmed is a value without what says nothing: members that are null, or empty lists.
func trimmed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if inner = trimmed(inner); inner != nil {
				out[name] = inner
			}
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = trimmed(v[i])
		}
		return out
	}
	return v
}
