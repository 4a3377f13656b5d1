package awsread

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"warroom/sources"
)

// resolveEvery is how often series that do not exist are looked for again. A new metric takes up to fifteen
// minutes to be listed; its first value, which is asked for all the while, counts at once.
const resolveEvery = 5 * time.Minute

// What one poll spends on looking for metrics. The rest waits for the next one: looking must not keep the
// values waiting.
const (
	listingsAtOnce = 12
	listPages      = 10 // of one listing, 500 metrics each
	listTime       = 6 * time.Second
)

// listing is what ListMetrics is asked for: all metrics of one resource, or a custom metric. Of a custom metric
// there may be more than anybody wants to page through, so it is asked for with all of its dimensions.
type listing struct {
	namespace, metric string
	dimensions        string // that it must have, spelled
}

// listed is what ListMetrics knows: the dimension sets of each metric name.
type listed map[string][]string

// findings are the answers of a round, one for each listing that was asked for.
type findings map[listing]finding

type finding struct {
	filters []types.DimensionFilter // that it is asked with
	listed
	err error
}

// listingOf is the listing in which a part must stand.
func listingOf(p part) listing {
	l := listing{namespace: p.metric.namespace, dimensions: spell(p.listedBy())}
	if !l.ofResource() {
		l.metric = p.metric.published
	}
	return l
}

// listedBy are the dimensions that the listing of a part is asked with: the one that names the resource, or all.
func (p part) listedBy() []types.Dimension {
	most := filtersMost
	if strings.HasPrefix(p.metric.namespace, "AWS/") {
		most = 1
	}
	return p.dimensions[:min(most, len(p.dimensions))]
}

// filtersMost is how many dimensions ListMetrics can be asked with.
const filtersMost = 10

// ofResource tells whether the listing is of all that AWS publishes of a resource.
func (l listing) ofResource() bool {
	return strings.HasPrefix(l.namespace, "AWS/") && l.dimensions != ""
}

// filters are dimensions as ListMetrics is asked with them.
func filters(dimensions []types.Dimension) []types.DimensionFilter {
	out := make([]types.DimensionFilter, len(dimensions))
	for i, d := range dimensions {
		out[i] = types.DimensionFilter{Name: d.Name, Value: d.Value}
	}
	return out
}

// pairsIn are the dimensions of a spelled set.
func pairsIn(set string) []string {
	if set == "" {
		return nil
	}
	return strings.Split(set, ",")
}

// spell writes a dimension set so that equal sets are equal strings.
func spell(dimensions []types.Dimension) string {
	pairs := make([]string, len(dimensions))
	for i, d := range dimensions {
		pairs[i] = aws.ToString(d.Name) + "=" + aws.ToString(d.Value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

// resolve looks for the wanted metrics that have not been found yet, some at a time. What one listing fails at is
// no reason to forget what the others found, nor not to read: that metrics cannot be listed is a fact about the room.
func (s *metricsSource) resolve(ctx context.Context, a account, now time.Time, reading *sources.Reading) error {
	found := findings{}
	sought := s.seek(found, now)
	if len(sought) == 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, listTime)
	defer stop()
	err := s.list(ctx, a, found)
	s.tellListing(err, now, reading)
	if credentialsRefused(err) {
		return err
	}
	for _, t := range sought {
		s.settle(ctx, a, t, found, now)
	}
	return nil
}

// settle concludes from the listings whether the series exists. Where listing is not allowed that stays open; where it
// failed the series is looked for again when its turn comes.
func (s *metricsSource) settle(ctx context.Context, a account, t *track, found findings, now time.Time) {
	for _, p := range t.parts {
		err := found[listingOf(s.plan.parts[p])].err
		switch {
		case err == nil:
		case sources.TroubleOf(s.reader.session.explain(err)).Kind == sources.Forbidden:
			t.looked, t.unsure = now, true
			return
		default:
			return
		}
	}
	glance := func(l listing) listed { return s.glance(ctx, a, found, l) }
	t.looked, t.unsure, t.absent = now, false, s.look(t, found, glance)
}

// seek chooses the series to look for: those that nobody has looked for, and now and then those that were not
// there. It adds their listings, and goes on with the next ones the next time.
func (s *metricsSource) seek(found findings, now time.Time) (sought []*track) {
	all := len(s.plan.tracks)
	for n := range all {
		i := (s.turn + n) % all
		t := &s.plan.tracks[i]
		if !t.looked.IsZero() && (t.absent.None() && !t.unsure || now.Sub(t.looked).Abs() < resolveEvery) {
			continue
		}
		if !s.fits(t, found) {
			s.turn = i
			return sought
		}
		for _, p := range t.parts {
			part := s.plan.parts[p]
			found[listingOf(part)] = finding{filters: filters(part.listedBy())}
		}
		sought = append(sought, t)
	}
	s.turn = 0
	return sought
}

// fits tells whether the series can be looked for in this round: there is room for its listings, or they are asked
// for already.
func (s *metricsSource) fits(t *track, found findings) bool {
	if len(found) < listingsAtOnce {
		return true
	}
	for _, p := range t.parts {
		if _, ok := found[listingOf(s.plan.parts[p])]; !ok {
			return false
		}
	}
	return true
}

// glance is the first page of what there is besides, asked for once in a round.
func (s *metricsSource) glance(ctx context.Context, a account, found findings, l listing) listed {
	if f, ok := found[l]; ok {
		return f.listed
	}
	there, err := listMetrics(ctx, a, l, nil, 1)
	if err != nil {
		there = nil // the words then leave open what there is
	}
	found[l] = finding{listed: there, err: err}
	return there
}

// tellListing records whether metrics can be listed.
func (s *metricsSource) tellListing(err error, now time.Time, reading *sources.Reading) {
	f := sources.Fact{Resource: sources.Ref{Service: sources.RoomService, Name: s.name}, Name: "listing", Seen: now}
	if err != nil {
		f.Value = s.reader.session.explain(err).Error() + "; metrics that do not exist cannot be told from silent ones"
	}
	told := s.told.sift(sources.Batch{Facts: []sources.Fact{f}})
	reading.Facts = append(reading.Facts, told.Facts...)
}

// list asks for the listings, a few at a time. The error is the first of theirs: refused credentials before all others.
func (s *metricsSource) list(ctx context.Context, a account, found findings) (first error) {
	keys := slices.Collect(maps.Keys(found))
	answers := make([]finding, len(keys))
	inParallel(len(keys), inFlight, func(i int) {
		answers[i].listed, answers[i].err = listMetrics(ctx, a, keys[i], found[keys[i]].filters, listPages)
	})
	for i, key := range keys {
		found[key] = answers[i]
		if err := answers[i].err; err != nil && (first == nil || credentialsRefused(err)) {
			first = err
		}
	}
	return first
}

// listMetrics reads at most so many pages of a listing.
func listMetrics(ctx context.Context, a account, l listing, filters []types.DimensionFilter, pages int) (listed, error) {
	in := &cloudwatch.ListMetricsInput{Namespace: aws.String(l.namespace), Dimensions: filters}
	if l.metric != "" {
		in.MetricName = aws.String(l.metric)
	}
	found := listed{}
	for range pages {
		out, err := client(a, newCloudWatch).ListMetrics(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, m := range out.Metrics {
			name := aws.ToString(m.MetricName)
			found[name] = append(found[name], spell(m.Dimensions))
		}
		if next := aws.ToString(out.NextToken); next == "" || next == aws.ToString(in.NextToken) {
			break
		}
		in.NextToken = out.NextToken
	}
	return found, nil
}

// look says why a series does not exist, or nothing where it does. A sparse metric of a resource that is
// known by such dimensions has simply had nothing to count yet.
func (s *metricsSource) look(t *track, found findings, glance func(listing) listed) sources.Trouble {
	if t.off != "" {
		return sources.Trouble{Kind: sources.NotFound, Text: t.metric.published + ": " + t.off}
	}
	for _, n := range t.parts {
		p := s.plan.parts[n]
		l := listingOf(p)
		there, want := found[l].listed, spell(p.dimensions)
		if slices.Contains(there[p.metric.published], want) {
			continue
		}
		if t.gap == sources.Zero && l.ofResource() && there.knows(want) {
			continue
		}
		if !l.ofResource() && l.dimensions != "" {
			there = glance(listing{namespace: l.namespace, metric: l.metric})
		}
		return sources.Trouble{Kind: sources.NotFound, Text: s.cause(p, l, there, glance)}
	}
	return sources.Trouble{}
}

// knows tells whether anything is published by dimensions of the same names.
func (l listed) knows(want string) bool {
	names := namesIn(want)
	for _, sets := range l {
		if slices.ContainsFunc(sets, func(set string) bool { return slices.Equal(namesIn(set), names) }) {
			return true
		}
	}
	return false
}

// namesIn are the names in a spelled dimension set.
func namesIn(set string) (names []string) {
	for _, pair := range pairsIn(set) {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

// cause is the likely reason why a part does not exist, and what to do about it.
func (s *metricsSource) cause(p part, l listing, found listed, glance func(listing) listed) string {
	name, want := p.metric.namespace+" "+p.metric.published, spell(p.dimensions)
	if sets := found[p.metric.published]; len(sets) > 0 {
		return fmt.Sprintf("%s: wrong dimensions {%s}; it is published for %s", name, want, some(sets))
	}
	if len(found) > 0 {
		hint := p.metric.hint
		if hint == "" {
			hint = "it appears with its first value"
		}
		return fmt.Sprintf("%s: never published for {%s}, though others are; %s", name, want, hint)
	}
	all := glance(listing{namespace: p.metric.namespace})
	if len(all) == 0 {
		return fmt.Sprintf("%s: nothing of %s is published in %s; wrong region or account, or silent for two weeks", name, p.metric.namespace, s.region)
	}
	if !l.ofResource() {
		return fmt.Sprintf("%s: no such metric in %s; there are %s", name, s.region, nearby(p.metric.published, slices.Sorted(maps.Keys(all))))
	}
	dimension, value, _ := strings.Cut(l.dimensions, "=")
	return fmt.Sprintf("%s: nothing is published for %s in %s; there are %s; check the id and the region", name, l.dimensions, s.region, nearby(value, all.values(dimension)))
}

// values are the values of a dimension in a listing, each once, sorted.
func (l listed) values(dimension string) []string {
	seen := map[string]bool{}
	for _, sets := range l {
		for _, set := range sets {
			for _, pair := range pairsIn(set) {
				if name, value, _ := strings.Cut(pair, "="); name == dimension {
					seen[value] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// nearby names a few of what there is, the nearest to the wanted word first.
func nearby(word string, among []string) string {
	if near := sources.Nearest(word, among); near != "" {
		among = append([]string{near}, slices.DeleteFunc(slices.Clone(among), func(s string) bool { return s == near })...)
	}
	return fewOf(among)
}

// some names a few dimension sets.
func some(sets []string) string {
	sets = slices.Compact(slices.Sorted(slices.Values(sets)))
	for i := range sets {
		sets[i] = "{" + sets[i] + "}"
	}
	return fewOf(sets)
}

func fewOf(words []string) string {
	const few = 3
	if len(words) == 0 {
		return "none"
	}
	if len(words) <= few {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:few], ", "), len(words)-few)
}
