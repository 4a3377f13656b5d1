package alerts

import (
	"strings"
	"testing"
)

const slowCascade = `
groups:
  - name: path
    rules:
      - alert: Slow
        expr: alb_latency_p95_seconds > 1 and sum_over_time((alb_latency_p95_seconds > bool 1)[5m:1m]) >= 3
        labels: {severity: page}
      - alert: DatabaseFull
        expr: aurora_acu_used_ratio > 0.97
        labels: {severity: page}
        annotations: {explains: Slow}
`

// TestPageWaitsForWhatIsKnownLater: a symptom waits a little for a root of which the minute is not known yet in which the
// symptom began to show, and no longer than that.
func TestPageWaitsForWhatIsKnownLater(t *testing.T) {
	c := court(t, slowCascade, nil)
	c.database(0, "0.5 0.5")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2 2 2 2")
	c.at(6)
	c.want(7, "Slow prod: inactive → pending")
	c.want(8)
	c.want(9, "Slow prod: pending → firing *")
}

// TestPageDoesNotWaitForWhatIsKnown: where the root has been judged up to then, or is not there at all, nobody waits.
func TestPageDoesNotWaitForWhatIsKnown(t *testing.T) {
	for name, database := range map[string]string{"known": "0.5 0.5 0.5 0.5 0.5", "not there": ""} {
		t.Run(name, func(t *testing.T) {
			c := court(t, slowCascade, nil)
			c.database(0, database)
			c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2 2")
			c.at(6)
			c.want(7, "Slow prod: inactive → firing *")
		})
	}
}

// TestFoundTogetherIsListedUnderItsRoot: what is found in the same turn as its root is listed under it, whichever of the
// rules stands first in the file.
func TestFoundTogetherIsListedUnderItsRoot(t *testing.T) {
	c := court(t, strings.ReplaceAll(slowCascade, "aurora_acu_used_ratio > 0.97", "alb_target_5xx > 100"), nil)
	c.see("alb_target_5xx", "prod", 0, "_ _ _ _ 500 500")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2")
	c.at(6)
	c.want(7, "DatabaseFull prod: inactive → firing *", "Slow prod: inactive → firing under DatabaseFull")
}

// TestNobodyIsWokenTwice: what has woken somebody before its root was known wakes nobody again when it outlives the root.
func TestNobodyIsWokenTwice(t *testing.T) {
	c := court(t, cascade, nil)
	c.database(0, "0.5 0.5 0.5 1 1 1 0.5 0.5 0.5 0.5 0.5 0.5")
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2 2 2 2 2 2 2 2 2")
	c.want(3, "Slow prod: inactive → firing *")
	c.at(7)
	c.want(8, "DatabaseFull main: pending → firing", "Slow prod: firing → firing under DatabaseFull")
	c.want(10, "DatabaseFull main: firing → resolved")
	c.want(11)
	c.want(12, "Slow prod: firing → firing")
}
