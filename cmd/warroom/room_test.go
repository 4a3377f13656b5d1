package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

var (
	prod   = sources.Resource{Ref: sources.Ref{Service: "alb", Name: "prod"}, ID: "app/prod/1"}
	launch = sources.Launch{Name: "lottery", T0: time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)}
)

// counting is a source that counts how often it is asked, and answers with that number for each resource.
type counting struct {
	mu        sync.Mutex
	resources []sources.Resource
	polls     int
}

func (*counting) Name() string               { return "counting" }
func (*counting) Schedule() sources.Schedule { return sources.Schedule{Every: 10 * time.Second} }

func (c *counting) Poll(_ context.Context, now time.Time) (sources.Reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls++
	var r sources.Reading
	for _, resource := range c.resources {
		r.Samples = append(r.Samples, sources.Sample{
			Series: sources.Series{Metric: "alb_requests", Resource: resource.Name},
			At:     now.Truncate(time.Minute), Seen: now, Value: float64(c.polls),
		})
	}
	return r, nil
}

func (c *counting) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.polls
}

func (c *counting) open(_ context.Context, resources []sources.Resource) ([]sources.Source, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resources = resources
	return []sources.Source{c}, func() {}, nil
}

// tester is a room that runs within a test, on a recording that several may share.
type tester struct {
	*room
	source *counting
	mu     sync.Mutex
	said   []string
	stop   func()
	ended  chan error
}

func roomOn(t *testing.T, path, holder string) *tester {
	t.Helper()
	meta := recording.Meta{Launch: launch, Resources: []sources.Resource{prod}}
	tape, err := openTape(path, meta)
	if err != nil {
		t.Fatal(err)
	}
	tr := &tester{source: &counting{}, ended: make(chan error, 1)}
	tr.room = &room{
		tape: tape, meta: meta, clock: sources.RunningClock{}, holder: holder, open: tr.source.open,
		advanced: func() {}, say: tr.hear, notice: func(text string) { tr.hear("notice: " + text) },
	}
	return tr
}

func (tr *tester) hear(line string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.said = append(tr.said, line)
}

func (tr *tester) heard(part string) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.ContainsFunc(tr.said, func(line string) bool { return strings.Contains(line, part) })
}

// told tells whether exactly this was said.
func (tr *tester) told(line string) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Contains(tr.said, line)
}

func (tr *tester) start() {
	ctx, stop := context.WithCancel(context.Background())
	tr.stop = stop
	go func() { tr.ended <- tr.run(ctx) }()
}

// leave ends the room as a person does.
func (tr *tester) leave(t *testing.T) {
	t.Helper()
	tr.stop()
	if err := <-tr.ended; err != nil {
		t.Errorf("%s left with %v", tr.holder, err)
	}
	if err := tr.tape.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// changes are the texts of all changes that the recording holds.
func changes(t *testing.T, tape *recording.File) []string {
	t.Helper()
	b, _, err := tape.Since(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range b.Changes {
		out = append(out, c.Text)
	}
	return out
}

func contains(lines []string, part string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}

// Only one process asks AWS; the other one watches, says so, and takes over when the first one leaves.
func TestSecondProcessWatchesAndTakesOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		first, second := roomOn(t, path, "mia"), roomOn(t, path, "leo")
		first.start()
		time.Sleep(time.Second)
		if !second.watchesOnly(t.Context()) || first.source.asked() == 0 {
			t.Errorf("the first process does not collect: asked %d times", first.source.asked())
		}
		var news atomic.Int32
		second.advanced = func() { news.Add(1) }
		second.start()
		time.Sleep(time.Minute)
		if second.source.asked() != 0 || !second.heard("viewer: mia collects") {
			t.Errorf("the second process asked %d times and said %q", second.source.asked(), second.said)
		}
		if news.Load() == 0 {
			t.Error("the viewer was never told that something is new")
		}
		first.leave(t)
		time.Sleep(leaseTurn + time.Second)
		if second.source.asked() == 0 || !second.heard("leo took over from mia") {
			t.Errorf("nobody took over: the second process asked %d times and said %q", second.source.asked(), second.said)
		}
		if got := changes(t, second.tape); !contains(got, "mia collects") || !contains(got, "leo took over from mia") {
			t.Errorf("recorded changes: %q", got)
		}
		second.leave(t)
	})
}

// A collector that dies leaves its lease behind; it lapses.
func TestLeaseOfTheDeadLapses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, path, "leo")
		if _, err := tr.tape.Acquire(t.Context(), "the dead", leaseTTL); err != nil {
			t.Fatal(err)
		}
		tr.start()
		time.Sleep(leaseTTL - time.Second)
		if tr.source.asked() != 0 {
			t.Error("collected beside the holder of the lease")
		}
		time.Sleep(leaseTurn + time.Second)
		if tr.source.asked() == 0 {
			t.Error("did not take over from the dead")
		}
		tr.leave(t)
	})
}

// TestLeavingBeforeItHasBegun: a room that is left while it opens its sources ends as any other.
func TestLeavingBeforeItHasBegun(t *testing.T) {
	tr := roomOn(t, filepath.Join(t.TempDir(), "lottery.warroom"), "mia")
	opening := make(chan struct{})
	tr.open = func(ctx context.Context, _ []sources.Resource) ([]sources.Source, func(), error) {
		close(opening)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	tr.start()
	<-opening
	tr.leave(t)
}

// A collector that was stopped, and comes back after another took over, becomes a viewer.
func TestCollectorThatLostItsLeaseWatches(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, path, "mia")
		lease, err := tr.tape.Acquire(t.Context(), "mia", time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		other, err := tr.tape.Acquire(t.Context(), "leo", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- tr.collect(t.Context(), lease, "") }()
		time.Sleep(2 * leaseTurn)
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("collecting ended with %v", err)
			}
		default:
			t.Fatal("it still collects")
		}
		if !tr.heard("this process is a viewer now") {
			t.Errorf("it said %q", tr.said)
		}
		if err := other.Renew(t.Context()); err != nil {
			t.Errorf("the other's lease was taken: %v", err)
		}
		if err := tr.tape.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A recording that cannot be written is told for as long as that is so, and what could not be written then is
// written afterwards.
func TestUnwritableRecordingIsToldUntilItHeals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, path, "mia")
		tr.start()
		time.Sleep(15 * time.Second)
		behind(t, path, `CREATE TRIGGER full BEFORE INSERT ON versions BEGIN SELECT RAISE(ABORT, 'no space left'); END`)
		before := tr.source.asked()
		time.Sleep(20 * time.Second)
		if !tr.heard("notice: not recorded, trying again: ") || !tr.heard("no space left") {
			t.Errorf("it said %q", tr.said)
		}
		if tr.source.asked() == before {
			t.Error("a full disk ended the collecting")
		}
		if tr.told("notice: ") {
			t.Error("the notice was withdrawn too early")
		}
		behind(t, path, `DROP TRIGGER full`)
		missed := float64(tr.source.asked())
		time.Sleep(retryWrites + 2*noticeTurn)
		if !tr.told("notice: ") {
			t.Errorf("the notice was not withdrawn: %q", tr.said)
		}
		newest, err := tr.tape.Newest(t.Context(), tr.clock.Now(), time.Time{})
		if err != nil || !slices.ContainsFunc(newest, func(s sources.Sample) bool { return s.Series.Metric == "alb_requests" && s.Value >= missed }) {
			t.Errorf("what was read meanwhile is not recorded: %v, %v", newest, err)
		}
		tr.leave(t)
	})
}

// behind executes SQL on a recording as another program would.
func behind(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

const oneBalancer = `launch: {name: lottery, t0: 2026-03-01T19:15:00Z}
resources: {alb: {prod: app/prod/1}}
`

// A changed config is taken over while the room goes on; a broken one leaves everything as it was, and the
// room says where it is broken.
func TestConfigIsReloaded(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "warroom.yaml")
	write(t, file, oneBalancer)
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, filepath.Join(folder, "lottery.warroom"), "mia")
		tr.config = watchConfig(file, func(*config) opener { return tr.source.open })
		tr.config.now.Store(&config{})
		tr.remarks = []string{"keys: pause is on ctrl+b, which tmux keeps"}
		tr.start()
		time.Sleep(10 * time.Second)
		write(t, file, oneBalancer+"resorces: {}\n")
		time.Sleep(2 * configTurn)
		if want := file + `:3:1: unknown word "resorces"; did you mean "resources"?`; !contains(changes(t, tr.tape), "the old config stays: "+want) {
			t.Errorf("the broken config is not told: %q", changes(t, tr.tape))
		}
		if want := "notice: config broken, the old one holds: " + file + `:3:1: unknown word "resorces"; did you mean "resources"?`; !tr.heard(want) || tr.told("notice: ") {
			t.Errorf("no notice of the broken config: %q", tr.said)
		}
		before := tr.source.asked()
		time.Sleep(30 * time.Second)
		if tr.source.asked() == before {
			t.Error("a broken config ended the collecting")
		}
		write(t, file, strings.Replace(oneBalancer, "{prod: app/prod/1}", "{prod: app/prod/1, api: app/api/2}", 1)+"keys: {pause: p}\n")
		time.Sleep(30 * time.Second)
		if !contains(changes(t, tr.tape), "keys: pause is on ctrl+b") {
			t.Error("the remark on the keys is not told")
		}
		if !contains(changes(t, tr.tape), "config reloaded: +alb/api; from the next start on: keys") {
			t.Errorf("the new config is not told: %q", changes(t, tr.tape))
		}
		if !tr.told("notice: ") {
			t.Errorf("the notice of the broken config is not withdrawn: %q", tr.said)
		}
		meta, err := tr.tape.Meta(t.Context())
		if err != nil || len(meta.Resources) != 2 {
			t.Errorf("the recording knows %d resources, want 2 (%v)", len(meta.Resources), err)
		}
		newest, err := tr.tape.Newest(t.Context(), tr.clock.Now(), time.Time{})
		if err != nil || !slices.ContainsFunc(newest, func(s sources.Sample) bool { return s.Series.Resource == "api" }) {
			t.Errorf("nothing is collected for the new resource (%v)", err)
		}
		tr.leave(t)
	})
}

// Changed rules are taken over while the room goes on; broken ones leave those that hold.
func TestRulesAreReloaded(t *testing.T) {
	folder := t.TempDir()
	file, rules := filepath.Join(folder, "warroom.yaml"), filepath.Join(folder, "rules.yaml")
	write(t, rules, "groups: [{name: a, rules: [{alert: Ours, expr: alb_error_ratio > 0.1}]}]")
	write(t, file, oneBalancer+"alerts: {rules: [rules.yaml]}\n")
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, filepath.Join(folder, "lottery.warroom"), "mia")
		tr.config = watchConfig(file, func(*config) opener { return tr.source.open })
		c, err := loadConfig(file)
		if err != nil {
			t.Fatal(err)
		}
		tr.config.now.Store(c)
		tr.rules = tr.config.rules
		expr := func() string {
			by, err := tr.judgedBy()
			if err != nil {
				t.Fatal(err)
			}
			return by.Alerts[slices.Index(by.Names(), "Ours")].Expr
		}
		tr.start()
		time.Sleep(10 * time.Second)
		if contains(changes(t, tr.tape), "config reloaded") {
			t.Error("what has not changed is reloaded")
		}
		write(t, rules, "groups: [{name: a, rules: [{alert: Ours, expr: alb_eror_ratio > 0.25}]}]")
		time.Sleep(2 * configTurn)
		if want := rules + `:1: alert Ours at column 1: unknown metric "alb_eror_ratio"; did you mean "alb_error_ratio"?`; !contains(changes(t, tr.tape), "the old config stays: "+want) || !tr.heard("the old one holds: "+want) {
			t.Errorf("the broken rules are not told: %q", changes(t, tr.tape))
		}
		if got := expr(); got != "alb_error_ratio > 0.1" {
			t.Errorf("judged by %s", got)
		}
		write(t, rules, "groups: [{name: a, rules: [{alert: Ours, expr: alb_error_ratio > 0.125}]}]")
		time.Sleep(2 * configTurn)
		if got := expr(); got != "alb_error_ratio > 0.125" || !contains(changes(t, tr.tape), "config reloaded: the same resources as before") {
			t.Errorf("judged by %s: %q", got, changes(t, tr.tape))
		}
		tr.leave(t)
	})
}

// A config that has vanished is told until it is back, the same as before or another; one that an editor takes away
// for a moment is not.
func TestVanishedConfigIsNoticed(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "warroom.yaml")
	write(t, file, oneBalancer)
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, filepath.Join(folder, "lottery.warroom"), "mia")
		tr.config = watchConfig(file, func(*config) opener { return tr.source.open })
		tr.config.now.Store(&config{})
		tr.start()
		time.Sleep(10*time.Second + configTurn/2)
		move(t, file, file+".aside")
		time.Sleep(configTurn)
		move(t, file+".aside", file)
		time.Sleep(10 * time.Second)
		if tr.heard("notice: ") {
			t.Errorf("notice of an editor: %q", tr.said)
		}
		move(t, file, file+".aside")
		time.Sleep(3 * configTurn)
		if gone := "notice: config gone, the old one holds: " + file; !tr.told(gone) || tr.told("notice: ") {
			t.Errorf("no notice of the vanished config: %q", tr.said)
		}
		move(t, file+".aside", file)
		time.Sleep(2 * configTurn)
		if !tr.told("notice: ") {
			t.Errorf("the notice is not withdrawn: %q", tr.said)
		}
		tr.leave(t)
	})
}

// A panic in any goroutine of the room ends the room as an error does, and gives the lease back.
func TestPanicEndsTheRoom(t *testing.T) {
	for name, spoil := range map[string]func(*tester, string){
		"told of something new": func(tr *tester, _ string) {
			var news atomic.Int32
			tr.advanced = func() {
				if news.Add(1) > 1 { // the first is told by the loop itself
					panic("boom")
				}
			}
		},
		"saying who collects": func(tr *tester, _ string) { tr.say = func(string) { panic("boom") } },
		"losing the lease": func(tr *tester, _ string) {
			tr.say = func(text string) {
				if strings.Contains(text, "took the lease over") {
					panic("boom")
				}
			}
		},
		"giving notice": func(tr *tester, _ string) { tr.notice = func(string) { panic("boom") } },
		"opening what a changed config names": func(tr *tester, file string) {
			tr.config.open = func(*config) opener { panic("boom") }
			write(t, file, oneBalancer+"environment: PROD\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file, path := filepath.Join(folder, "warroom.yaml"), filepath.Join(folder, "lottery.warroom")
			write(t, file, oneBalancer)
			synctest.Test(t, func(t *testing.T) {
				tr := roomOn(t, path, "mia")
				tr.config = watchConfig(file, func(*config) opener { return tr.source.open })
				tr.config.now.Store(&config{})
				spoil(tr, file)
				tr.start()
				time.Sleep(5*time.Second + followTurn/3) // when the room does not write
				if name == "losing the lease" {
					behind(t, path, `UPDATE lease SET holder = 'leo', fence = fence + 1`)
				}
				if name == "giving notice" {
					move(t, file, file+".aside")
				}
				time.Sleep(20 * time.Second)
				select {
				case err := <-tr.ended:
					if err == nil || !strings.Contains(err.Error(), "the room panicked: boom") {
						t.Errorf("it ended with %v", err)
					}
				default:
					t.Fatal("it goes on")
				}
				if name != "losing the lease" && name != "saying who collects" && tr.watchesOnly(t.Context()) {
					t.Error("the lease was not given back")
				}
				tr.stop()
				if err := tr.tape.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A lease that is lost after a reload and comes back finds the account of the new config open, not that of the old.
func TestReloadedConfigOutlivesTheLease(t *testing.T) {
	folder := t.TempDir()
	file, path := filepath.Join(folder, "warroom.yaml"), filepath.Join(folder, "lottery.warroom")
	write(t, file, oneBalancer)
	synctest.Test(t, func(t *testing.T) {
		var opened []string
		tr := roomOn(t, path, "mia")
		inRegion := func(c *config) opener {
			return func(ctx context.Context, resources []sources.Resource) ([]sources.Source, func(), error) {
				opened = append(opened, c.AWS.Region)
				return tr.source.open(ctx, resources)
			}
		}
		tr.config = watchConfig(file, inRegion)
		tr.config.now.Store(&config{AWS: account{Region: "eu-west-1"}})
		tr.open = inRegion(tr.config.now.Load())
		tr.start()
		time.Sleep(5 * time.Second)
		write(t, file, oneBalancer+"aws: {region: eu-north-1}\n")
		time.Sleep(5*time.Second + followTurn/3) // when the room does not write
		behind(t, path, `UPDATE lease SET holder = 'leo', fence = fence + 1`)
		time.Sleep(leaseTTL + 2*leaseTurn)
		if !tr.heard("this process is a viewer now") || !tr.heard("mia took over from leo") {
			t.Errorf("the lease did not come back: %q", tr.said)
		}
		// However often: a file that is seen half written is read twice.
		if len(opened) < 3 || opened[0] != "eu-west-1" || slices.Contains(opened[1:], "eu-west-1") {
			t.Errorf("opened %q, want eu-west-1 and, from the reload on, eu-north-1 alone, for the lease that came back too", opened)
		}
		tr.leave(t)
	})
}

// What is printed each minute says the launch's time while a reload replaces the launch; the race detector looks on.
func TestReloadWhileMinutesArePrinted(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "warroom.yaml")
	write(t, file, oneBalancer)
	tr := roomOn(t, filepath.Join(folder, "lottery.warroom"), "mia")
	now := sources.RunningClock{}.Now()
	tr.clock = sources.ResumeClock(now, now, 60_000) // a minute in a millisecond
	tr.config = watchConfig(file, func(*config) opener { return tr.source.open })
	tr.config.now.Store(&config{})
	stdout, _, p := caught(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*configTurn)
	defer stop()
	write(t, file, strings.Replace(oneBalancer, "19:15", "20:15", 1)+"environment: PROD\n")
	if err := p.headless(ctx, tr.room); err != nil {
		t.Error(err)
	}
	if !strings.Contains(stdout.String(), "config reloaded") {
		t.Error("nothing was reloaded")
	}
	if err := tr.tape.Close(); err != nil {
		t.Error(err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// What several causes have to say stands together, and the rest stays when one of them has healed.
func TestNoticesStandTogether(t *testing.T) {
	var told []string
	r := &room{notice: func(text string) { told = append(told, text) }}
	r.hold(ofConfig, "config broken")
	r.hold(ofWriting, "not recorded")
	r.hold(ofWriting, "not recorded")
	r.hold(ofWriting, "")
	r.hold(ofLease, "")
	r.hold(ofConfig, "")
	if want := []string{"config broken", "not recorded; config broken", "config broken", ""}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestRelative(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "T+00:00:00", -250 * time.Second: "T-00:04:10", 73*time.Hour + 2*time.Second: "T+73:00:02", -time.Millisecond: "T+00:00:00",
	} {
		if got := relative(d); got != want {
			t.Errorf("relative(%v) = %s, want %s", d, got, want)
		}
	}
}
