package runbooks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
)

// ChangeRule is the kind of the changes that tell for what the house wants two people.
const ChangeRule = "rule"

// Rule is what two people are wanted for: a kind of action, all of them or those that Of names.
//
//	capacity            every change of capacity
//	capacity lower      one that lowers a number
//	maintenance         the switch, in either direction
//	maintenance on      to the maintenance page alone
//	invalidate /*       one that throws out this path, or more than it
//	firewall loosen     one that lets more through
type Rule struct {
	Kind Kind
	Of   string // "" for all of the kind
}

// narrower are the words that a kind can be narrowed by. Those of an invalidation are paths.
var narrower = map[Kind][]string{Capacity: {"lower"}, Maintenance: {"on", "off"}, Firewall: {"loosen"}}

// ParseRule reads a rule. The error names the nearest word.
func ParseRule(text string) (Rule, error) {
	kind, of, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	r := Rule{Kind(kind), of}
	words := narrower[r.Kind]
	switch {
	case !slices.Contains(Kinds(), r.Kind):
		return Rule{}, fmt.Errorf("unknown kind of action %q%s (known: %s)", sources.Clean(kind), sources.MeantHint(kind, kinds), strings.Join(kinds, ", "))
	case of == "" || slices.Contains(words, of):
		return r, nil
	case r.Kind == Invalidate && strings.HasPrefix(of, "/") && !strings.Contains(of, " "):
		return r, nil
	case r.Kind == Invalidate:
		return Rule{}, fmt.Errorf("%s can be narrowed to a path, such as invalidate /*, not to %q", kind, sources.Clean(of))
	case len(words) == 0:
		return Rule{}, fmt.Errorf("%s cannot be narrowed; %q is too much", kind, sources.Clean(of))
	}
	return Rule{}, fmt.Errorf("%s cannot be narrowed to %q%s (known: %s)", kind, sources.Clean(of), sources.MeantHint(of, words), strings.Join(words, ", "))
}

// String is the rule as it is written.
func (r Rule) String() string { return strings.TrimSpace(string(r.Kind) + " " + r.Of) }

// Wants tells whether two people are wanted for a plan.
func (r Rule) Wants(p Plan) bool {
	if p.Action.Kind != r.Kind {
		return false
	}
	switch r.Of {
	case "":
		return true
	case "lower":
		return p.lowers()
	case "on":
		return p.Action.Want["to"] == "maintenance"
	case "off":
		return p.Action.Want["to"] == "live"
	case "loosen":
		return p.Level >= Visible
	}
	return slices.ContainsFunc(strings.FieldsFunc(p.Action.Want["paths"], func(c rune) bool { return c == ' ' || c == ',' }), r.covered)
}

// covered tells whether a path that is thrown out is the rule's, or more than it.
func (r Rule) covered(path string) bool {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	head, all := strings.CutSuffix(path, "*")
	return path == r.Of || all && strings.HasPrefix(r.Of, head)
}

// lowers tells whether a plan lowers a number. One that is not understood counts as lowered.
func (p Plan) lowers() bool {
	for i, s := range p.Before {
		if i >= len(p.After) || s.Value == p.After[i].Value {
			continue
		}
		before, known := amount(s.Value)
		after, understood := amount(p.After[i].Value)
		if !known || !understood || after < before {
			return true
		}
	}
	return false
}

// amount is a setting's value as a number; none is nothing.
func amount(text string) (float64, bool) {
	if text == "none" {
		return 0, true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// Wanted tells whether any of the rules wants two people for a plan.
func Wanted(rules []Rule, p Plan) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool { return r.Wants(p) })
}

// Known are the rules that whoever collects has written into the recording last. A rule that cannot be read is one for
// everything of its kind, and where that cannot be read either, for everything.
func Known(changes []sources.Change) []Rule {
	for _, c := range slices.Backward(changes) {
		var texts []string
		if c.Kind != ChangeRule || json.Unmarshal(c.Body, &texts) != nil {
			continue
		}
		var out []Rule
		for _, text := range texts {
			out = append(out, strict(text)...)
		}
		return out
	}
	return nil
}

func strict(text string) (out []Rule) {
	if r, err := ParseRule(text); err == nil {
		return []Rule{r}
	}
	word, _, _ := strings.Cut(text, " ")
	for _, k := range Kinds() {
		if string(k) == word {
			return []Rule{{Kind: k}}
		}
		out = append(out, Rule{Kind: k})
	}
	return out
}

// Declare writes the house's rules into the recording, for all who act from it: so that nobody's own config makes them less
// strict. Who collects does so when it begins and whenever its config changes; rules that stand there already are left.
func Declare(ctx context.Context, j Journal, clock sources.Clock, actor string, rules []Rule) error {
	changes, err := j.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return fmt.Errorf("read for what two people are wanted: %w", err)
	}
	if slices.Equal(Known(changes), rules) {
		return nil
	}
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.String()
	}
	body, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	text := "two people are wanted for nothing"
	if len(texts) > 0 {
		text = "two people are wanted for: " + strings.Join(texts, ", ")
	}
	now := clock.Now()
	if _, err := j.AppendChange(ctx, sources.Change{At: now, Seen: now, Kind: ChangeRule, Actor: sources.Clean(actor), Text: text, Body: body}); err != nil {
		return fmt.Errorf("record for what two people are wanted: %w", err)
	}
	return nil
}
