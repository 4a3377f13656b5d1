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
