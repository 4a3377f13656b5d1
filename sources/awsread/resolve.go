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

// listing is what ListMetrics is asked for: all metrics of one resource, or one custom metric everywhere.
type listing struct{ namespace, metric, dimension, value string }

// listed is what ListMetrics knows: the dimension sets of each metric name.
type listed map[string][]string

// listingOf is the listing in which a part must stand.
func listingOf(p part) listing {
	l := listing{namespace: p.metric.namespace}
	if strings.HasPrefix(l.namespace, "AWS/") && len(p.dimensions) > 0 {
		l.dimension, l.value = aws.ToString(p.dimensions[0].Name), aws.ToString(p.dimensions[0].Value)
	} else {
		l.metric = p.metric.published
	}
	return l
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

// resolve looks for the wanted metrics that have not been found yet, some at a time. That we may not list
// metrics is a fact about the room, and no reason not to read them.
func (s *metricsSource) resolve(ctx context.Context, a account, now time.Time, reading *sources.Reading) error {
	lists := map[listing]listed{}
	sought := s.seek(lists, now)
	if len(sought) == 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, listTime)
	defer stop()
	err := s.list(ctx, a, lists)
	s.tellListing(err, now, reading)
	denied := sources.TroubleOf(s.reader.session.explain(err)).Kind == sources.Forbidden
	if err != nil && !denied {
		return err
	}
	namespaces := func(namespace string) listed { return s.glance(ctx, a, lists, namespace) }
	for _, t := range sought {
		t.looked, t.unsure = now, denied
		if !denied {
			t.absent = s.look(t, lists, namespaces)
		}
	}
	return err
}

// seek chooses the series to look for: those that nobody has looked for, and now and then those that were not
// there. It adds their listings.
func (s *metricsSource) seek(lists map[listing]listed, now time.Time) (sought []*track) {
	for i := range s.plan.tracks {
		t := &s.plan.tracks[i]
		if !t.looked.IsZero() && (t.absent.None() && !t.unsure || now.Sub(t.looked).Abs() < resolveEvery) {
			continue
		}
		fits := true
		for _, p := range t.parts {
			_, ok := lists[listingOf(s.plan.parts[p])]
			fits = fits && ok
		}
		if !fits && len(lists) >= listingsAtOnce {
			continue
		}
		for _, p := range t.parts {
			lists[listingOf(s.plan.parts[p])] = nil
		}
		sought = append(sought, t)
	}
	return sought
}

// glance is the first page of what a namespace holds at all, asked for once in a round.
func (s *metricsSource) glance(ctx context.Context, a account, lists map[listing]listed, namespace string) listed {
	key := listing{namespace: namespace}
	if found, ok := lists[key]; ok {
		return found
	}
	found, err := listMetrics(ctx, a, key, 1)
	if err != nil {
		found = nil // the words then leave open what there is
	}
	lists[key] = found
	return found
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

// list fills in the listings, a few at a time.
func (s *metricsSource) list(ctx context.Context, a account, lists map[listing]listed) error {
	keys := slices.Collect(maps.Keys(lists))
	found, errs := make([]listed, len(keys)), make([]error, len(keys))
	inParallel(len(keys), inFlight, func(i int) { found[i], errs[i] = listMetrics(ctx, a, keys[i], listPages) })
	for i, key := range keys {
		if errs[i] != nil {
			return errs[i]
		}
		lists[key] = found[i]
	}
	return nil
}

// listMetrics reads at most so many pages of a listing.
func listMetrics(ctx context.Context, a account, l listing, pages int) (listed, error) {
	in := &cloudwatch.ListMetricsInput{Namespace: aws.String(l.namespace)}
	if l.metric != "" {
		in.MetricName = aws.String(l.metric)
	}
	if l.dimension != "" {
		in.Dimensions = []types.DimensionFilter{{Name: aws.String(l.dimension), Value: aws.String(l.value)}}
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
func (s *metricsSource) look(t *track, lists map[listing]listed, namespaces func(string) listed) sources.Trouble {
	if t.off != "" {
		return sources.Trouble{Kind: sources.NotFound, Text: t.metric.published + ": " + t.off}
	}
	for _, n := range t.parts {
		p := s.plan.parts[n]
		l := listingOf(p)
		found, want := lists[l], spell(p.dimensions)
		if slices.Contains(found[p.metric.published], want) {
			continue
		}
		if t.gap == sources.Zero && l.dimension != "" && found.knows(want) {
			continue
		}
		return sources.Trouble{Kind: sources.NotFound, Text: s.cause(p, l, found, namespaces)}
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
	for pair := range strings.SplitSeq(set, ",") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

// cause is the likely reason why a part does not exist, and what to do about it.
func (s *metricsSource) cause(p part, l listing, found listed, namespaces func(string) listed) string {
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
	all := namespaces(p.metric.namespace)
	if len(all) == 0 {
		return fmt.Sprintf("%s: nothing of %s is published in %s; wrong region or account, or silent for two weeks", name, p.metric.namespace, s.region)
	}
	if l.dimension == "" {
		return fmt.Sprintf("%s: no such metric in %s; there are %s", name, s.region, nearby(p.metric.published, slices.Sorted(maps.Keys(all))))
	}
	return fmt.Sprintf("%s: nothing is published for %s=%s in %s; there are %s; check the id and the region", name, l.dimension, l.value, s.region, nearby(l.value, all.values(l.dimension)))
}

// values are the values of a dimension in a listing, each once, sorted.
func (l listed) values(dimension string) []string {
	seen := map[string]bool{}
	for _, sets := range l {
		for _, set := range sets {
			for pair := range strings.SplitSeq(set, ",") {
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
