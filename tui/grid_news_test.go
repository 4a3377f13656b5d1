package tui

import (
	"strings"
	"testing"

	"warroom/sources"
)

// Changes that say the same of the same resource within a minute are one line; others keep theirs.
func TestChangesAlikeAreOneLine(t *testing.T) {
	st := newStage(t)
	for i, id := range []string{"i-1", "i-2", "i-3"} {
		st.change(5+float64(i)/10, sources.ChangeScaling, "asg", "web", "", "Launching a new EC2 instance: "+id)
	}
	st.change(5.4, sources.ChangeScaling, "asg", "web", "", "Terminating EC2 instance: i-0")
	st.change(5.5, sources.ChangeNote, "", "", "mia", "first")
	st.change(5.6, sources.ChangeNote, "", "", "mia", "second")
	st.change(9, sources.ChangeScaling, "asg", "web", "", "Launching a new EC2 instance: i-4")
	var got []string
	for _, it := range changes(st.scene(120, 40), 9) {
		got = append(got, it.what+": "+it.text)
	}
	want := []string{
		"web scaling: Launching a new EC2 instance: i-4",
		"note by mia: second",
		"note by mia: first",
		"web scaling: Terminating EC2 instance: i-0",
		"web scaling: Launching a new EC2 instance: i-3, and 2 more",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("news:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What needs a person stands before what merely happened, the worst first.
func TestTroubleComesFirst(t *testing.T) {
	s := newStage(t).trouble().scene(120, 40)
	p := NewPainter()
	p.Grid(s)
	items := p.troubles(s)
	if len(items) != 4 || items[0].level != LevelPage || items[0].about(40) != "load balancer prod page" {
		t.Errorf("troubles %+v", items)
	}
}
