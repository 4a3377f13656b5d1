package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// What is wrong with a row is said with its place, and the rows before it have been read.
func TestReadSeries(t *testing.T) {
	t.Parallel()
	const good = "\ufefftimestamp,value\r\n2026-03-01T18:00:00+01:00,1e3\r\n2026-03-01 17:01:00,-0.5\n\n\"2026-03-01 17:00:30\",NaN\n2026-03-01 17:02:00,1e999\n2026-03-01 17:03:00,\n"
	var got []string
	err := readSeries(strings.NewReader(good), "a.csv", func(r seriesRow) error {
		got = append(got, fmt.Sprintf("%s %s %.3g %t", r.spelling, r.at.UTC().Format(time.TimeOnly), r.value, r.none))
		return nil
	})
	want := "2026-03-01T18:00:00+01:00 17:00:00 1e+03 false; 2026-03-01 17:01:00 17:01:00 -0.5 false; 2026-03-01 17:00:30 17:00:30 NaN true; " +
		"2026-03-01 17:02:00 17:02:00 1.8e+308 false; 2026-03-01 17:03:00 17:03:00 0 true"
	if all := strings.Join(got, "; "); err != nil || all != want {
		t.Errorf("read %s, %v\nwant %s", all, err, want)
	}
	full := errors.New("the disk is full")
	if err := readSeries(strings.NewReader(good), "a.csv", func(seriesRow) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of the reader of rows comes back as %v", err)
	}
}

// Twenty thousand rows take a fraction of the two seconds that they may.
func TestBacktestSeriesIsQuick(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 20_000 {
		fmt.Fprintf(&b, "%s,%d\n", at.Add(time.Duration(i)*5*time.Minute).Format(time.DateTime), 1000+(i*7919)%389)
	}
	file := filepath.Join(t.TempDir(), "long.csv")
	write(t, file, b.String())
	out, _, p := caught(t, "backtest", "--series", file, "--scores")
	begin := time.Now()
	if code := p.run(); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	if rows := strings.Count(out.String(), "\n"); rows != 20_000 {
		t.Errorf("%d rows", rows)
	}
}

// Whatever stands in a series, reading it ends, with rows or with one harmless line that names the file.
func FuzzSeries(f *testing.F) {
	f.Add("timestamp,value\n2026-03-01T18:00:00Z,1\n2026-03-01 18:01:00,\n")
	f.Add("\ufefftimestamp,value\r\n\"2026-03-01 18:01:00\",NaN\r\n")
	f.Add("timestamp,value\n\"2026-03-01T18:00:00,5Z\",1\n")
	f.Add("\u034f")
	f.Add("timestamp,value\n\x1b[31m,0x1p-2\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		err := readSeries(strings.NewReader(text), "own.csv", func(r seriesRow) error {
			if r.at.IsZero() && !strings.HasPrefix(r.spelling, "0001-01-01") {
				t.Errorf("no time of %q", r.spelling)
			}
			if strings.ContainsAny(r.spelling, ",\n\r\x1b") {
				t.Errorf("%q goes out as it is", r.spelling)
			}
			return nil
		})
		if err == nil {
			return
		}
		if message := err.Error(); message != sources.Clean(message) || !strings.HasPrefix(message, "own.csv:") {
			t.Errorf("not one harmless line that names the file: %q", message)
		}
	})
}
