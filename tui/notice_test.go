package tui_test

import (
	"testing"
	"time"

	"warroom/tui"
)

func TestNoticeAboutTheRoom(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	for _, size := range [][2]int{{120, 40}, {80, 24}, {60, 15}} {
		term := start(t, o, size[0], size[1])
		term.see("LIVE")
		term.program.Send(tui.NoticeMsg{Text: "not recorded: disk full", Bad: true})
		term.see("✖ not recorded: disk full")
		term.program.Send(tui.NoticeMsg{})
		term.gone("disk full")
		term.stop()
	}
}
