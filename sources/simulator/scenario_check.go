package simulator

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Mistake is something wrong with a scenario: where, as words and [numbers] from the outermost mapping down
// (audience.surges[0].peak), and what. Where something is missing, the file goes only as far as what it is
// missing in.
type Mistake struct {
	File string // "" for a scenario that comes from no file
	Path string
	Text string
}

func (m *Mistake) Error() string {
	if m.File == "" {
		return m.Path + ": " + m.Text
	}
	return m.File + ": " + m.Path + ": " + m.Text
}

// Steps is the path one by one: audience, surges, 0, peak.
func (m *Mistake) Steps() []string {
	return strings.FieldsFunc(m.Path, func(r rune) bool { return strings.ContainsRune(".[]", r) })
}

func wrong(path, format string, args ...any) error {
	return &Mistake{Path: path, Text: fmt.Sprintf(format, args...)}
}

// check tells whether the scenario makes a site, as a *Mistake.
func (s *Scenario) check() error {
	checks := []func() error{s.checkHead, s.checkTimes, s.checkAudience, s.checkVisit, s.checkSite, s.checkGroups, s.checkCluster, s.checkFaults}
	for _, c := range checks {
		if err := c(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) checkHead() error {
	switch {
	case s.Name == "":
		return wrong("name", "missing")
	case s.T0.IsZero():
		return wrong("t0", "missing: the launch needs its T0, e.g. 2026-03-01T19:15:00Z")
	case !(s.Speed >= 1 && s.Speed <= 120):
		return wrong("speed", "want 1 to 120, got %v", s.Speed)
	case s.EndTime().Sub(s.StartTime()) < time.Minute:
		return wrong("end", "the story ends before it has begun: start is %s", s.Start)
	case s.EndTime().Sub(s.StartTime()) > 14*24*time.Hour:
		return wrong("end", "more than 14 days after the start")
	}
	return nil
}

// checkTimes reads every moment once, so that Moment.On cannot fail later.
func (s *Scenario) checkTimes() error {
	moments := map[string]Moment{"start": s.Start, "end": s.End}
	for i, l := range s.Story {
		moments[fmt.Sprintf("story[%d].at", i)] = l.At
	}
	for i, p := range s.Phases {
		moments[fmt.Sprintf("phases[%d].at", i)] = p.At
	}
	for i, m := range s.Marks {
		moments[fmt.Sprintf("marks[%d].at", i)] = m.At
		moments[fmt.Sprintf("marks[%d].until", i)] = m.Until
	}
	for i, f := range s.Faults {
		moments[fmt.Sprintf("faults[%d].at", i)] = f.At
		moments[fmt.Sprintf("faults[%d].until", i)] = f.Until
	}
	for i, g := range s.Audience.Surges {
		moments[fmt.Sprintf("audience.surges[%d].at", i)] = g.At
	}
	for _, path := range sortedKeys(moments) {
		if _, err := moments[path].on(s.T0); err != nil {
			return wrong(path, "%v", err)
		}
	}
	return s.checkTimeline()
}

// checkTimeline holds the phases and marks against what they may say.
func (s *Scenario) checkTimeline() error {
	for i, p := range s.Phases {
		at := fmt.Sprintf("phases[%d]", i)
		switch {
		case strings.TrimSpace(p.Name) == "":
			return wrong(at, "name is missing")
		case p.At == "":
			return wrong(at, "at is missing")
		}
	}
	for i, m := range s.Marks {
		at := fmt.Sprintf("marks[%d]", i)
		if err := oneOf(at+".kind", m.Kind, MarkKinds); err != nil {
			return err
		}
		if m.Until != "" && m.Until.On(s.T0).Before(m.At.On(s.T0)) {
			return wrong(at+".until", "it is over before it begins")
		}
		if m.Peak != "" && !peakShape.MatchString(m.Peak) {
			return wrong(at+".peak", "want how many times the ordinary, such as 20x, got %q", m.Peak)
		}
	}
	return nil
}

func (s *Scenario) checkAudience() error {
	a := s.Audience
	if a.Base == 0 && len(a.Surges) == 0 && a.Counts.File == "" {
		return wrong("audience", "nobody comes: it needs base, surges or counts")
	}
	if a.Counts.File != "" && (a.Base != 0 || len(a.Surges) != 0) {
		return wrong("audience.counts", "counts are the whole audience: leave out base and surges")
	}
	for i, g := range a.Surges {
		at := fmt.Sprintf("audience.surges[%d]", i)
		if g.Halve <= 0 {
			return wrong(at, "halve is missing: how long until half of the crowd has gone, e.g. 9m")
		}
		if err := firstError(within(at+".peak", g.Peak, 0, 1e5), within(at+".rise", g.Rise.Seconds(), 0, 1e5), within(at+".hold", g.Hold.Seconds(), 0, 1e6)); err != nil {
			return err
		}
	}
	return firstError(within("audience.base", a.Base, 0, 1e5), within("audience.counts.scale", a.Counts.Scale, 0, 1e6))
}

func (s *Scenario) checkVisit() error {
	v, p := s.Audience.Visit, s.Audience.Page
	return firstError(
		within("audience.visit.pages", v.Pages, 1, 100),
		within("audience.visit.think", v.Think.Seconds(), 1, 3600),
		within("audience.visit.form", v.Form.Seconds(), 1, 3600),
		within("audience.visit.patience", v.Patience.Seconds(), 1, 60),
		within("audience.visit.pause", v.Pause.Seconds(), 1, 600),
		within("audience.visit.registers", v.Registers, 0, 1),
		within("audience.visit.invalid", v.Invalid, 0, 0.9),
		within("audience.visit.retries", v.Retries, 0, 0.95),
		within("audience.page.calls", p.Calls, 0, 50),
		within("audience.page.static", p.Static, 0, 500),
		within("audience.page.static_again", p.StaticAgain, 0, 500),
		within("audience.page.static_bytes", p.StaticBytes, 0, 1e9),
		within("audience.page.page_bytes", p.PageBytes, 0, 1e9),
	)
}

var (
	accountShape = regexp.MustCompile(`^[0-9]{12}$`)
	regionShape  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	peakShape    = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?x?$`)
	nameShape    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)
)

func (s *Scenario) checkSite() error {
	site := s.Site
	switch {
	case !accountShape.MatchString(site.Account):
		return wrong("site.account", "want twelve digits in quotes, got %q", site.Account)
	case !regionShape.MatchString(site.Region):
		return wrong("site.region", "want a region such as eu-central-1, got %q", site.Region)
	}
	f := site.Firewall
	window := f.Window.Seconds()
	if window != 60 && window != 120 && window != 300 && window != 600 {
		return wrong("site.firewall.window", "AWS knows 1m, 2m, 5m and 10m, got %s", f.Window)
	}
	for i, p := range site.Distribution.Paths {
		if !strings.HasPrefix(p, "/") || slices.Contains(site.Distribution.Paths[:i], p) {
			return wrong(fmt.Sprintf("site.distribution.paths[%d]", i), "want a pattern that begins with / and is there once, such as /register*, got %q", p)
		}
	}
	return firstError(
		named("site.distribution.name", site.Distribution.Name), named("site.firewall.name", f.Name),
		named("site.balancer.name", site.Balancer.Name), named("site.cluster.name", site.Cluster.Name),
		named("audience.name", s.Audience.Name),
		within("site.distribution.objects", site.Distribution.Objects, 1, 1e8),
		within("site.distribution.places", site.Distribution.Places, 1, 1000),
		within("site.distribution.ttl", site.Distribution.TTL.Seconds(), 1, 366*86400),
		within("site.firewall.limit", float64(f.Limit), 10, 2e9),
		within("site.balancer.ease", site.Balancer.Ease, 1, 1e7),
		within("site.balancer.reserved", site.Balancer.Reserved, 0, 15000),
		oneOf("site.firewall.rate", f.Rate, modesOf(ruleRate)),
		oneOf("site.firewall.managed", f.Managed, modesOf(ruleManaged)),
	)
}

func (s *Scenario) checkGroups() error {
	names, seen, weight := map[string]bool{}, map[string]bool{}, 0
	for _, g := range s.Site.Groups {
		names[g.Name] = true
		weight += g.Weight
	}
	for _, name := range sortedKeys(s.Capacity.Groups) {
		if !names[name] {
			return wrong("capacity.groups."+name, "no group of the site is called %q%s", name, suggestion(name, sortedKeys(names)))
		}
	}
	for i, g := range s.Site.Groups {
		at := fmt.Sprintf("site.groups[%d]", i)
		b, given := s.Capacity.Groups[g.Name]
		switch {
		case seen[g.Name]:
			return wrong(at+".name", "two groups are called %q", g.Name)
		case !given:
			return wrong("capacity", "it says nothing about the group %q: {groups: {%s: {min: 6, desired: 8, max: 24}}}", g.Name, g.Name)
		}
		seen[g.Name] = true
		if err := firstError(named(at+".name", g.Name), g.check(at), b.check("capacity.groups."+g.Name)); err != nil {
			return err
		}
	}
	if weight == 0 {
		return wrong("site.groups", "the weights of all groups are 0: nobody would get a request")
	}
	return nil
}

func (g GroupSpec) check(at string) error {
	return firstError(
		within(at+".cores", g.Cores, 0.1, 512), within(at+".threads", g.Threads, 1, 1e5),
		within(at+".backlog", g.Backlog, 1, 1e6), within(at+".request_cpu", g.RequestCPU.Seconds(), 1e-5, 60),
		within(at+".boot", g.Boot.Seconds(), 1, 3600), within(at+".app_start", g.AppStart.Seconds(), 1, 3600),
		within(at+".warmup", g.Warmup.Seconds(), 1, 3600), within(at+".target_cpu", g.TargetCPU, 0.05, 0.99),
		within(at+".weight", float64(g.Weight), 0, 999),
	)
}

func (b Bounds) check(at string) error {
	if b.Min < 0 || b.Desired < b.Min || b.Max < b.Desired || b.Max > 1000 {
		return wrong(at, "want 0 <= min <= desired <= max <= 1000, got min %d, desired %d, max %d", b.Min, b.Desired, b.Max)
	}
	return nil
}

func (s *Scenario) checkCluster() error {
	c := s.Site.Cluster
	if err := firstError(
		oneOf("site.cluster.engine", c.Engine, []string{"aurora-postgresql", "aurora-mysql"}),
		within("site.cluster.readers", float64(c.Readers), 0, 3),
		within("site.cluster.read_share", c.ReadShare, 0, 1),
		within("site.cluster.queries", c.Queries, 0, 1000),
		within("site.cluster.writes", c.Writes, 0, 1000),
		within("site.cluster.queries_acu", c.QueriesACU, 1, 1e6),
		within("site.cluster.pool", c.Pool, 1, 10000),
	); err != nil {
		return err
	}
	if c.Class != "" {
		return within("site.cluster.size", c.Size, 0.5, 512)
	}
	r := s.Capacity.ACU
	if err := checkACU(r.Min, r.Max); err != nil {
		return wrong("capacity.acu", "%v", err)
	}
	return nil
}

// checkACU holds a range against what Aurora allows.
func checkACU(low, high float64) error {
	whole := func(v float64) bool { return v*2 == float64(int(v*2)) }
	if !(low >= 0.5 && high >= 1 && low <= high && high <= 256) || !whole(low) || !whole(high) {
		return fmt.Errorf("want half steps with 0.5 <= min <= max and 1 <= max <= 256, got %v to %v", low, high)
	}
	return nil
}

func (s *Scenario) checkFaults() error {
	for i, f := range s.Faults {
		at := fmt.Sprintf("faults[%d]", i)
		if err := oneOf(at+".kind", f.Kind, FaultKinds()); err != nil {
			return err
		}
		if f.At == "" {
			return wrong(at, "at is missing")
		}
		if f.Until != "" && !f.Until.On(s.T0).After(f.At.On(s.T0)) {
			return wrong(at+".until", "it is over before it begins")
		}
		if err := f.checkValues(at); err != nil {
			return err
		}
	}
	return nil
}

func (f FaultSpec) checkValues(at string) error {
	if f.Service != "" {
		if siteFault(f.Kind) {
			return wrong(at+".service", "%s is a fault of the site, it has no service", f.Kind)
		}
		if err := oneOf(at+".service", f.Service, APIServices); err != nil {
			return err
		}
	}
	if err := f.checkWords(at); err != nil {
		return err
	}
	switch f.Kind {
	case BotWave:
		return firstError(within(at+".rate", f.Rate, 1, 1e6), within(at+".addresses", f.Addresses, 1, 1e7))
	case SlowOrigin, SlowDatabase:
		return within(at+".factor", f.Factor, 0.1, 100)
	case BadDeploy, BadRelease, BadRevision:
		return firstError(within(at+".rate", f.Rate, 0, 1), within(at+".factor", f.Factor, 0, 100))
	case string(Throttling), string(Partial), string(Internal), string(Forbidden), string(Missing):
		return within(at+".rate", f.Rate, 0.001, 1)
	case string(Latency):
		return within(at+".delay", f.Delay.Seconds(), 0.001, 600)
	case string(Garbage):
		return within(at+".bytes", float64(f.Bytes), 1, 64<<20)
	}
	return nil
}

// faultWords are what each kind of fault takes beside at, until and kind; those of the API also take a key, and a
// service unless they are of CloudWatch's series.
var faultWords = map[string][]string{
	SlowOrigin: {"factor"}, SlowDatabase: {"factor"}, BotWave: {"rate", "addresses"}, BadDeploy: {"rate", "factor"}, BadRelease: {"rate", "factor"}, BadRevision: {"rate", "factor"},
	string(Throttling): {"rate"}, string(Partial): {"rate"}, string(Internal): {"rate"}, string(Forbidden): {"rate"}, string(Missing): {"rate"},
	string(Latency): {"delay"}, string(Garbage): {"bytes"},
}

// ofSeries are the faults in CloudWatch's answers about single series.
var ofSeries = []string{string(Partial), string(Internal), string(Forbidden), string(Missing), string(Shuffled)}

// checkWords refuses what has no effect: whoever wrote it expects one.
func (f FaultSpec) checkWords(at string) error {
	given := map[string]bool{
		"rate": f.Rate != 0, "factor": f.Factor != 0, "addresses": f.Addresses != 0, "delay": f.Delay != 0, "bytes": f.Bytes != 0,
		"key": f.Key != "" && siteFault(f.Kind),
	}
	takes := faultWords[f.Kind]
	for _, word := range sortedKeys(given) {
		if !given[word] || slices.Contains(takes, word) {
			continue
		}
		if len(takes) == 0 {
			return wrong(at+"."+word, "%s takes no %s", f.Kind, word)
		}
		return wrong(at+"."+word, "%s takes no %s (it takes %s)", f.Kind, word, strings.Join(takes, ", "))
	}
	if slices.Contains(ofSeries, f.Kind) && f.Service != "" && f.Service != "cloudwatch" {
		return wrong(at+".service", "%s is a fault of CloudWatch's series: leave service out, or write cloudwatch", f.Kind)
	}
	return nil
}

func within(path string, v, low, high float64) error {
	if v >= low && v <= high {
		return nil
	}
	return wrong(path, "want %v to %v, got %v", low, high, v)
}

func named(path, name string) error {
	if nameShape.MatchString(name) {
		return nil
	}
	return wrong(path, "want a short name of lower-case letters, digits and dashes, got %q", name)
}

func oneOf(path, word string, words []string) error {
	for _, w := range words {
		if w == word {
			return nil
		}
	}
	return wrong(path, "unknown word %q%s (%s)", word, suggestion(word, words), strings.Join(words, ", "))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// in names the file of a mistake.
func in(file string, err error) error {
	var m *Mistake
	if errors.As(err, &m) {
		return &Mistake{File: file, Path: m.Path, Text: m.Text}
	}
	return fmt.Errorf("%s: %w", file, err)
}
