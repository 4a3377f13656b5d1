package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// floors of the house, from the ground up. An arrow may only point to a lower floor, or stay in its room.
var floors = map[string]int{"sources": 1, "alerts": 2, "runbooks": 2, "tui": 3, "cmd": 4}

// forbidden are imports that a room may not have although their floor would allow it.
var forbidden = []struct{ from, to, why string }{
	{"warroom/sources/simulator", "warroom/sources/awsread", "two minds, one wire"},
	{"warroom/sources/simulator", "warroom/sources/query", "two minds, one wire"},
	{"warroom/sources/simulator", "warroom/sources", "the simulator knows nothing of the catalogue"},
	{"warroom/sources/simulator", "github.com/aws", "the simulator speaks the wire by itself"},
	{"warroom/tui", "github.com/aws", "the screen reads the recording only"},
	{"warroom", "github.com/aws/aws-sdk-go-v2/service/ec2", "it takes minutes and gigabytes to compile"},
	{"warroom", "github.com/prometheus/prometheus/tsdb", "the recording is ours"},
	{"warroom", "github.com/prometheus/prometheus/rules", "it drags half of Prometheus"},
}

// samplesIterator holds the types in which the storage interface of PromQL speaks, and nothing of a database.
const samplesIterator = "github.com/prometheus/prometheus/tsdb/chunkenc"

func TestArrowsPointDown(t *testing.T) {
	for pkg, imports := range house(t) {
		for _, imported := range imports {
			if why := wrongArrow(pkg, imported); why != "" {
				t.Errorf("%s imports %s: %s", pkg, imported, why)
			}
		}
	}
}

// The check must be able to fail.
func TestWrongArrowsAreSeen(t *testing.T) {
	for _, arrow := range [][2]string{
		{"warroom/sources/query", "warroom/tui"},
		{"warroom/alerts", "warroom/runbooks"},
		{"warroom/tui", "warroom/cmd/warroom"},
		{"warroom/sources/simulator/awswire", "warroom/sources/awsread"},
		{"warroom/sources/simulator", "warroom/sources"},
		{"warroom/sources/awsread", "github.com/aws/aws-sdk-go-v2/service/ec2/types"},
		{"warroom/sources/query", "github.com/prometheus/prometheus/tsdb/index"},
		{"warroom/attic", "warroom/sources"},
	} {
		if wrongArrow(arrow[0], arrow[1]) == "" {
			t.Errorf("%s importing %s passes", arrow[0], arrow[1])
		}
	}
}

func wrongArrow(pkg, imported string) string {
	if imported == samplesIterator {
		return ""
	}
	for _, f := range forbidden {
		within := imported == f.to || f.to != "warroom/sources" && strings.HasPrefix(imported, f.to+"/")
		if within && (pkg == f.from || strings.HasPrefix(pkg, f.from+"/")) {
			return f.why
		}
	}
	if !strings.HasPrefix(imported, "warroom/") {
		return ""
	}
	from, to := roomOf(pkg), roomOf(imported)
	switch {
	case floors[from] == 0 || floors[to] == 0:
		return "a room outside of the house"
	case from != to && floors[from] <= floors[to]:
		return "an arrow may only point down"
	}
	return ""
}

func roomOf(pkg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pkg, "warroom/"), "/")
	return name
}

// house is every package of ours with what it imports, tests left out.
func house(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "warroom/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages[p.ImportPath] = p.Imports
	}
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	return packages
}
