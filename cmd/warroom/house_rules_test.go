package main

import (
	"slices"
	"testing"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/runbooks/awswrite"
)

// TestRulesAndRunbooksOfTheHouseAgree: every alert of the house is answered by the runbook that its rule names, and a runbook
// answers no alert that there is not.
func TestRulesAndRunbooksOfTheHouseAgree(t *testing.T) {
	rules, err := alerts.House()
	if err != nil {
		t.Fatal(err)
	}
	library, err := runbooks.Open(awswrite.Offers)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.Alerts {
		book, err := library.Find(r.Runbook)
		if err != nil {
			t.Errorf("%s: %v", r.Alert, err)
		} else if !slices.Contains(book.Answers, r.Alert) {
			t.Errorf("%s names the runbook %s, which answers %v", r.Alert, r.Runbook, book.Answers)
		}
	}
	for _, book := range library.All() {
		for _, alert := range book.Answers {
			if !slices.Contains(rules.Names(), alert) {
				t.Errorf("%s answers %s, which the house does not have", book.Name, alert)
			}
		}
	}
}
