package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
)

// What a scrape is granted, and spared.
const (
	metricsTurn  = 2 * time.Second  // after an address that could not be listened at
	metricsFresh = time.Second      // scrapes closer together than this get the same
	metricsRead  = 10 * time.Second // to whoever asks, and for the answer
)

// expose serves the metrics until ctx ends. One process of those on a machine has the address; a viewer waits for it
// without a word.
func (r *room) expose(ctx context.Context) {
	if r.metrics == "" {
		return
	}
	defer r.hold(ofMetrics, "")
	began := machineNow()
	for ctx.Err() == nil {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", r.metrics)
		if err == nil {
			r.hold(ofMetrics, "")
			err = serveMetrics(ctx, l, &scraper{room: r, began: began})
		}
		if ctx.Err() != nil {
			return
		}
		if r.writer.Load() != nil {
			r.hold(ofMetrics, fmt.Sprintf("no metrics at %s, trying again: %v", r.metrics, unheard(err)))
		}
		pause(ctx, metricsTurn)
	}
}

// unheard is what kept us from listening, without the address, which is told anyway.
func unheard(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}

func serveMetrics(ctx context.Context, l net.Listener, s *scraper) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "warroom: the metrics are at /metrics")
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: metricsRead, ReadTimeout: metricsRead, WriteTimeout: 2 * metricsRead, IdleTimeout: time.Minute,
		MaxHeaderBytes: 1 << 16, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	closing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closing()
	return server.Serve(l)
}

// scraper answers scrapes from a view of its own, as a screen does: it waits for nobody, and nobody for it.
type scraper struct {
	room  *room
	began time.Time // of the process

	mu       sync.Mutex
	window   *sources.Window
	deriver  *query.Deriver
	engine   *query.Engine
	mark     recording.Mark // of what the window has
	register *alerts.Register
	known    recording.Mark // of what the register has: all that ever happened, where the window begins later
	made     time.Time      // when families were made, machine clock
	families []family
}

// family is the samples of one metric.
type family struct {
	name, kind, help string // of a counter without its _total
	lines            []metricLine
}

type metricLine struct {
	labels map[string]string
	value  float64
}

// ServeHTTP writes the text format of Prometheus, or that of OpenMetrics to who asks for it.
func (s *scraper) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	families, err := s.scrape(req.Context())
	if err != nil {
		http.Error(w, sources.Clean("the recording cannot be read: "+err.Error()), http.StatusServiceUnavailable)
		return
	}
	open := strings.Contains(req.Header.Get("Accept"), "application/openmetrics-text")
	kind := "text/plain; version=0.0.4; charset=utf-8"
	if open {
		kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(metricsText(families, open)) // who has gone does not miss it
}

// scrape reads what is new, and makes the families.
func (s *scraper) scrape(ctx context.Context) ([]family, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if machineNow().Sub(s.made) < metricsFresh {
		return s.families, nil
	}
	now := s.room.clock.Now()
	if err := s.read(ctx, now); err != nil {
		return nil, err
	}
	meta := s.room.described()
	view := s.deriver.View(s.window, sources.Cursor{At: now})
	s.families = slices.Concat(s.ofView(ctx, view, &meta.Launch), s.ofAlerts(&meta.Launch, now), s.ofRoom(meta))
	s.made = machineNow()
	return s.families, nil
}

// read goes on with the window and the alerts: from the last look, or from as far back as tiles are judged by.
func (s *scraper) read(ctx context.Context, now time.Time) error {
	if s.window == nil {
		batch, mark, err := s.room.tape.Load(ctx, now.Add(-lookBack), time.Time{}, time.Time{})
		if err != nil && !errors.Is(err, recording.ErrDamaged) {
			return err
		}
		s.window, s.deriver, s.engine, s.mark = sources.NewWindow(lookBack), query.NewDeriver(), query.NewEngine(), mark
		s.register = alerts.NewRegister()
		s.window.Apply(batch)
	} else {
		batch, mark, err := s.room.tape.Since(ctx, s.mark)
		if err != nil {
			return err
		}
		s.mark = mark
		s.window.Apply(batch)
	}
	changes, known, err := s.room.tape.ChangesSince(ctx, s.known)
	if err != nil {
		return err
	}
	s.known = known
	s.register.Take(changes)
	return nil
}

// ofView are the newest settled values of all series that are alive, under the names of the catalogue. What has died is
// left out: Prometheus takes what it is shown for what is.
func (s *scraper) ofView(ctx context.Context, view *sources.View, launch *sources.Launch) (out []family) {
	for _, m := range sources.Metrics() {
		at := time.Time{} // of each series its newest settled period
		if m.Service == "launch" || m.Name == "series_age_seconds" {
			at = view.Cursor().At // made on reading
		}
		results, err := s.engine.Instant(ctx, view, m.Name, at, query.Options{Launch: launch})
		if err != nil {
			continue // of a metric that nobody measures here
		}
		f := family{name: m.Name, kind: "gauge", help: m.Help}
		for _, r := range results {
			age, normal, known := view.Age(r.Series)
			if at.IsZero() && (!known || age > normal+3*m.Period) {
				continue
			}
			f.lines = append(f.lines, metricLine{r.Labels, r.Value})
		}
		if len(f.lines) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// ofAlerts are the alerts that are not over, in the manner of Prometheus' own ALERTS.
func (s *scraper) ofAlerts(launch *sources.Launch, now time.Time) []family {
	f := family{name: "warroom_alerts", kind: "gauge", help: "1 for each alert that is not over, in the state alertstate."}
	began := family{name: "warroom_alert_began_timestamp_seconds", kind: "gauge", help: "When the alert left inactive, on the launch's clock."}
	silenced := family{name: "warroom_alert_silenced", kind: "gauge", help: "1 for each alert that is silenced in the room."}
	for _, a := range s.register.Open(now) {
		labels := maps.Clone(a.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, map[string]string{
			"alertname": a.Rule, "severity": string(a.Severity), "service": a.Resource.Service, "resource": a.Resource.Name,
			"site": launch.Site(a.Resource),
		})
		began.lines = append(began.lines, metricLine{labels, seconds(a.Began)})
		if a.Silence != nil {
			silenced.lines = append(silenced.lines, metricLine{labels, 1})
		}
		stated := maps.Clone(labels)
		stated["alertstate"] = string(a.To)
		f.lines = append(f.lines, metricLine{stated, 1})
	}
	return []family{f, began, silenced}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func oneIf(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// ofRoom is how the room itself is.
func (s *scraper) ofRoom(meta recording.Meta) []family {
	one := func(name, kind, help string, value float64) family {
		return family{name, kind, help, []metricLine{{nil, value}}}
	}
	out := []family{
		{"warroom_build_info", "gauge", "Which build this is.", []metricLine{{map[string]string{"version": buildVersion(), "goversion": runtime.Version()}, 1}}},
		{"warroom_launch_info", "gauge", "Which launch is watched; rehearsal names the scenario of one that is not real.", []metricLine{{
			map[string]string{"launch": meta.Launch.Name, "environment": meta.Environment, "rehearsal": meta.Rehearsal}, 1}}},
		one("process_start_time_seconds", "gauge", "When the process started.", seconds(s.began)),
		one("warroom_recording_bytes", "gauge", "Size of the recording's file, with what is still to be merged into it.", recordedBytes(s.room.tape.Path())),
	}
	writer := s.room.writer.Load()
	out = append(out, one("warroom_lease_held", "gauge", "1 while this process collects, 0 while it watches another one do so.", oneIf(writer != nil)))
	if writer != nil {
		written, dropped := writer.Samples()
		out = append(out,
			one("warroom_recording_failing", "gauge", "1 while nothing can be recorded.", oneIf(writer.Err() != nil)),
			one("warroom_samples_written", "counter", "Samples handed to the recording since this process began to collect.", float64(written)),
			one("warroom_samples_dropped", "counter", "Samples dropped because the disk did not keep up, since this process began to collect.", float64(dropped)))
	}
	return append(out, s.ofReceivers()...)
}

// ofReceivers is how those are who are told of alerts outside of the room.
func (s *scraper) ofReceivers() []family {
	if s.room.outside == nil {
		return nil
	}
	n := s.room.outside.running.Load()
	if n == nil {
		return nil
	}
	up := family{name: "warroom_receiver_up", kind: "gauge", help: "0 while the receiver of alerts fails, 1 otherwise."}
	took := family{name: "warroom_receiver_messages", kind: "counter", help: "Messages that the receiver has taken."}
	failed := family{name: "warroom_receiver_failures", kind: "counter", help: "Attempts to tell the receiver something that failed."}
	waiting := family{name: "warroom_receiver_waiting", kind: "gauge", help: "Messages that the receiver has yet to take."}
	for _, r := range n.Receivers() {
		labels := map[string]string{"receiver": r.Name}
		up.lines = append(up.lines, metricLine{labels, oneIf(r.Trouble.None())})
		took.lines = append(took.lines, metricLine{labels, float64(r.Delivered)})
		failed.lines = append(failed.lines, metricLine{labels, float64(r.Failed)})
		waiting.lines = append(waiting.lines, metricLine{labels, float64(r.Waiting)})
	}
	return []family{up, took, failed, waiting}
}

// recordedBytes is the size of the recording with the log beside it.
func recordedBytes(path string) (size float64) {
	for _, file := range []string{path, path + "-wal"} {
		if info, err := os.Stat(file); err == nil {
			size += float64(info.Size())
		}
	}
	return size
}

// metricsText writes families in Prometheus' text format 0.0.4, or in OpenMetrics 1.0.
func metricsText(families []family, open bool) []byte {
	var b bytes.Buffer
	for _, f := range families {
		if len(f.lines) == 0 {
			continue
		}
		sample, head := f.name, f.name
		if f.kind == "counter" {
			sample += "_total"
		}
		help := escapeHelp.Replace(sources.Clean(f.help))
		if open {
			help = escapeLabel.Replace(sources.Clean(f.help))
		} else {
			head = sample
		}
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", head, help, head, f.kind)
		for _, l := range f.lines {
			b.WriteString(sample)
			writeLabels(&b, l.labels)
			b.WriteString(" " + metricNumber(l.value) + "\n")
		}
	}
	if open {
		b.WriteString("# EOF\n")
	}
	return b.Bytes()
}

var (
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

// writeLabels writes those that have a value, sorted.
func writeLabels(b *bytes.Buffer, labels map[string]string) {
	between := "{"
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if labels[name] == "" {
			continue
		}
		fmt.Fprintf(b, `%s%s="%s"`, between, name, escapeLabel.Replace(strings.ToValidUTF8(labels[name], "\uFFFD")))
		between = ","
	}
	if between == "," {
		b.WriteString("}")
	}
}

func metricNumber(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
