//go:build e2e

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// pane is a real tmux of its own, without anybody's configuration, in which keys are typed and the screen is
// read back. A machine without tmux fails these tests.
type pane struct {
	t      *testing.T
	socket string
}

// prompt is the shell's, on a line of its own; tmux leaves out blanks at the end of a line.
const prompt = `(?m)^\$$`

// openPane runs a shell in a tmux of the given size.
func openPane(t *testing.T, columns, rows int) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatalf("these tests need tmux: %v", err)
	}
	p := &pane{t: t, socket: fmt.Sprintf("warroom-e2e-%d-%d", os.Getpid(), time.Now().UnixNano())}
	t.Cleanup(func() { _ = exec.Command("tmux", "-L", p.socket, "kill-server").Run() })
	p.tmux("-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "env PS1='$ ' sh")
	p.until(prompt)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// press types keys by their tmux names.
func (p *pane) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys", "-t", "s:"}, keys...)...)
}

// enter types a line into the shell.
func (p *pane) enter(line string) {
	p.t.Helper()
	p.tmux("send-keys", "-t", "s:", "-l", line)
	p.press("Enter")
}

// screen is what stands on it.
func (p *pane) screen() string { p.t.Helper(); return p.tmux("capture-pane", "-p", "-t", "s:") }

// eventually looks again and again until the screen is as wanted.
func (p *pane) eventually(what string, good func(screen string) bool) string {
	p.t.Helper()
	deadline := time.NewTimer(time.Minute) // machines are shared
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		screen := p.screen()
		if good(screen) {
			return screen
		}
		select {
		case <-deadline.C:
			p.t.Fatalf("%s did not come to pass; the screen is\n%s", what, strings.TrimRight(screen, "\n"))
		case <-again.C:
		}
	}
}

// until waits for the screen to match.
func (p *pane) until(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	return p.eventually(pattern, re.MatchString)
}

// gone waits for the screen not to match any more.
func (p *pane) gone(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	return p.eventually("that "+pattern+" is gone", func(s string) bool { return !re.MatchString(s) })
}

// restored checks that the terminal is as a shell needs it.
func (p *pane) restored() {
	p.t.Helper()
	p.enter("stty -a | tr ';' '\\n' | grep -c -w -e '-icanon' -e '-echo' -e '-opost'; echo $((6*7))back")
	p.until(`(?m)^(\$ )?0\n42back$`)
	if got := p.tmux("display-message", "-p", "-t", "s:", "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{pane_dead}"); got != "0 1 0 0\n" {
		p.t.Errorf("alternate screen, cursor, mouse, dead: %q, want 0 1 0 0", got)
	}
}

// built is the program, built once for all tests of this file.
func built(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "warroom")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// launchTime is the T± in line 1.
var launchTime = regexp.MustCompile(`T[-+]\d\d:\d\d:\d\d`)

func TestRehearsalAndReplayInTmux(t *testing.T) {
	binary := built(t)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {120, 40}, {200, 60}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			p := openPane(t, size.columns, size.rows)
			file := filepath.Join(t.TempDir(), "r.warroom")
			p.enter(binary + " rehearse --speed 40 --recording " + file)
			rehearsalIsSeen(p)
			pausesAndGoesOn(p)
			opensPages(p)
			p.until(`T\+00:0[2-9]`) // the replay goes to the minute after T0
			p.press("q")
			p.until(`The rehearsal is recorded\.`)
			p.restored()
			isOneFile(t, file)
			replayIsSeen(p, binary, file)
			p.restored()
		})
	}
}

func rehearsalIsSeen(p *pane) {
	p.t.Helper()
	p.until(`REHEARSAL.*T-00:0`)
	p.until(`\d registrations/min`)
	p.until(`\d %? ?hit ratio`)
	screen := p.until(`REHEARSAL.*T\+00:0`)
	for _, tile := range []string{"audience", "cdn", "waf", "load balancer", "fleet", "aurora"} {
		if !strings.Contains(screen, tile) {
			p.t.Errorf("no tile of the %s:\n%s", tile, screen)
		}
	}
	p.until(`warn|page`) // the surge arrives, and a tile turns
}

// pausesAndGoesOn sees that the shown time stands, while collecting goes on, and moves again.
func pausesAndGoesOn(p *pane) {
	p.t.Helper()
	p.press("Space")
	stood := launchTime.FindString(p.until(`PAUSED`))
	p.press("?") // two pages later no time has passed on the screen
	p.until(`rebound`)
	p.press("Escape")
	if now := launchTime.FindString(p.gone(`rebound`)); now != stood || now == "" {
		p.t.Errorf("the time went on from %q to %q while paused", stood, now)
	}
	p.press("Left")
	p.eventually("10 s back", func(s string) bool { t := launchTime.FindString(s); return t != stood && t != "" })
	p.press("L")
	p.gone(`PAUSED`)
	p.eventually("time goes on", func(s string) bool { return launchTime.FindString(s) > stood })
}

func opensPages(p *pane) {
	p.t.Helper()
	p.press("4")
	p.until(`alb_latency_p95_seconds|load balancer web.*app/web`)
	p.press("Escape")
	p.until(`hit ratio`)
	p.press("Enter")
	p.until(`Esc back`)
	p.press("Escape")
	p.until(`hit ratio`)
	p.press("T")
	p.until(`changes and marks`)
	p.press("Escape")
	p.gone(`changes and marks`) // a key right behind Escape would be one with Alt
	p.press("/")
	p.enter("fleet")
	p.gone(`hit ratio`)
	p.press("Escape")
	p.until(`hit ratio`)
	p.press("+")
	p.enter("ad break moved")
	p.until(`ad break moved`)
}

func isOneFile(t *testing.T, file string) {
	t.Helper()
	names, err := filepath.Glob(file + "*")
	if err != nil || len(names) != 1 {
		t.Errorf("after leaving there are %q (%v)", names, err)
	}
}

func replayIsSeen(p *pane, binary, file string) {
	p.t.Helper()
	p.enter("clear; " + binary + " replay " + file + " --at T-1m")
	p.until(`REPLAY.*T-00:01:00`)
	p.until(`\d registrations/min`)
	p.press("Space")
	p.gone(`T-00:01:00`)
	p.press("J")
	p.enter("T+1m")
	p.until(`T\+00:01:0`)
	p.press("T")
	p.until(`ad break moved`)
	p.press("q")
	p.until(prompt + `\s*$`)
}

// A screen that changes its size is drawn anew in the new size, with nothing left of the old one.
func TestResizeInTmux(t *testing.T) {
	binary := built(t)
	p := openPane(t, 200, 60)
	p.enter(binary + " rehearse --speed 20 --recording " + filepath.Join(t.TempDir(), "r.warroom"))
	p.until(`\d registrations/min`)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {120, 40}, {60, 18}, {40, 10}, {200, 60}, {100, 30}} {
		p.tmux("resize-window", "-t", "s:", "-x", fmt.Sprint(size.columns), "-y", fmt.Sprint(size.rows))
		p.eventually(fmt.Sprintf("%dx%d", size.columns, size.rows), func(s string) bool {
			lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
			return launchTime.MatchString(lines[0]) && strings.Count(s, "REHEARSAL") <= 4 && whole(lines, size.columns)
		})
	}
	p.press("q")
	p.until(`The rehearsal is recorded\.`)
	p.restored()
}

// whole tells whether no tile is cut: every box that is opened in a line is closed in it.
func whole(lines []string, columns int) bool {
	for _, line := range lines {
		if len([]rune(line)) > columns || strings.Count(line, "╭") != strings.Count(line, "╮") || strings.Count(line, "╰") != strings.Count(line, "╯") {
			return false
		}
	}
	return true
}

// Whatever ends the program, the terminal is given back.
func TestTerminalIsRestoredInTmux(t *testing.T) {
	binary := built(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			p := openPane(t, 80, 24)
			file := filepath.Join(t.TempDir(), "r.warroom")
			p.enter(binary + " rehearse --recording " + file)
			p.until(`\d registrations/min`)
			kill(t, collector(t, binary, file), signal)
			p.until(`The rehearsal is recorded\.`)
			p.restored()
			isOneFile(t, file)
		})
	}
}

// Ctrl+Z gives the terminal back to the shell, and fg the whole screen to the program.
func TestSuspendedInTmux(t *testing.T) {
	p := openPane(t, 120, 40)
	p.enter("set -m; " + built(t) + " rehearse")
	p.until("REHEARSAL(?s:.*)aurora")
	p.press("C-z")
	p.until("(?i)stopped|suspended")
	p.restored()
	p.enter("fg")
	p.until("REHEARSAL(?s:.*)1 audience(?s:.*)6 aurora(?s:.*)leave")
	p.press("q")
	p.until(prompt)
	p.restored()
}

// A program that is killed leaves a recording that the next one goes on with, at once, also with what an operator had changed
// in the simulated site.
func TestKilledRehearsalGoesOnInTmux(t *testing.T) {
	binary := built(t)
	p := openPane(t, 120, 40)
	file := filepath.Join(t.TempDir(), "r.warroom")
	p.enter(binary + " rehearse --speed 20 --recording " + file)
	p.until(`T\+00:0`)
	raised(p)
	first := collector(t, binary, file)
	kill(t, first, syscall.SIGKILL)
	p.until(`Killed`)
	p.press("C-j") // the terminal is as the killed program left it
	p.tmux("send-keys", "-t", "s:", "-l", "stty sane; tput rmcup; clear; "+binary+" rehearse --recording "+file)
	p.press("C-j")
	p.until(`REHEARSAL.*T\+00:`)
	p.until(`\d registrations/min`)
	p.eventually("the new process collects", func(string) bool { pid := collecting(binary, file); return pid != 0 && pid != first })
	p.until(`5 fleet web.*ok`)
	p.types(":actions")
	p.press("Enter")
	p.until(`fleet web: .*min 10 → 14`)
	p.press("u")
	p.until(`min +14 → 10`)
	p.press("Escape")
	p.gone(`PLAN`)
	p.press("q")
	p.until(`The rehearsal is recorded\.`)
	isOneFile(t, file)
}

// raised raises the fleet by four instances, and waits until AWS has it.
func raised(p *pane) {
	p.t.Helper()
	p.types(":arm")
	p.press("Enter")
	p.until(`ARMED`)
	p.press("5")
	p.until(`5 fleet web`)
	p.press("c")
	p.until(`capacity of asg/web`)
	p.types("desired +4")
	p.press("Enter")
	p.until(`min +10 → 14`) // whatever scales by itself leaves that alone
	time.Sleep(cardsPause)
	p.press("y")
	p.gone(`PLAN`)
	p.types(":actions")
	p.press("Enter")
	p.until(`(done|worked) ✔ .*fleet web: `)
}

// A second screen on the same recording says that it only watches, sees what the first one records and what is
// noted there, and collects when the first one is killed.
func TestViewerInTmux(t *testing.T) {
	binary := built(t)
	file := filepath.Join(t.TempDir(), "r.warroom")
	first, second := openPane(t, 120, 40), openPane(t, 120, 40)
	first.enter(binary + " rehearse --speed 20 --operator mia --recording " + file)
	first.until(`\d registrations/min`)
	second.enter(binary + " rehearse --operator leo --recording " + file)
	second.until(`viewer`)
	second.until(`\d registrations/min`)
	first.press("+")
	first.enter("ad break moved")
	second.until(`ad break moved`)
	kill(t, collector(t, binary, file), syscall.SIGKILL)
	first.until(`Killed`)
	second.until(`leo@.* took over from mia@`)
	second.gone(`viewer`)
	second.press("q")
	second.until(`The rehearsal is recorded\.`)
	isOneFile(t, file)
}

// A recording that cannot be written is seen on the screen until it can.
func TestUnwritableRecordingIsSeenInTmux(t *testing.T) {
	binary := built(t)
	file := filepath.Join(t.TempDir(), "r.warroom")
	p := openPane(t, 120, 40)
	p.enter(binary + " rehearse --speed 20 --recording " + file)
	p.until(`\d registrations/min`)
	behind(t, file, `CREATE TRIGGER full BEFORE INSERT ON versions BEGIN SELECT RAISE(ABORT, 'no space left'); END`)
	p.until(`not recorded, trying again`)
	behind(t, file, `DROP TRIGGER full`)
	p.gone(`not recorded`)
	p.press("q")
	p.until(`The rehearsal is recorded\.`)
	p.restored()
}

// collector is the process that collects into the recording, as the program itself tells it.
func collector(t *testing.T, binary, file string) int {
	t.Helper()
	pid := collecting(binary, file)
	if pid == 0 {
		t.Fatal("nobody collects")
	}
	return pid
}

var processNumber = regexp.MustCompile(`"collector": ".*, process (\d+)"`)

func collecting(binary, file string) int {
	out, _ := exec.Command(binary, "status", "--json", file).Output() // the exit code tells how the tiles stand
	found := processNumber.FindSubmatch(out)
	if found == nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(found[1]))
	return pid
}

func kill(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

// A screen that is only ever changed where it differs is the same as one that is painted anew: nothing is left of what
// stood there before.
func TestNoResidueInTmux(t *testing.T) {
	binary := built(t)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {120, 40}, {200, 60}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			p := openPane(t, size.columns, size.rows)
			file := filepath.Join(t.TempDir(), "r.warroom")
			p.enter(binary + " rehearse --speed 60 --recording " + file)
			p.until(`\d registrations/min`)
			for range 3 {
				p.wander()
			}
			p.until(`REHEARSAL.*T\+00:0[4-9]`)
			p.press("q")
			p.until(`The rehearsal is recorded\.`)
			p.enter("clear; " + binary + " replay " + file + " --at T+1m")
			p.until(`REPLAY.*T\+00:01:00`)
			for range 3 {
				p.wander()
			}
			p.press("J")
			p.enter("T+4m")
			p.until(`T\+00:04:00`)
			before := p.settled()
			p.press("C-l")
			if after := p.settled(); after != before {
				t.Errorf("painted anew it is another screen; before\n%s\nafter\n%s", before, after)
			}
			p.press("q")
			p.until(prompt + `\s*$`)
		})
	}
}

// A pane that grew while the screen was up has nothing of it in front of the prompt afterwards.
func TestNoResidueOfAPaneThatGrew(t *testing.T) {
	p := openPane(t, 120, 40)
	p.enter(built(t) + " rehearse --recording " + filepath.Join(t.TempDir(), "r.warroom"))
	p.until(`REHEARSAL`)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {200, 60}} {
		p.tmux("resize-window", "-t", "s:", "-x", fmt.Sprint(size.columns), "-y", fmt.Sprint(size.rows))
		p.eventually("the screen at its new size", func(screen string) bool {
			return slices.ContainsFunc(strings.Split(screen, "\n"), func(line string) bool {
				return strings.HasSuffix(line, "╯") && utf8.RuneCountInString(line) == size.columns
			})
		})
	}
	p.press("q")
	left := p.until(`The rehearsal is recorded\.`)
	if i := strings.IndexAny(left, "╭╰│─"); i >= 0 {
		t.Errorf("rows of the screen are left:\n%s", left)
	}
}

// wander opens pages, tiles and overlays, and goes through time, as fast as a hand does.
func (p *pane) wander() {
	p.t.Helper()
	for _, key := range []string{"4", "Escape", "T", "Escape", "?", "Escape", "Tab", "Enter", "Escape", "1", "Right", "Escape", "S-Left", "Left", ".", "x", "x", "]", "["} {
		p.press(key)
		<-time.After(60 * time.Millisecond) // a key right behind Escape would be one with Alt
	}
	p.press("L")
}

// settled is the screen once it stays the same for a second.
func (p *pane) settled() string {
	p.t.Helper()
	last, same := "", 0
	return p.eventually("a screen that stands", func(s string) bool {
		if same++; s != last {
			last, same = s, 0
		}
		return same >= 20
	})
}
