package simulator

import (
	"testing"
	"time"
)

// TestAFlagSwitchesWithinSeconds proves what sets it apart from a changed distribution: all visitors get the maintenance page
// within seconds, and come back as quickly.
func TestAFlagSwitchesWithinSeconds(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	set := func(value string) {
		t.Helper()
		store := l.State().Distributions[0].Store
		etag, err := l.SetKey(store.ARN, FlagKey, value, store.ETag)
		if now := l.State().Distributions[0].Store; err != nil || etag == store.ETag || now.ETag != etag || now.Keys[FlagKey] != value {
			t.Fatalf("%v: %q, %+v", err, etag, now)
		}
	}
	l.Advance(t0.Add(110 * time.Second))
	set(FlagOn)
	l.Advance(t0.Add(230 * time.Second))
	set(FlagOff)
	l.Advance(t0.Add(7 * time.Minute))
	on, off := minute(t, l, 2*time.Minute).Edges[0], minute(t, l, 4*time.Minute).Edges[0]
	if on.MaintenanceRequests == 0 || on.MaintenanceRequests < on.LiveRequests*9 {
		t.Errorf("ten seconds after it was set: %d to maintenance, %d live", on.MaintenanceRequests, on.LiveRequests)
	}
	if off.MaintenanceRequests != 0 || off.LiveRequests == 0 || l.State().Distributions[0].Status != Deployed {
		t.Errorf("ten seconds after it was taken back: %d to maintenance, %d live", off.MaintenanceRequests, off.LiveRequests)
	}
}
