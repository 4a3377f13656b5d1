package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
)

// The runbook that the README shows is right, and has a step of each kind.
func TestRunbookOfTheReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)````markdown\n(.*?)````").FindSubmatch(text)
	if shown == nil {
		t.Fatal("no runbook is shown")
	}
	b, err := runbooks.Read("readme.md", shown[1], awswrite.Offers)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[runbooks.StepKind]bool{}
	for _, s := range b.Steps {
		kinds[s.Kind] = true
	}
	if len(kinds) != 3 {
		t.Errorf("it has %v", kinds)
	}
}

// The house's runbooks answer rules of the house, and its rules name runbooks of the house.
func TestRunbooksAndRulesOfTheHouse(t *testing.T) {
	rules, err := houseRules()
	if err != nil {
		t.Fatal(err)
	}
	library, err := runbooks.Open(awswrite.Offers)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkAnswers(library.All(), rules); err != nil {
		t.Error(err)
	}
	if err := checkAnswered(rules, library.Names()); err != nil {
		t.Error(err)
	}
}
