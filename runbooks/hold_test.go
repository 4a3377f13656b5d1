package runbooks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

// TestAHeldTargetIsHeldForOthers: by hand, by whoever holds it, until it is released or has lapsed.
func TestAHeldTargetIsHeldForOthers(t *testing.T) {
	h := newHouse(t)
	ada, leo, again := h.process("ada"), h.process("leo"), h.process("Ada ")
	acl := h.limit(500).Resource
	if err := ada.Hold(t.Context(), acl, "counting first\x1b[2J"); err != nil {
		t.Fatal(err)
	}
	var held *runbooks.HandHeldError
	if err := leo.Hold(t.Context(), acl, ""); !errors.As(err, &held) || held.Hold.Actor != "ada" {
		t.Errorf("held twice: %v", err)
	}
	err := leo.confirm(leo.mustPlan(h.limit(500)))
	if !errors.As(err, &held) || !strings.Contains(err.Error(), "held by ada since") || !strings.Contains(err.Error(), "counting first") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
	if all, _ := h.sent(); all != 0 {
		t.Fatalf("%d changes were sent", all)
	}
	again.do(h.limit(500)) // the same person at another process
	if from, err := leo.Release(t.Context(), acl); err != nil || from != "ada" {
		t.Errorf("%q, %v", from, err)
	}
	if _, err := leo.Release(t.Context(), acl); err == nil {
		t.Error("released twice")
	}
	h.machine.Advance(time.Minute)
	ada.until(again.lastRun().Plan.ID, runbooks.Judged)
	leo.do(h.limit(600))
}

func (p *process) lastRun() runbooks.Run {
	p.house.t.Helper()
	r, ok := lastOf(p.house.t.(*testing.T), p)
	if !ok {
		p.house.t.Fatal("there is no run")
	}
	return r
}

// TestAForgottenHoldLapses, and one that two have taken at once is of the first; a clock that was set back prolongs none.
func TestAForgottenHoldLapses(t *testing.T) {
	h := newHouse(t)
	ada, leo := h.process("ada"), h.process("leo")
	acl := h.limit(500).Resource
	if err := ada.Hold(t.Context(), acl, ""); err != nil {
		t.Fatal(err)
	}
	h.machine.Advance(runbooks.HoldFor + time.Second)
	if err := leo.Hold(t.Context(), acl, ""); err != nil {
		t.Errorf("after its time: %v", err)
	}
	var held *runbooks.HandHeldError
	if err := ada.Hold(t.Context(), acl, ""); !errors.As(err, &held) || held.Hold.Actor != "leo" {
		t.Errorf("%v", err)
	}
	h.machine.Advance(-2 * runbooks.HoldFor)
	if err := ada.Hold(t.Context(), acl, ""); err != nil {
		t.Errorf("with a clock that was set back: %v", err)
	}
}

// TestHoldsAreReadInTheirOrder: of two claims the earlier one stands, and what cannot be read is none.
func TestHoldsAreReadInTheirOrder(t *testing.T) {
	now := time.Now().UTC()
	at := func(actor, body string) sources.Change {
		return sources.Change{Kind: runbooks.ChangeHold, Resource: sources.Ref{Service: "asg", Name: "web"}, Actor: actor, Body: []byte(body)}
	}
	machine := now.Format(time.RFC3339Nano)
	all := []sources.Change{at("ada", `{"machine":"`+machine+`"}`), at("leo", `{"machine":"`+machine+`"}`), at("eve", `nonsense`)}
	if holds := runbooks.Holds(all, now); len(holds) != 1 || holds[0].Actor != "ada" {
		t.Errorf("%+v", holds)
	}
	all = append(all, at("leo", `{"free":true,"machine":"`+machine+`"}`))
	if holds := runbooks.Holds(all, now); len(holds) != 0 {
		t.Errorf("%+v", holds)
	}
}
