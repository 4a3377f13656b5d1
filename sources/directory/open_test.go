package directory_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/document"
)

const launchYAML = "name: lottery\nt0: 2026-03-01T19:15:00Z\n"

// files makes a directory of the files, with the shortest launch.yaml where none is among them.
func files(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"launch.yaml": launchYAML}
	maps.Copy(all, files)
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func at(t testing.TB, clock string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, "2026-03-01T"+clock+"Z")
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestOpen(t *testing.T) {
	dir := files(t, map[string]string{
		"launch.yaml": `name: lottery
t0: 2026-03-01T20:15:00+01:00
period: 60s
marks:
  - {at: T0, kind: surge, until: T+1h, peak: 20x, note: mention}
sites:
  shop: {alb: shop, aurora: main}
`,
		"alb_requests@shop.csv":              "at,value,seen\n2026-03-01T19:15:00Z,20,2026-03-01T19:16:30Z\n2026-03-01T19:15:00Z,100,2026-03-01T19:17:00Z\n2026-03-01T19:16:00Z,7,\n",
		"alb_target_5xx@shop.csv":            "\ufeffat,value\r\n2026-03-01T19:15:00Z,\r\n\r\n\"2026-03-01T20:16:00+01:00\",\"3\"\r\n",
		"waf_rule_blocked@edge@rate%2F1.csv": "at,value,seen\n2026-03-01T19:15:00.250Z,-1.5e3,2026-03-01T19:15:00.5Z",
		"aurora_acu_used_ratio@main.csv":     "at,value\n2026-03-01T19:15:00Z,0.5\n",
		"aurora_acu_used_ratio@spare.csv":    "at,value\n2026-03-01T19:15:00Z,0.5\n",
		"aurora_acu@main.csv":                "at,value\n",
		"aurora_acu_max@main.csv":            "at,value\n",
		"launch_seconds@lottery.csv":         "this is not read",
		"truth.json":                         "{}",
		"notes.csv":                          "a,b,c",
		"._alb_requests@shop.csv":            "\x00\x05",
	})
	got, err := directory.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if l := got.Launch; l.Name != "lottery" || !l.T0.Equal(at(t, "19:15:00")) || len(l.Marks) != 1 || l.Sites["shop"]["aurora"] != "main" {
		t.Errorf("the launch is %+v", l)
	}
	series := func(metric, resource, label string) sources.Series {
		return sources.Series{Metric: metric, Resource: resource, Label: label}
	}
	want := []sources.Sample{
		{Series: series("waf_rule_blocked", "edge", "rate/1"), At: at(t, "19:15:00.25"), Seen: at(t, "19:15:00.5"), Value: -1500},
		{Series: series("alb_target_5xx", "shop", ""), At: at(t, "19:15:00"), Seen: at(t, "19:16:00"), None: true},
		{Series: series("aurora_acu_used_ratio", "spare", ""), At: at(t, "19:15:00"), Seen: at(t, "19:16:00"), Value: 0.5},
		{Series: series("alb_requests", "shop", ""), At: at(t, "19:15:00"), Seen: at(t, "19:16:30"), Value: 20},
		{Series: series("alb_requests", "shop", ""), At: at(t, "19:15:00"), Seen: at(t, "19:17:00"), Value: 100},
		{Series: series("alb_requests", "shop", ""), At: at(t, "19:16:00"), Seen: at(t, "19:17:00"), Value: 7},
		{Series: series("alb_target_5xx", "shop", ""), At: at(t, "19:16:00"), Seen: at(t, "19:17:00"), Value: 3},
	}
	if !slices.Equal(got.Samples, want) {
		t.Errorf("samples are\n%v, want\n%v", got.Samples, want)
	}
	var refs []string
	for _, r := range got.Resources {
		refs = append(refs, r.String())
	}
	if want := []string{"waf/edge", "alb/shop", "aurora/main", "aurora/spare"}; !slices.Equal(refs, want) {
		t.Errorf("resources are %v, want %v", refs, want)
	}
	ignored := strings.Join(got.Ignored, "\n")
	for _, want := range []string{
		"truth.json: ", "notes.csv: ", "._alb_requests@shop.csv: ", "launch_seconds@lottery.csv: the room makes it",
		"aurora_acu_used_ratio@main.csv: it is computed from aurora_acu and aurora_acu_max",
	} {
		if !strings.Contains(ignored, want) {
			t.Errorf("ignored are\n%s\nwant %q among them", ignored, want)
		}
	}
	if len(got.Ignored) != 5 {
		t.Errorf("%d files are ignored, want 5", len(got.Ignored))
	}
}

func TestOpenComplains(t *testing.T) {
	const name = "alb_requests@shop.csv"
	for what, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"unknown metric":   {map[string]string{"alb_reqests@shop.csv": "at,value\n"}, `alb_reqests@shop.csv: unknown metric "alb_reqests"; did you mean "alb_requests"?`},
		"no resource":      {map[string]string{"alb_requests.csv": "at,value\n"}, "alb_requests.csv: the name does not tell one series of alb_requests: want alb_requests@RESOURCE.csv"},
		"empty resource":   {map[string]string{"alb_requests@.csv": "at,value\n"}, "want alb_requests@RESOURCE.csv"},
		"no label":         {map[string]string{"waf_rule_blocked@edge.csv": "at,value\n"}, "want waf_rule_blocked@RESOURCE@RULE.csv"},
		"label too many":   {map[string]string{"alb_requests@shop@x.csv": "at,value\n"}, "want alb_requests@RESOURCE.csv"},
		"bad escape":       {map[string]string{"alb_requests@sh%2.csv": "at,value\n"}, "write %25 for the sign itself"},
		"hidden letters":   {map[string]string{"alb_requests@sh%1Bop.csv": "at,value\n"}, "control characters"},
		"same twice":       {map[string]string{name: "at,value\n", "alb_requests@sho%70.csv": "at,value\n"}, "the same series"},
		"no header":        {map[string]string{name: "2026-03-01T19:15:00Z,1\n"}, name + ":1:1: its first line is"},
		"wrong header":     {map[string]string{name: "at,valu\n"}, `did you mean "at,value"?`},
		"empty file":       {map[string]string{name: ""}, name + ":1:1: "},
		"no value":         {map[string]string{name: "at,value\n2026-03-01T19:15:00Z\n"}, name + ":2:1: there is no value"},
		"bad time":         {map[string]string{name: "at,value\n2026-03-01 19:15,1\n"}, name + `:2:1: at "2026-03-01 19:15": want RFC 3339`},
		"no such day":      {map[string]string{name: "at,value\n2026-02-30T19:15:00Z,1\n"}, name + ":2:1: at "},
		"hour 24":          {map[string]string{name: "at,value\n2026-03-01T24:00:00Z,1\n"}, name + ":2:1: at "},
		"year 0":           {map[string]string{name: "at,value\n0000-03-01T12:00:00Z,1\n"}, name + ":2:1: at "},
		"bad value":        {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,many\n"}, name + `:2:22: value "many": want a number`},
		"no number":        {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,NaN\n"}, name + `:2:22: value "NaN"`},
		"endless":          {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,-Inf\n"}, name + `:2:22: value "-Inf"`},
		"hexadecimal":      {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,0x1p4\n"}, name + `:2:22: value "0x1p4"`},
		"too great":        {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,1e999\n"}, name + `:2:22: value "1e999"`},
		"bad seen":         {map[string]string{name: "at,value,seen\n2026-03-01T19:15:00Z,1,later\n"}, name + `:2:24: seen "later"`},
		"seen before":      {map[string]string{name: "at,value,seen\n2026-03-01T19:15:00Z,1,2026-03-01T19:00:00Z\n"}, "before its period began"},
		"unnamed field":    {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,1,2026-03-01T19:17:00Z\n"}, "more than the first line names"},
		"four fields":      {map[string]string{name: "at,value,seen\n2026-03-01T19:15:00Z,1,2026-03-01T19:17:00Z,\n"}, "more than the first line names"},
		"contradiction":    {map[string]string{name: "at,value\n2026-03-01T19:15:00Z,1\n2026-03-01T19:15:00Z,2\n"}, name + ":3:1: is of the same period and seen at the same time as line 2"},
		"no name":          {map[string]string{"launch.yaml": "t0: 2026-03-01T19:15:00Z\n"}, "launch.yaml:1:1: name is missing"},
		"no t0":            {map[string]string{"launch.yaml": "name: x\n"}, "launch.yaml:1:1: t0 is missing"},
		"empty launch":     {map[string]string{"launch.yaml": ""}, "launch.yaml: name is missing"},
		"misspelt":         {map[string]string{"launch.yaml": launchYAML + "mark: []\n"}, `launch.yaml:3:1: unknown word "mark"; did you mean "marks"?`},
		"other period":     {map[string]string{"launch.yaml": launchYAML + "period: 5m\n"}, "launch.yaml:3:9: period: want 60s"},
		"kind of mark":     {map[string]string{"launch.yaml": launchYAML + "marks:\n  - {at: T0, kind: deployment}\n"}, `launch.yaml:4:20: unknown kind of mark "deployment" in marks`},
		"over too early":   {map[string]string{"launch.yaml": launchYAML + "marks: [{at: T0, kind: surge, until: T-5m}]\n"}, "marks.0.until: it is over before it begins"},
		"unknown service":  {map[string]string{"launch.yaml": launchYAML + "sites: {shop: {elb: shop}}\n"}, `unknown service "elb" in sites.shop; did you mean "alb"?`},
		"launch in launch": {map[string]string{"launch.yaml": "launch:\n  name: x\n"}, `unknown word "launch"`},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := directory.Open(files(t, c.files))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
		})
	}
}

// A directory may come from anybody: what is endless or nested without end is refused at once.
func TestOpenIsBounded(t *testing.T) {
	for what, c := range map[string]struct{ launch, want string }{
		"nested":  {launchYAML + "sites: " + strings.Repeat("[", 100_000), "launch.yaml:3:108: brackets within brackets"},
		"aliases": {launchYAML + "marks:\n- &a {at: T0, kind: note}\n" + strings.Repeat("- *a\n", 5_000), "launch.yaml:105:3: more than 100 aliases"},
		"long":    {launchYAML + strings.Repeat("# no end\n", 100_000), "launch.yaml: is too long: it has 900039 bytes, 262144 are read"},
	} {
		t.Run(what, func(t *testing.T) {
			began := time.Now()
			_, err := directory.Open(files(t, map[string]string{"launch.yaml": c.launch}))
			if err == nil || !strings.Contains(err.Error(), c.want) || time.Since(began) > 10*time.Second {
				t.Errorf("%.300v after %v, want %q", err, time.Since(began), c.want)
			}
		})
	}
	dir := files(t, map[string]string{"alb_requests@shop.csv": "at,value\n"})
	if err := os.Truncate(filepath.Join(dir, "alb_requests@shop.csv"), 256<<20+1); err != nil { // it takes no room on the disk
		t.Fatal(err)
	}
	if _, err := directory.Open(dir); err == nil || !strings.Contains(err.Error(), "alb_requests@shop.csv: is too long") {
		t.Errorf("a file one byte too long: %v", err)
	}
}

func TestOpenComplainsOfEveryFile(t *testing.T) {
	many := map[string]string{"launch.yaml": "name: x\n"}
	for i := range 30 {
		many[fmt.Sprintf("alb_requests@shop%d.csv", i)] = "at,value\nsoon,1\nlater,1\n"
	}
	_, err := directory.Open(files(t, many))
	if err == nil || strings.Count(err.Error(), "\n") != 19 || !strings.Contains(err.Error(), "launch.yaml") {
		t.Errorf("%v, want the launch file and the first nineteen others, one line each", err)
	}
}

func TestOpenLeavesWhatIsNoFile(t *testing.T) {
	dir := files(t, nil)
	elsewhere := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(elsewhere, []byte("at,value\nsecret,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(string) error{
		"link":   func(path string) error { return os.Symlink(elsewhere, path) },
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "alb_requests@shop.csv")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(path)
			_, err := directory.Open(dir)
			if err == nil || !strings.Contains(err.Error(), "is no ordinary file") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want that it is no ordinary file", err)
			}
		})
	}
	for _, path := range []string{filepath.Join(dir, "absent"), elsewhere, t.TempDir()} {
		_, err := directory.Open(path)
		if where, ok := errors.AsType[*document.FileError](err); !ok || !strings.HasPrefix(where.File, path) {
			t.Errorf("Open(%s): %v, want an error that names it", path, err)
		}
	}
}
