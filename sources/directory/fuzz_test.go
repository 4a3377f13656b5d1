package directory_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/document"
)

// Whatever stands in a directory, it is read, or told with its place; and what is read can be written and read again.
func FuzzOpen(f *testing.F) {
	f.Add("alb_requests@shop.csv", "at,value,seen\n2026-03-01T19:15:00Z,20,2026-03-01T19:16:30Z\n2026-03-01T19:15:00Z,,\n", launchYAML)
	f.Add("waf_rule_blocked@edge@a%2Fb.csv", "\ufeffat,value\r\n\"2026-03-01T19:15:00.5+01:00\",\"-1e-9\"\r\n\r\n", launchYAML+"marks: [{at: T-5m, kind: surge, until: T+1h, peak: 20x, note: \"a: {b}\"}]\n")
	f.Add("alb_error_ratio@shop.csv", "at,value\n9999-12-31T23:59:59Z,0.5\n", "name: \"\\u0022\"\nt0: 2026-03-01T20:15:00+01:00\nphases:\n  - {name: doors, at: T-1h}\nsites: {shop: {alb: shop}}\n")
	f.Add("alb_requests@..%2F..csv", "at,value\n0000-01-01T00:00:00Z,1\n", "name: x\nname: y\n")
	f.Add("alb_reqests@shop.csv", "at,value\n,\n,,,\n\"\n", "name: &a x\nt0: *a\n")
	f.Fuzz(func(t *testing.T, name, csv, launch string) {
		dir := t.TempDir()
		if os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(csv), 0o600) != nil {
			t.Skip("no name of a file")
		}
		if err := os.WriteFile(filepath.Join(dir, "launch.yaml"), []byte(launch), 0o600); err != nil {
			t.Skip(err)
		}
		got, err := directory.Open(dir)
		if err != nil {
			if where, ok := errors.AsType[*document.FileError](err); !ok || where.Text == "" || sources.Clean(where.Text) != where.Text {
				t.Errorf("%q tells no place, or is not clean", err)
			}
			return
		}
		for _, s := range got.Samples {
			if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || s.At.Year() < 1 {
				t.Errorf("%+v makes no sense", s)
			}
			if sources.Clean(s.Series.Resource+s.Series.Label) != s.Series.Resource+s.Series.Label {
				t.Errorf("%q is not clean", s.Series)
			}
		}
		again := filepath.Join(dir, "again")
		if err := directory.Write(again, got.Launch, slices.Values(got.Samples)); err != nil {
			t.Fatalf("cannot be written: %v", err)
		}
		back, err := directory.Open(again)
		if err != nil {
			t.Fatalf("cannot be read again: %v", err)
		}
		if !slices.Equal(back.Samples, got.Samples) {
			t.Errorf("samples are %v, were %v", back.Samples, got.Samples)
		}
		if !back.Launch.T0.Equal(got.Launch.T0) {
			t.Errorf("T0 is %v, was %v", back.Launch.T0, got.Launch.T0)
		}
		back.Launch.T0 = got.Launch.T0
		if !reflect.DeepEqual(normal(back.Launch), normal(got.Launch)) {
			t.Errorf("the launch is\n%+v, was\n%+v", back.Launch, got.Launch)
		}
	})
}

// normal is a launch in which what is empty is nil.
func normal(l sources.Launch) sources.Launch {
	if len(l.Phases) == 0 {
		l.Phases = nil
	}
	if len(l.Marks) == 0 {
		l.Marks = nil
	}
	if len(l.Sites) == 0 {
		l.Sites = nil
	}
	return l
}

// A file's name stands for one series, and spells it again.
func FuzzParseName(f *testing.F) {
	for _, name := range []string{"alb_requests@shop.csv", "waf_rule_blocked@edge@%E2%82%AC.csv", "alb_requests@%2e%2e%2f.csv", "@@.csv", "alb_requests@a%zz.csv"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s, err := directory.ParseName(name)
		if err != nil {
			return
		}
		spelled, err := directory.FileName(s)
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if bytes.ContainsAny([]byte(spelled), "/\\:*?\"<>| \x00") || filepath.Base(spelled) != spelled {
			t.Errorf("%q is no name of a file everywhere", spelled)
		}
		if again, err := directory.ParseName(spelled); err != nil || again != s {
			t.Errorf("%q is %+v, %v; was %+v", spelled, again, err, s)
		}
	})
}
