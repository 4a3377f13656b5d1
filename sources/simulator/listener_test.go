package simulator

import (
	"testing"
	"time"
)

// TestAListenerThatAnswersItselfLetsTheFleetRest proves what a 503 of the listener's own does: nothing reaches the fleet,
// visitors see the errors at once, and they are back as soon as it forwards again.
func TestAListenerThatAnswersItselfLetsTheFleetRest(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	l.Advance(t0.Add(2 * time.Minute))
	if err := l.SetFixed("web", FixedResponse{Body: "sorry"}); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(6 * time.Minute))
	if err := l.SetWeights("web", Weight{"web", 100}); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(12 * time.Minute))
	before, during, after := minute(t, l, 0), minute(t, l, 4*time.Minute), minute(t, l, 10*time.Minute)
	if b := during.Balancers[0]; b.Requests != 0 || b.ELB503 == 0 || during.Audience.Registrations != 0 || during.Edges[0].Status503 == 0 {
		t.Errorf("while it answers itself: %d requests of the fleet, %d 503s, %d registrations", b.Requests, b.ELB503, during.Audience.Registrations)
	}
	if idle, busy := during.Groups[0].CPU.Mean, before.Groups[0].CPU.Mean; idle > busy/2 {
		t.Errorf("the fleet's processors: %.2f, %.2f before", idle, busy)
	}
	if b := after.Balancers[0]; b.Requests < before.Balancers[0].Requests/2 || b.ELB503 != 0 {
		t.Errorf("after it: %d requests, %d 503s", b.Requests, b.ELB503)
	}
}
