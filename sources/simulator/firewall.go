package simulator

import (
	"math"
	"time"
)

const (
	ruleRate    = "rate-limit"
	ruleManaged = "bot-control"

	secondsToEnforce  = 25   // until a changed web ACL is everywhere
	secondsToRecount  = 45   // further ones in which a changed rate-based rule limits nobody
	secondsToNotice   = 20   // between passing the limit and being blocked: rates are looked at every 10 s
	managedRecognises = 0.55 // share of the machines that the managed rules know
	managedMistakes   = 0.0002
	sharedAddresses   = 0.12 // share of the people behind an address with many others
)

// firewall is the web ACL: a rate-based rule in front of a managed rule group. It stands before the cache.
type firewall struct {
	spec    FirewallSpec
	rate    rule
	managed rule
	version int

	counted float64 // requests of one machine's address that the rate-based rule has counted in its window
}

// rule is the configured mode, and the one that is in force while a change is on its way.
type rule struct {
	mode, before string
	since        int64 // when mode is in force
	limit        int
	window       float64
	blindUntil   int64 // the rate-based rule limits nobody before
}

func (r rule) inForce(now int64) string {
	if now < r.since {
		return r.before
	}
	return r.mode
}

func newFirewall(spec FirewallSpec) *firewall {
	return &firewall{
		spec:    spec,
		rate:    rule{mode: spec.Rate, limit: spec.Limit, window: spec.Window.Seconds()},
		managed: rule{mode: spec.Managed},
		version: 1,
	}
}

// modesOf are the modes that a rule knows.
func modesOf(rule string) []string {
	if rule == ruleRate {
		return []string{Block, Count, Captcha, Challenge}
	}
	return []string{Block, Count}
}

// edit changes a rule as of now. A rate-based rule whose limit or window changes starts to count anew.
func (f *firewall) edit(r *rule, e RuleEdit, now int64) {
	if e.Mode != "" && e.Mode != r.mode {
		r.before, r.mode, r.since = r.inForce(now), e.Mode, now+secondsToEnforce
	}
	if r != &f.rate {
		return
	}
	if e.Limit > 0 && e.Limit != r.limit || e.Window > 0 && e.Window.Seconds() != r.window {
		r.limit = orElse(e.Limit, r.limit)
		r.window = orElse(e.Window.Seconds(), r.window)
		r.blindUntil = now + secondsToEnforce + secondsToRecount
		f.counted = 0
	}
}

// verdict is what the rules did with a second's traffic. Who is asked to prove that he is a person does not come
// through in this second: machines never do, and of the people hardly anybody is asked.
type verdict struct {
	blocked       traffic // stopped, in whichever way
	rate, managed RuleCount
	counted       int64
}

// inspect decides on a second's traffic. machines is the number of addresses that the bots come from,
// perPerson what one person asks for in a window, crowd how many people are here.
func (f *firewall) inspect(d draw, now int64, t traffic, machines, perPerson, crowd float64) (v verdict) {
	f.count(float64(t[kindBot]), machines)
	caught := f.overLimit(perPerson, crowd)
	if now < f.rate.blindUntil {
		caught = [2]float64{}
	}
	rest := t
	f.apply(d, f.rate.inForce(now), caught, &rest, &v.blocked, &v.rate)
	known := [2]float64{managedMistakes, managedRecognises}
	f.apply(d, f.managed.inForce(now), known, &rest, &v.blocked, &v.managed)
	v.counted = v.rate.Counted + v.managed.Counted
	return v
}

// apply runs one rule: the shares of people's and of machines' requests that it matches.
func (f *firewall) apply(d draw, mode string, matches [2]float64, rest, blocked *traffic, c *RuleCount) {
	for k, n := range rest {
		share := matches[0]
		if kind(k) == kindBot {
			share = matches[1]
		}
		hit := d.binomial(n, share)
		switch mode {
		case Count:
			c.Counted += hit
			continue
		case Captcha:
			c.Captcha += hit
		case Challenge:
			c.Challenge += hit
		default:
			c.Blocked += hit
		}
		rest[k] -= hit
		blocked[k] += hit
	}
}

// count keeps the sum of one machine's requests over the window: it fills up at their rate, and empties
// as the window moves on.
func (f *firewall) count(bots, machines float64) {
	each := bots / max(machines, 1)
	if full := each * f.rate.window; f.counted < full {
		f.counted = min(f.counted+each, full)
	} else {
		f.counted = max(f.counted*(1-2/f.rate.window), full)
	}
}

// overLimit is the share of people's and of machines' requests that come from addresses over the limit.
func (f *firewall) overLimit(perPerson, crowd float64) [2]float64 {
	limit := float64(f.rate.limit)
	machines := 0.0
	if f.counted > 0 {
		lead := f.counted / max(f.rate.window, 1) * secondsToNotice
		machines = normalShare(math.Log(max(f.counted-lead, 1e-9)/limit) / 0.4)
	}
	together := 1 + crowd/4000 // people behind one shared address: networks of operators and offices
	people := sharedAddresses*math.Exp(-limit/max(perPerson*together, 1e-9)) +
		(1-sharedAddresses)*math.Exp(-3*limit/max(perPerson, 1e-9))
	if people < 1e-6 {
		people = 0
	}
	return [2]float64{min(people, 1), machines}
}

// normalShare is the share of a normal distribution below z deviations.
func normalShare(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

func (f *firewall) measure(m *Firewall, all traffic, v verdict) {
	stopped, captcha, challenge := v.stopped()
	m.Allowed += all.sum() - stopped
	m.Blocked += stopped - captcha - challenge
	m.Captcha += captcha
	m.Challenge += challenge
	m.Counted += v.counted
	m.Rules[0].add(v.rate)
	m.Rules[1].add(v.managed)
}

// stopped counts what did not come through, and those parts of it that were asked to prove themselves.
func (v verdict) stopped() (all, captcha, challenge int64) {
	return v.blocked.sum(), v.rate.Captcha + v.managed.Captcha, v.rate.Challenge + v.managed.Challenge
}

func (c *RuleCount) add(o RuleCount) {
	c.Blocked += o.Blocked
	c.Counted += o.Counted
	c.Captcha += o.Captcha
	c.Challenge += o.Challenge
}

// rules describes the web ACL's rules as configured.
func (f *firewall) rules() []Rule {
	return []Rule{
		{Name: ruleRate, MetricName: metricName(ruleRate), Priority: 0, Mode: f.rate.mode, Limit: f.rate.limit, Window: time.Duration(f.rate.window) * time.Second},
		{Name: ruleManaged, MetricName: metricName(ruleManaged), Priority: 1, Managed: "AWSManagedRulesBotControlRuleSet", Mode: f.managed.mode},
	}
}
