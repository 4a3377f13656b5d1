package tui

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"warroom/sources"
	"warroom/tui/theme"
)

// A first frame of a few words is painted with so few bytes that the link cannot know it for a paint. The screen must
// not wait for one for ever.
func TestSmallFirstFrameDoesNotHoldTheNext(t *testing.T) {
	var mu sync.Mutex
	var written bytes.Buffer
	now := time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	link := newLink(nil, func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return written.Write(p)
	}, func() time.Time { return now })
	dark := theme.New(true, colorprofile.TrueColor)
	p := pace{theme: &dark}

	frame := &Canvas{}
	show := func(text string) {
		frame.Reset(120, 40)
		frame.Text(0, 0, 120, text, theme.Fg(theme.Text))
		p.aim(frame, false)
		p.next(link)
	}
	show("reading")
	if _, err := link.Write([]byte("\x1b[?1049h\x1b[Hreading")); err != nil {
		t.Fatal(err)
	}
	show("the launch")
	if !p.late {
		t.Fatal("the renderer is not waited for at all")
	}
	now = now.Add(paintWithin)
	p.next(link)
	if p.late {
		t.Error("the frame still waits")
	}
	if err := link.Close(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !bytes.Contains(written.Bytes(), []byte("the launch")) {
		t.Errorf("the terminal never got the frame: %q", written.String())
	}
}

// On a busy machine the renderer may begin late: until the screen is the program's own nothing is written beside it,
// for it would stay among the shell's lines. So it is once the screen has been given back.
func TestNothingIsWrittenOnTheShellsScreen(t *testing.T) {
	var mu sync.Mutex
	var written bytes.Buffer
	clock := sources.NewManualClock(time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC))
	link := newLink(nil, func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return written.Write(p)
	}, clock.Now)
	dark := theme.New(true, colorprofile.TrueColor)
	p := pace{theme: &dark}
	frame := &Canvas{}
	show := func(text string) {
		frame.Reset(120, 40)
		frame.Text(0, 0, 120, text, theme.Fg(theme.Text))
		p.aim(frame, false)
		clock.Advance(2 * paintWithin)
		p.next(link)
	}
	show("early")
	show("earlier than the renderer")
	if !p.late {
		t.Error("the frame is not waited for")
	}
	for _, s := range []string{"\x1b[?1049h", "\x1b[?1049l"} {
		if _, err := link.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		show("after " + s[3:])
	}
	if err := link.Close(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	text := written.String()
	if strings.Contains(text, "earl") || !strings.Contains(text, "1049h") || strings.Count(text, "after") != 1 {
		t.Errorf("the terminal got %q", text)
	}
}
