package tui_test

import (
	"testing"
	"time"

	"warroom/sources"
	"warroom/tui"
)

// A launch whose config was changed while it is watched is shown as it is now, in every process that watches.
func TestChangedMetaIsShown(t *testing.T) {
	options, tape, clock := live(t, launchMeta().Launch.T0.Add(10*time.Minute))
	term := start(t, options, 120, 40)
	term.see("load balancer")
	meta := launchMeta()
	meta.Environment = "STAGING"
	meta.Resources = append(meta.Resources, sources.Resource{Ref: sources.Ref{Service: "alb", Name: "annex"}, ID: "app/annex/1"})
	if err := tape.SetMeta(t.Context(), meta); err != nil {
		t.Fatal(err)
	}
	told := sources.Change{At: clock.Now(), Seen: clock.Now(), Kind: sources.ChangeRoom, Actor: "room", Text: "config reloaded: +alb/annex"}
	if _, err := tape.AppendChange(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	term.program.Send(tui.AdvancedMsg{})
	term.see("STAGING", "load balancer annex", "config reloaded: +alb/annex")
}
