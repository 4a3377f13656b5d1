package tui

import (
	"testing"

	"warroom/alerts"
)

// TestWhatReceiversWereToldIsNoNews: what went out of the room stands in the timeline, and takes no place on the grid.
func TestWhatReceiversWereToldIsNoNews(t *testing.T) {
	quiet, told := newStage(t).calm(), newStage(t).calm()
	told.change(1, alerts.ChangeDelivery, "alb", "prod", "room", "pager was told: OriginErrors firing")
	if a, b := NewPainter().Grid(quiet.scene(200, 60)), NewPainter().Grid(told.scene(200, 60)); a != b {
		t.Errorf("the grid says it:\n%s", b)
	}
}
