package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// linkedBooks are two runbooks that lead to each other.
var linkedBooks = map[string]string{
	"first": "---\ntitle: The first of two\nfor: [alb]\n---\nWhere it is the second, see [what it says](second.md).\n\n" +
		"```check\nsays: Nobody comes\nexpr: alb_requests < 1\nelse: skip to Further down\n```\n\n```ask\nquestion: Left out?\n```\n\n```ask\nquestion: Left out, too?\n```\n\n" +
		"## Further down\n\n```check\nsays: Still nobody\nexpr: alb_requests < 1\notherwise: It is the second\nelse: runbook second\nsee: third.md\n```\n\n```ask\nquestion: And then?\n```\n",
	"second": "---\ntitle: The second of two\nfor: [alb]\n---\n```ask\nquestion: Back to [the first](first.md)?\n```\n",
	"third":  "---\ntitle: The third of two\nfor: [aurora]\n---\n```ask\nquestion: Is there one?\n```\n",
}

// TestRunbookGoesOnWhereACheckFails: steps are left out up to a heading, or another runbook follows; all of it is recorded,
// and a link leads to another runbook from the page.
func TestRunbookGoesOnWhereACheckFails(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	o.Runbooks = bookshelf(t, linkedBooks)
	synctest.Test(t, func(t *testing.T) {
		clock := sources.NewManualClock(to)
		o.Clock = clock
		a := newArmoury(t, o, f, clock, runbooks.Bounded)
		a.typing("2")
		a.command("runbook first")
		a.reads("else: skip to Further down", "see what it says", "o follow a link")
		a.enter()
		a.reads("step 4 of 5", "→ skip to Further down", "skipped mia", "→ step 1: skip to Further down", "else: runbook second", "see third, o opens it")
		s := a.sessions()[0]
		if len(s.Done) != 3 || s.Done[0].Did != runbooks.Ticked || s.Done[0].Holds || s.Done[1].Did != runbooks.Skipped || s.Done[2].Did != runbooks.Skipped || s.Done[2].Text == "" {
			t.Fatalf("recorded are %+v", s.Done)
		}
		a.enter()
		a.reads("The second of two", "second · alb/prod", "step 4 of first does not hold, so second follows")
		a.command("runbook first")
		a.reads("step 5 of 5", "→ It is the second", "→ runbook second")
		a.typing("o")
		a.reads("follow to which runbook", "second", "The second of two", "third", "The third of two")
		a.typing("th")
		a.enter()
		a.reads("The third of two")
		a.typing("o")
		a.reads("this runbook leads to no other")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		if n := len(a.sessions()); n != 1 {
			t.Errorf("%d runbooks were begun by looking at them", n)
		}
	})
}

// TestBrokenLinkIsTold: the runbook is there all the same.
func TestBrokenLinkIsTold(t *testing.T) {
	b, err := runbooks.Read("first.md", []byte(linkedBooks["first"]), offering)
	if err != nil {
		t.Fatal(err)
	}
	l := &runbooks.Library{}
	l.Add(b)
	err = l.Lost()
	for _, want := range []string{`first.md:5: there is no runbook "second"`, `first.md:27: there is no runbook "second"`, `first.md:28: there is no runbook "third"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if names := b.Leads(); strings.Join(names, " ") != "second third" {
		t.Errorf("it leads to %v", names)
	}
}
