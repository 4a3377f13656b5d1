package sources_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
)

var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

func at(minutes float64) time.Time { return t0.Add(time.Duration(minutes * float64(time.Minute))) }

var requests = sources.Series{Metric: "alb_requests", Resource: "shop"}

// sample is the value of the minute that starts so many minutes after T0, seen so long after T0.
func sample(s sources.Series, minute int, seen, value float64) sources.Sample {
	return sources.Sample{Series: s, At: at(float64(minute)), Seen: at(seen), Value: value}
}

func none(s sources.Series, minute int, seen float64) sources.Sample {
	return sources.Sample{Series: s, At: at(float64(minute)), Seen: at(seen), None: true}
}

func window(samples ...sources.Sample) *sources.Window {
	w := sources.NewWindow(4 * time.Hour)
	w.Apply(sources.Batch{Samples: samples})
	return w
}

func asSeen(minutes float64) sources.Cursor { return sources.Cursor{At: at(minutes)} }

func asSettled(minutes float64) sources.Cursor {
	return sources.Cursor{At: at(minutes), Truth: sources.AsSettled}
}

// read is a series as text: minute:value, with ~ while provisional.
func read(v *sources.View, s sources.Series) string { return text(v.Points(nil, s, at(-1e4), at(1e4))) }

func text(points []sources.Point) string {
	out := ""
	for _, p := range points {
		value := fmt.Sprintf("%g", p.Value)
		if p.None {
			value = "none"
		}
		if p.Provisional {
			value += "~"
		}
		out += fmt.Sprintf("%d:%s ", int(p.At.Sub(t0)/time.Minute), value)
	}
	return out
}

func TestViewTruths(t *testing.T) {
	w := window(
		sample(requests, 0, 1.2, 10), sample(requests, 0, 2.2, 90), sample(requests, 0, 9.5, 100),
		none(requests, 1, 2.2), sample(requests, 1, 3.2, 70),
		none(requests, 2, 5.5),
	)
	for _, c := range []struct {
		cursor sources.Cursor
		want   string
	}{
		{asSeen(1), ""},
		{asSeen(1.2), "0:10~ "},
		{asSeen(2.5), "0:90~ 1:none~ "},
		{asSeen(3), "0:90 1:none~ "}, // two minutes after its end the first minute has settled
		{asSeen(3.5), "0:90 1:70~ "},
		{asSeen(6), "0:90 1:70 2:none "},
		{asSeen(10), "0:100 1:70 2:none "}, // a revision after settling still counts
		{asSettled(0.9), ""},               // no period had ended
		{asSettled(1), "0:100 "},           // and it is known by now that it has settled
		{asSettled(2.5), "0:100 1:70 "},
	} {
		if got := read(w.View(c.cursor), requests); got != c.want {
			t.Errorf("at %v truth %d: %q, want %q", c.cursor.At.Sub(t0), c.cursor.Truth, got, c.want)
		}
	}
}

func TestViewPointsBetween(t *testing.T) {
	w := window(sample(requests, 0, 1, 1), sample(requests, 1, 2, 2), sample(requests, 2, 3, 3))
	v := w.View(asSeen(60))
	if got := text(v.Points(nil, requests, at(1), at(2))); got != "1:2 " {
		t.Errorf("[1,2) holds %q", got)
	}
	if got := text(v.Points([]sources.Point{{At: at(-5)}}, requests, at(2), at(3))); got != "-5:0 2:3 " {
		t.Errorf("appended: %q", got)
	}
	newest, _ := v.Newest(requests)
	settled, _ := w.View(asSeen(4)).Settled(requests)
	if newest.Value != 3 || settled.Value != 2 {
		t.Errorf("newest %v, settled at 4 min %v", newest, settled)
	}
}

// TestSilence reads sparse series in all the ways in which they can be silent.
func TestSilence(t *testing.T) {
	errors := sources.Series{Metric: "alb_elb_5xx", Resource: "shop"}
	trouble := func(kind sources.TroubleKind, seen float64) sources.Batch {
		return sources.Batch{Facts: []sources.Fact{sources.SeriesFact(errors, sources.Trouble{Kind: kind, Text: "x"}, at(seen))}}
	}
	base := []sources.Sample{sample(requests, 0, 1.5, 1), sample(requests, 1, 2.5, 1), sample(requests, 2, 3.5, 1)}
	cases := map[string]struct {
		more   []sources.Sample
		facts  sources.Batch
		series sources.Series
		cursor sources.Cursor
		want   string
	}{
		"never published, while the resource is read":       {nil, sources.Batch{}, errors, asSeen(4.9), "0:none 1:none 2:none~ "},
		"only what had been asked by the cursor":            {nil, sources.Batch{}, errors, asSeen(2), "0:none~ "},
		"as settled":                                        {nil, sources.Batch{}, errors, asSettled(2), "0:none 1:none~ "},
		"published once":                                    {[]sources.Sample{sample(errors, 1, 2.5, 7)}, sources.Batch{}, errors, asSeen(9), "0:none 1:7 2:none "},
		"of a resource that is not read":                    {nil, sources.Batch{}, sources.Series{Metric: "alb_elb_5xx", Resource: "api"}, asSeen(9), ""},
		"a dense series has no say for its silence":         {nil, sources.Batch{}, sources.Series{Metric: "alb_healthy_hosts", Resource: "shop"}, asSeen(9), ""},
		"a metric of another service is not answered for":   {nil, sources.Batch{}, sources.Series{Metric: "waf_blocked", Resource: "shop"}, asSeen(9), ""},
		"not found means never published":                   {nil, trouble(sources.NotFound, 1), errors, asSeen(9), "0:none 1:none 2:none "},
		"a series in trouble is not answered for by others": {nil, trouble(sources.Failed, 4), errors, asSeen(9), "0:none 1:none~ "},
		"nor is one that is answered in part":               {nil, trouble(sources.Partial, 3.5), errors, asSeen(9), "0:none "},
		"what was due in a trouble stays unread after it":   {nil, sources.Batch{Facts: append(trouble(sources.Partial, 3.5).Facts, trouble("", 4.5).Facts...)}, errors, asSeen(9), "0:none 2:none "},
		"one counter of an audience says nothing of another": {
			[]sources.Sample{sample(sources.Series{Metric: "audience_visitors", Resource: "site"}, 0, 1, 5)}, sources.Batch{},
			sources.Series{Metric: "audience_orders", Resource: "site"}, asSeen(9), "",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := window(append(c.more, base...)...)
			w.Apply(c.facts)
			if got := read(w.View(c.cursor), c.series); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestUnconfirmed lets a source fail while a minute is half filled: it may not settle by the clock alone.
func TestUnconfirmed(t *testing.T) {
	w := window(sample(requests, 0, 1.5, 600), sample(requests, 1, 2.5, 610), sample(requests, 2, 3.5, 40))
	w.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("aws", sources.Trouble{Kind: sources.Throttled, Text: "x"}, at(4.5))}})
	if got, want := read(w.View(asSeen(8)), requests), "0:600 1:610~ 2:40~ "; got != want {
		t.Errorf("while the source fails: %q, want %q", got, want)
	}
	w.Apply(sources.Batch{
		Samples: []sources.Sample{sample(requests, 2, 9, 620), sample(requests, 7, 9, 700)},
		Facts:   []sources.Fact{sources.SourceFact("aws", sources.Trouble{}, at(9))},
	})
	if got, want := read(w.View(asSeen(9)), requests), "0:600 1:610 2:620 7:700~ "; got != want {
		t.Errorf("once it has healed: %q, want %q", got, want)
	}
	if got, want := read(w.View(asSeen(8)), requests), "0:600 1:610~ 2:40~ "; got != want {
		t.Errorf("looked back at the failure: %q, want %q", got, want)
	}
	w = window(sample(requests, 0, 1.5, 600))
	w.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("aws", sources.Trouble{Kind: sources.Partial, Text: "x"}, at(2))}})
	if got, want := read(w.View(asSeen(8)), requests), "0:600 "; got != want {
		t.Errorf("a source that gives a part does not fail: %q, want %q", got, want)
	}
}

func TestState(t *testing.T) {
	latency := sources.Series{Metric: "alb_latency_p95_seconds", Resource: "shop"}
	errors := sources.Series{Metric: "alb_elb_5xx", Resource: "shop"}
	minutes := func(s sources.Series, n int) []sources.Sample {
		var out []sources.Sample
		for m := range n {
			out = append(out, sample(s, m, float64(m)+1.5, 1))
		}
		return out
	}
	fact := func(s sources.Series, kind sources.TroubleKind) []sources.Fact {
		return []sources.Fact{sources.SeriesFact(s, sources.Trouble{Kind: kind, Text: "why"}, at(1))}
	}
	cases := map[string]struct {
		samples []sources.Sample
		facts   []sources.Fact
		series  sources.Series
		cursor  float64
		want    sources.State
	}{
		"fresh":                         {minutes(requests, 10), nil, requests, 12, sources.Fresh},
		"young, nothing settled":        {minutes(requests, 1), nil, requests, 2, sources.Fresh},
		"nothing heard":                 {nil, nil, requests, 12, sources.Waiting},
		"not seen by the cursor yet":    {minutes(requests, 10), nil, requests, 1, sources.Waiting},
		"late, within two periods":      {minutes(requests, 10), nil, requests, 15, sources.Fresh},
		"stale":                         {minutes(requests, 10), nil, requests, 15.1, sources.Stale},
		"dead":                          {minutes(requests, 10), nil, requests, 16.1, sources.Dead},
		"never settled, then silent":    {minutes(requests, 1), nil, requests, 40, sources.Dead},
		"asked, nothing there":          {[]sources.Sample{none(latency, 0, 1.5)}, nil, latency, 4, sources.NoData},
		"sparse and quiet":              {[]sources.Sample{none(errors, 0, 1.5)}, nil, errors, 4, sources.Fresh},
		"sparse, never published":       {minutes(requests, 10), nil, errors, 12, sources.Fresh},
		"sparse, the resource not read": {minutes(requests, 10), nil, errors, 16.1, sources.Dead},
		"not found":                     {nil, fact(requests, sources.NotFound), requests, 4, sources.Missing},
		"forbidden":                     {minutes(requests, 10), fact(requests, sources.Forbidden), requests, 12, sources.Unreadable},
		"trouble withdrawn":             {minutes(requests, 10), fact(requests, ""), requests, 12, sources.Fresh},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := window(c.samples...)
			w.Apply(sources.Batch{Facts: c.facts})
			if got := w.View(asSeen(c.cursor)).State(c.series); got != c.want {
				t.Errorf("state %v (%d), want %v (%d)", got, got, c.want, c.want)
			}
		})
	}
	age, normal, ok := window(minutes(requests, 10)...).View(asSeen(12.5)).Age(requests)
	if age != 150*time.Second || normal != 180*time.Second || !ok {
		t.Errorf("age %v of %v, %v", age, normal, ok)
	}
}

func TestFactsHoldUntilTheNext(t *testing.T) {
	r := sources.Ref{Service: "cloudfront", Name: "edge"}
	fact := func(value string, seen float64) sources.Fact {
		return sources.Fact{Resource: r, Name: "origin", Value: value, Seen: at(seen)}
	}
	w := sources.NewWindow(time.Hour)
	w.Apply(sources.Batch{Facts: []sources.Fact{fact("maintenance", 5), fact("live", 1), fact("", 9), fact("broken", 7), fact("mended", 7)}})
	for cursor, want := range map[float64]string{0: "", 1: "live", 4.9: "live", 5: "maintenance", 7: "mended", 9: ""} {
		f, ok := w.View(asSeen(cursor)).Fact(r, "origin")
		if f.Value != want || ok != (want != "") {
			t.Errorf("at %v min %+v %v, want %q", cursor, f, ok, want)
		}
	}
	if w.Apply(sources.Batch{Facts: []sources.Fact{fact("broken", 7), fact("mended", 7)}}) {
		t.Error("the same facts were taken in twice")
	}
}

func TestChangesAreSeenInTheirTime(t *testing.T) {
	w := sources.NewWindow(time.Hour)
	w.Apply(sources.Batch{Changes: []sources.Change{
		{Seq: 2, At: at(1), Seen: at(6), Text: "second"}, {Seq: 1, At: at(3), Seen: at(4), Text: "first"}, {Seq: 3, At: at(30), Seen: at(31), Text: "third"},
	}})
	names := func(v *sources.View, from, to float64) (out []string) {
		for _, c := range v.Changes(at(from), at(to)) {
			out = append(out, c.Text)
		}
		return out
	}
	if diff := cmp.Diff([]string{"first"}, names(w.View(asSeen(5)), 0, 60)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"second", "first"}, names(w.View(asSeen(7)), 0, 60)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"first"}, names(w.View(asSeen(60)), 2, 30)); diff != "" {
		t.Error(diff)
	}
}

func TestTroublesAreRecordedAsFacts(t *testing.T) {
	w := sources.NewWindow(time.Hour)
	why := sources.Trouble{Kind: sources.Forbidden, Text: "cloudwatch:GetMetricData: ask for it"}
	w.Apply(sources.Batch{Facts: []sources.Fact{sources.SeriesFact(requests, why, at(1)), sources.SourceFact("aws", why, at(2))}})
	v := w.View(asSeen(5))
	if got, since := v.Trouble(requests); got != why || !since.Equal(at(1)) {
		t.Errorf("series: %+v since %v", got, since)
	}
	if got, since := v.SourceTrouble("aws"); got != why || !since.Equal(at(2)) {
		t.Errorf("source: %+v since %v", got, since)
	}
	if got, _ := v.SourceTrouble("other"); !got.None() {
		t.Errorf("another source: %+v", got)
	}
}

func TestLayers(t *testing.T) {
	ratio := sources.Series{Metric: "alb_error_ratio", Resource: "shop"}
	points := []sources.Point{{At: at(0), Value: 0.1}, {At: at(1), Value: 0.2}, {At: at(2), Value: 0.3, Provisional: true}}
	w := window(sample(requests, 0, 1, 1))
	layer := sources.NewLayer()
	layer.Put(ratio, points)
	laid, put := w.View(asSeen(5)), w.View(asSeen(5))
	laid.Lay(layer)
	put.Put(ratio, points)
	for name, v := range map[string]*sources.View{"laid": laid, "put": put} {
		if got := text(v.Points(nil, ratio, at(1), at(9))); got != "1:0.2 2:0.3~ " {
			t.Errorf("%s: %q", name, got)
		}
		newest, _ := v.Newest(ratio)
		settled, _ := v.Settled(ratio)
		if newest.Value != 0.3 || settled.Value != 0.2 {
			t.Errorf("%s: newest %v settled %v", name, newest, settled)
		}
		seen := map[sources.Series]int{}
		v.Each(func(s sources.Series) { seen[s]++ })
		if diff := cmp.Diff(map[sources.Series]int{requests: 1, ratio: 1}, seen); diff != "" {
			t.Errorf("%s: each (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff([]sources.Series{ratio}, v.Of("alb_error_ratio")); diff != "" {
			t.Errorf("%s: of\n%s", name, diff)
		}
	}
	before, ofMetric := laid.Version(ratio), laid.MetricVersion(ratio.Metric)
	layer.Put(ratio, append(points[:2:2], sources.Point{At: at(2), Value: 0.3}))
	if laid.Version(ratio) == before || laid.MetricVersion(ratio.Metric) == ofMetric {
		t.Error("a point settled and the version stayed")
	}
	for service, want := range map[string]bool{"alb": true, "cloudfront": false} {
		if got := laid.Knows(sources.Ref{Service: service, Name: ratio.Resource}); got != want {
			t.Errorf("a view of the %s %s: knows of it %t", service, ratio.Resource, got)
		}
	}
}

// history draws samples of a few series in any order, with revisions and silences.
var history = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sources.Sample {
	metric := rapid.SampledFrom([]string{"alb_requests", "alb_elb_5xx", "asg_desired", "waf_rule_blocked"}).Draw(t, "metric")
	s := sources.Series{Metric: metric, Resource: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "resource")}
	if metric == "waf_rule_blocked" {
		s.Label = rapid.SampledFrom([]string{"rate", "geo"}).Draw(t, "rule")
	}
	minute := rapid.IntRange(0, 15).Draw(t, "minute")
	out := sample(s, minute, float64(minute)+float64(rapid.IntRange(1, 16).Draw(t, "lag"))/2, float64(rapid.IntRange(0, 3).Draw(t, "value")))
	out.None = rapid.IntRange(0, 4).Draw(t, "none") == 0
	return out
}), 0, 60)

// simple reads a dense series in the plainest way: of each period the latest version that the cursor sees.
func simple(all []sources.Sample, s sources.Series, c sources.Cursor) string {
	m, _ := sources.Lookup(s.Metric)
	newest := c.At
	for _, x := range all {
		if c.Truth == sources.AsSettled && x.Seen.After(newest) {
			newest = x.Seen
		}
	}
	var points []sources.Point
	for minute := range 16 {
		var best *sources.Sample
		for i, x := range all {
			visible := !x.Seen.After(c.At)
			if c.Truth == sources.AsSettled {
				visible = !x.At.Add(m.Period).After(c.At)
			}
			if x.Series == s && x.At.Equal(at(float64(minute))) && visible && (best == nil || !x.Seen.Before(best.Seen)) {
				best = &all[i]
			}
		}
		if best != nil {
			points = append(points, sources.Point{At: best.At, Value: best.Value, None: best.None, Provisional: best.At.Add(m.Period + m.Settle).After(newest)})
		}
	}
	return text(points)
}

func TestViewIsThePlainReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := history.Draw(t, "history")
		w := window(all...)
		c := sources.Cursor{At: at(float64(rapid.IntRange(0, 50).Draw(t, "cursor")) / 2), Truth: sources.Truth(rapid.IntRange(0, 1).Draw(t, "truth"))}
		for _, s := range []sources.Series{{Metric: "alb_requests", Resource: "a"}, {Metric: "asg_desired", Resource: "b"}} {
			want := simple(all, s, c)
			v := w.View(c)
			if got := read(v, s); got != want {
				t.Fatalf("%v: %q, want %q", s, got, want)
			}
			checkNewest(t, v, s)
		}
	})
}

// checkNewest holds the short ways against the long one.
func checkNewest(t *rapid.T, v *sources.View, s sources.Series) {
	var newest, settled sources.Point
	for _, p := range v.Points(nil, s, at(-1e4), at(1e4)) {
		newest = p
		if !p.Provisional {
			settled = p
		}
	}
	if got, _ := v.Newest(s); got != newest {
		t.Fatalf("newest %v, want %v", got, newest)
	}
	if got, _ := v.Settled(s); got != settled {
		t.Fatalf("settled %v, want %v", got, settled)
	}
}

// TestApplyInAnyOrder: the order of arrival does not matter, and what is known is not news.
func TestApplyInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := unambiguous(history.Draw(t, "history"))
		shuffled := rapid.Permutation(all).Draw(t, "shuffled")
		a, b := window(all...), window(shuffled...)
		c := asSeen(float64(rapid.IntRange(0, 50).Draw(t, "cursor")) / 2)
		a.View(c).Each(func(s sources.Series) {
			if x, y := read(a.View(c), s), read(b.View(c), s); x != y {
				t.Fatalf("%v: %q and, applied in another order, %q", s, x, y)
			}
			checkNewest(t, a.View(c), s)
		})
		version := a.Version()
		if a.Apply(sources.Batch{Samples: shuffled}) || a.Version() != version {
			t.Fatal("the same samples were news a second time")
		}
	})
}

// unambiguous keeps one of the samples that have both times in common.
func unambiguous(all []sources.Sample) []sources.Sample {
	type key struct {
		s        sources.Series
		at, seen time.Time
	}
	known := map[key]bool{}
	var out []sources.Sample
	for _, s := range all {
		if k := (key{s.Series, s.At, s.Seen}); !known[k] {
			known[k] = true
			out = append(out, s)
		}
	}
	return out
}

// TestVersionTellsOfEveryDifference: while the version is the same, so is the reading.
func TestVersionTellsOfEveryDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(time.Duration(rapid.IntRange(5, 30).Draw(t, "span")) * time.Minute)
		read1 := map[sources.Series]map[uint64]string{}
		whole := map[uint64]string{}
		byMetric := map[string]map[uint64]string{}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			w.Apply(sources.Batch{Samples: history.Draw(t, "history")})
			v := w.View(sources.Cursor{At: at(float64(rapid.IntRange(0, 50).Draw(t, "cursor")) / 2), Truth: sources.Truth(rapid.IntRange(0, 1).Draw(t, "truth"))})
			together := ""
			for _, metric := range []string{"alb_elb_5xx", "alb_requests", "asg_desired", "waf_rule_blocked"} {
				other := len(together)
				for _, s := range v.Of(metric) {
					now, version := read(v, s), v.Version(s)
					together += s.String() + now
					if read1[s] == nil {
						read1[s] = map[uint64]string{}
					}
					if before, ok := read1[s][version]; ok && before != now {
						t.Fatalf("%v: version %d was %q and is %q", s, version, before, now)
					}
					read1[s][version] = now
				}
				all, version := together[other:], v.MetricVersion(metric)
				if byMetric[metric] == nil {
					byMetric[metric] = map[uint64]string{}
				}
				if before, ok := byMetric[metric][version]; ok && before != all {
					t.Fatalf("%s: version %d was %q and is %q", metric, version, before, all)
				}
				byMetric[metric][version] = all
			}
			version := v.Version(sources.Series{})
			if before, ok := whole[version]; ok && before != together {
				t.Fatalf("the whole: version %d was %q and is %q", version, before, together)
			}
			whole[version] = together
		}
	})
}

func TestWindowLetsGo(t *testing.T) {
	w := sources.NewWindow(time.Hour)
	for m := range 600 {
		w.Apply(sources.Batch{Samples: []sources.Sample{sample(requests, m, float64(m)+1, float64(m))}})
	}
	v := w.View(asSeen(700))
	held := v.Points(nil, requests, at(-1e4), at(1e4))
	if n := len(held); n < 60 || n > 76 {
		t.Errorf("%d minutes held of an hour's window", n)
	}
	if w.Apply(sources.Batch{Samples: []sources.Sample{sample(requests, 10, 11, 1)}}) {
		t.Error("what was let go came back")
	}
}

// TestNoNewsTwiceInASmallWindow: what a window let go while it took a batch in is no news the next time.
func TestNoNewsTwiceInASmallWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(time.Duration(rapid.IntRange(1, 10).Draw(t, "span")) * time.Minute)
		b := sources.Batch{Samples: unambiguous(history.Draw(t, "history"))}
		w.Apply(b)
		if w.Apply(b) {
			t.Fatal("the same batch was news a second time")
		}
	})
}

func TestReadingAllocatesNothing(t *testing.T) {
	w := launch(150, 60)
	v := w.View(asSeen(62))
	room := make([]sources.Point, 0, 64)
	var list []sources.Series
	v.Each(func(s sources.Series) { list = append(list, s) })
	n := testing.AllocsPerRun(20, func() {
		for _, s := range list {
			room = v.Points(room[:0], s, at(0), at(60))
			v.Settled(s)
			v.Version(s)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations to read %d series", n, len(list))
	}
}

// launch is so many series over so many minutes, half of them sparse.
func launch(series, minutes int) *sources.Window {
	w := sources.NewWindow(4 * time.Hour)
	for m := range minutes {
		b := sources.Batch{}
		for i := range series {
			s := sources.Series{Metric: "alb_requests", Resource: fmt.Sprint("r", i/2)}
			if i%2 == 1 {
				s.Metric = "alb_elb_5xx"
			}
			b.Samples = append(b.Samples, sample(s, m, float64(m)+1.5, float64(m)), sample(s, m, float64(m)+2.5, float64(m+1)))
		}
		w.Apply(b)
	}
	return w
}

func BenchmarkReadSeries150x60(b *testing.B) {
	v := launch(150, 60).View(asSeen(63))
	var list []sources.Series
	v.Each(func(s sources.Series) { list = append(list, s) })
	room := make([]sources.Point, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range list {
			room = v.Points(room[:0], s, at(0), at(60))
		}
	}
}

func BenchmarkState500(b *testing.B) {
	v := launch(500, 60).View(asSeen(62))
	var list []sources.Series
	v.Each(func(s sources.Series) { list = append(list, s) })
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range list {
			v.State(s)
		}
	}
}

func BenchmarkApplyHourOf500(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		launch(500, 60)
	}
}
