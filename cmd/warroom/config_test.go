package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/document"
)

const tenLines = `launch: {name: lottery, t0: 2026-03-01T20:15:00+01:00}
environment: PROD
aws: {profile: web-oncall, region: eu-central-1, budget: 0.2}
resources:
  audience: {registrations: Lottery/Registrations}
  cloudfront: {www: E1ABCDEFGHIJKL}
  waf: {edge: lottery}
  alb: {prod: app/prod/50dc6c495c0c9188}
  asg: {web: lottery-web}
  aurora: {main: lottery}
`

func TestTenLinesAreEnough(t *testing.T) {
	c, err := parseConfig("warroom.yaml", []byte(tenLines))
	if err != nil {
		t.Fatal(err)
	}
	want := []sources.Resource{
		{Ref: sources.Ref{Service: "audience", Name: "registrations"}, ID: "Lottery/Registrations",
			Attrs: map[string]string{"namespace": "Lottery", "metric": "Registrations", "as": "registrations"}},
		{Ref: sources.Ref{Service: "cloudfront", Name: "www"}, ID: "E1ABCDEFGHIJKL"},
		{Ref: sources.Ref{Service: "waf", Name: "edge"}, ID: "lottery"},
		{Ref: sources.Ref{Service: "alb", Name: "prod"}, ID: "app/prod/50dc6c495c0c9188"},
		{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "lottery-web"},
		{Ref: sources.Ref{Service: "aurora", Name: "main"}, ID: "lottery"},
	}
	if diff := cmp.Diff(want, c.watch); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if c.Launch.T0.UTC().Format(time.RFC3339) != "2026-03-01T19:15:00Z" || c.Environment != "PROD" || c.AWS.Budget != 0.2 {
		t.Errorf("got launch %+v, environment %q, account %+v", c.Launch, c.Environment, c.AWS)
	}
}

func TestLongForm(t *testing.T) {
	c, err := parseConfig("warroom.yaml", []byte(`
launch:
  name: shop
  t0: 2026-03-01T19:15:00Z
  period: 60s
  phases: [{name: warm-up, at: T-30m}, {name: doors, at: T0}]
  marks: [{at: T+25m, kind: deploy, note: release 214}]
  sites: {shop: {alb: shop}, api: {alb: api}}
resources:
  waf:
    api: {id: api-acl, scope: regional, region: eu-west-1}
  alb: {shop: app/shop/1, api: app/api/2}
  audience:
    people:
      orders: Shop/Orders
      visitors: {namespace: Web/Shop, metric: Sessions, stat: Maximum, dimensions: {Site: shop, Stage: "1"}}
tiles:
  - service: alb
    title: balancer
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []sources.Resource{
		{Ref: sources.Ref{Service: "waf", Name: "api"}, ID: "api-acl", Region: "eu-west-1", Attrs: map[string]string{"scope": "REGIONAL"}},
		{Ref: sources.Ref{Service: "alb", Name: "shop"}, ID: "app/shop/1"},
		{Ref: sources.Ref{Service: "alb", Name: "api"}, ID: "app/api/2"},
		{Ref: sources.Ref{Service: "audience", Name: "people"}, ID: "Shop/Orders", Attrs: map[string]string{
			"namespace": "Shop", "metric": "Orders", "as": "orders"}},
		{Ref: sources.Ref{Service: "audience", Name: "people"}, ID: "Web/Shop/Sessions", Attrs: map[string]string{
			"namespace": "Web/Shop", "metric": "Sessions", "stat": "Maximum", "as": "visitors", "dimensions": "Site=shop,Stage=1"}},
	}
	if diff := cmp.Diff(want, c.watch); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if got := strings.Count(c.tiles()[:strings.Index(c.tiles(), "service")], "\n"); got != 17 {
		t.Errorf("the tiles block begins after %d lines, want its place in the file, 17:\n%s", got, c.tiles())
	}
}

func TestWhatOnlyPeopleKnow(t *testing.T) {
	c, err := parseConfig("warroom.yaml", []byte(`launch: {name: x, t0: 2026-03-01T19:15:00Z}
resources:
  cloudfront: {www: {id: E1, live_origin: alb, maintenance_origin: sorry, kvs: "arn:aws:cloudfront::123456789012:key-value-store/k", kvs_key: off}}
  alb: {prod: {id: prod, live_group: web, maintenance_group: sorry}}
  asg: {web: {id: web, codedeploy: shop/web}}
  aurora: {main: {id: m, connections_max: 3000}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []sources.Resource{
		{Ref: sources.Ref{Service: "cloudfront", Name: "www"}, ID: "E1", Attrs: map[string]string{"live_origin": "alb", "maintenance_origin": "sorry", "kvs": "arn:aws:cloudfront::123456789012:key-value-store/k", "kvs_key": "off"}},
		{Ref: sources.Ref{Service: "alb", Name: "prod"}, ID: "prod", Attrs: map[string]string{"live_group": "web", "maintenance_group": "sorry"}},
		{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web", Attrs: map[string]string{"codedeploy": "shop/web"}},
		{Ref: sources.Ref{Service: "aurora", Name: "main"}, ID: "m", Attrs: map[string]string{"connections_max": "3000"}},
	}
	if diff := cmp.Diff(want, c.watch); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

// However the words are written, the screen reads the tiles at the lines and columns that they have in the file.
func TestTilesKeepTheirPlace(t *testing.T) {
	const launch = "launch: {name: a, t0: 2026-03-01T19:15:00Z}"
	const watch = "resources: {alb: {shop: app/shop/1}}"
	for text, want := range map[string]string{
		"{tiles: [{service: alb, title: x}], " + launch + ", " + watch + "}":                "        [{service: alb, title: x}]",
		"{" + launch + ", " + watch + ",\ntiles: [{service: alb,\n title: x}]}":             "\n       [{service: alb,\n title: x}]",
		"\"tiles\":\n  - service: alb\n" + launch + "\n" + watch:                            "        \n  - service: alb\n",
		launch + "\n'tiles' : [{service: alb, title: \"é]\"}]\n" + watch:                    "\n          [{service: alb, title: \"é]\"}]\n",
		launch + "\n" + watch + "\ntiles:\n- service: alb # one\n\n- {service: asg}\n...\n": "\n\n      \n- service: alb # one\n\n- {service: asg}\n",
		"\ufeff" + launch + "\n" + watch + "\ntiles:\n":                                     "",
	} {
		c, err := parseConfig("warroom.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := c.tiles(); strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
			t.Errorf("%q: the screen reads %q, want %q", text, got, want)
		}
	}
}

// Every mistake is told with its place and, where a word is near, with that word.
func TestWrongConfigs(t *testing.T) {
	const good = "launch: {name: a, t0: 2026-03-01T19:15:00Z}\n"
	const watch = "resources: {alb: {shop: app/shop/1}}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                  {"", "warroom.yaml: launch.name is missing: the launch needs a name"},
		"only a comment":         {"# nothing\n", "warroom.yaml: launch.name is missing"},
		"no mapping":             {"- a\n", "warroom.yaml:1:1: the file: want words with values"},
		"not YAML":               {good + "aws: [", "warroom.yaml:2:"},
		"tab":                    {good + "aws:\n\tregion: x\n", "warroom.yaml:3:1:"},
		"two documents":          {good + "---\n" + watch, "warroom.yaml: holds several documents"},
		"unknown word":           {good + "resorces: {}\n", `warroom.yaml:2:1: unknown word "resorces"; did you mean "resources"?`},
		"unknown word far off":   {good + "xyzzy: {}\n", `warroom.yaml:2:1: unknown word "xyzzy" (known: launch, environment`},
		"unknown word inside":    {"launch: {name: a, to: 2026-03-01T19:15:00Z}\n" + watch, `1:19: unknown word "to" in launch; did you mean "t0"?`},
		"unknown account word":   {good + watch + "aws: {regoin: eu-central-1}\n", `3:7: unknown word "regoin" in aws; did you mean "region"?`},
		"word twice":             {good + watch + watch, `warroom.yaml:3:1: mapping key "resources" already defined`},
		"mapping key duplicated": {good + "resources: {alb: {a: b, a: c}}\n", `2:25: mapping key "a" already defined`},
		"name missing":           {"launch: {t0: 2026-03-01T19:15:00Z}\n" + watch, "launch.name is missing"},
		"T0 missing":             {"launch: {name: a}\n" + watch, "launch.t0 is missing: want a time with its zone"},
		"T0 without zone":        {"launch: {name: a, t0: 2026-03-01T19:15:00}\n" + watch, "1:23: launch.t0: want a time with its zone (RFC 3339)"},
		"T0 no time":             {"launch: {name: a, t0: tonight}\n" + watch, "launch.t0: want a time with its zone"},
		"T0 a list":              {"launch: {name: a, t0: [1]}\n" + watch, "launch.t0: want a time with its zone"},
		"period no duration":     {"launch: {name: a, t0: 2026-03-01T19:15:00Z, period: 60}\n" + watch, "launch.period: want a duration such as 60s"},
		"period negative":        {"launch: {name: a, t0: 2026-03-01T19:15:00Z, period: -60s}\n" + watch, "launch.period: want 60s"},
		"period not read":        {"launch: {name: a, t0: 2026-03-01T19:15:00Z, period: 10s}\n" + watch, "launch.period: want 60s, the period of all metrics that are read"},
		"phase no moment":        {"launch: {name: a, t0: 2026-03-01T19:15:00Z, phases: [{name: p, at: soon}]}\n" + watch, "launch.phases.0.at: want T0, T-30m"},
		"phases no list":         {"launch: {name: a, t0: 2026-03-01T19:15:00Z, phases: p}\n" + watch, "launch.phases: want a list"},
		"mark of unknown kind":   {"launch: {name: a, t0: 2026-03-01T19:15:00Z, marks: [{at: T0, kind: surg}]}\n" + watch, `unknown kind of mark "surg" in launch.marks; did you mean "surge"?`},
		"mark no moment":         {"launch: {name: a, t0: 2026-03-01T19:15:00Z, marks: [{at: x, kind: surge}]}\n" + watch, "launch.marks.0.at: want T0"},
		"mark until no moment":   {"launch: {name: a, t0: 2026-03-01T19:15:00Z, marks: [{at: T0, until: x, kind: surge}]}\n" + watch, "launch.marks.0.until: want T0"},
		"mark over too early":    {"launch: {name: a, t0: 2026-03-01T19:15:00Z, marks: [{at: T0, until: T-5m, kind: surge}]}\n" + watch, "1:69: launch.marks.0.until: it is over before it begins, at T0"},
		"peak no number":         {"launch: {name: a, t0: 2026-03-01T19:15:00Z, marks: [{at: T0, peak: many, kind: surge}]}\n" + watch, "1:68: launch.marks.0.peak: want how many times the ordinary, such as 20x"},
		"phase without a name":   {"launch:\n  name: a\n  t0: 2026-03-01T19:15:00Z\n  phases:\n    - at: T0\n" + watch, "5:7: launch.phases.0: name is missing"},
		"region in words":        {good + watch + "aws: {region: eu central 1}\n", "3:15: aws.region: want a region such as eu-central-1"},
		"a resource's region":    {good + "resources: {alb: {shop: {id: x, region: Frankfurt}}}\n", "2:41: resources.alb.shop.region: want a region such as eu-central-1"},
		"name a list":            {"launch: {name: [a], t0: 2026-03-01T19:15:00Z}\n" + watch, "launch.name: want a text"},
		"kind of no action":      {good + watch + "actions: {two_people: [capacity, maintenanse]}\n", `3:34: actions.two_people: unknown kind of action "maintenanse"; did you mean "maintenance"?`},
		"kinds no list":          {good + watch + "actions: {two_people: maintenance}\n", "actions.two_people: want a list"},
		"kind narrowed wrongly":  {good + watch + "actions: {two_people: [capacity lowr]}\n", `3:24: actions.two_people: capacity cannot be narrowed to "lowr"; did you mean "lower"?`},
		"budget a word":          {good + watch + "aws: {budget: half}\n", "3:15: aws.budget: want a number"},
		"budget too large":       {good + watch + "aws: {budget: 20}\n", "aws.budget: want a share between 0 and 1"},
		"no resources":           {good, "resources: there is nothing to watch"},
		"resources empty":        {good + "resources: {}\n", "resources: there is nothing to watch"},
		"resources a list":       {good + "resources: [alb]\n", "resources: want words with values"},
		"unknown service":        {good + "resources: {cloudfrnt: {www: E1}}\n", `2:13: unknown service "cloudfrnt" in resources; did you mean "cloudfront"?`},
		"service a word":         {good + "resources: {alb: shop}\n", "resources.alb: want words with values"},
		"short name with slash":  {good + "resources: {alb: {a/b: x}}\n", "a short name is one word without /"},
		"id missing":             {good + "resources: {alb: {shop: }}\n", "resources.alb.shop: the id is missing; want the load balancer's name"},
		"id missing long":        {good + "resources: {cloudfront: {www: {region: eu-west-1}}}\n", "the id is missing; want a distribution id"},
		"unknown attribute":      {good + "resources: {waf: {edge: {id: x, scop: REGIONAL}}}\n", `unknown word "scop" in resources.waf.edge; did you mean "scope"?`},
		"attribute of another":   {good + "resources: {alb: {edge: {id: x, scope: REGIONAL}}}\n", `unknown word "scope" in resources.alb.edge`},
		"unknown scope":          {good + "resources: {waf: {edge: {id: x, scope: REGINAL}}}\n", `unknown scope "REGINAL" in resources.waf.edge; did you mean "REGIONAL"?`},
		"connections no number":  {good + "resources: {aurora: {main: {id: main, connections_max: many}}}\n", `resources.aurora.main.connections_max: "many" is not a number of connections`},
		"attribute a list":       {good + "resources: {alb: {edge: {id: [x]}}}\n", "resources.alb.edge.id: want a text"},
		"audience without slash": {good + "resources: {audience: {visitors: Sessions}}\n", "want Namespace/Metric of a custom CloudWatch metric"},
		"audience unknown":       {good + "resources: {audience: {visitor: Web/Sessions}}\n", `unknown audience "visitor" in resources.audience.visitor; did you mean "visitors"?`},
		"counter unknown word":   {good + "resources: {audience: {a: {visitors: {namespace: W, metrik: S}}}}\n", `unknown word "metrik" in resources.audience.a.visitors; did you mean "metric"?`},
		"statistic misspelt":     {good + "resources:\n  audience:\n    a:\n      visitors: {namespace: W, metric: M, stat: Avrage}\n", `warroom.yaml:5:49: unknown statistic "Avrage" in resources.audience.a.visitors; did you mean "Average"? (known: Average, Sum, `},
		"statistic in capitals":  {good + "resources: {audience: {a: {visitors: {namespace: W, metric: M, stat: SUM}}}}\n", `unknown statistic "SUM" in resources.audience.a.visitors; did you mean "Sum"?`},
		"percentile too high":    {good + "resources: {audience: {a: {visitors: {namespace: W, metric: M, stat: p999}}}}\n", `did you mean "p99"?`},
		"statistic empty":        {good + "resources: {audience: {a: {visitors: {namespace: W, metric: M, stat: \"\"}}}}\n", `unknown statistic ""`},
		"counter without metric": {good + "resources: {audience: {a: {visitors: {namespace: W}}}}\n", "want Namespace/Metric"},
		"successes of which":     {good + "resources: {audience: {web: {attempts: S/T}, app: {attempts: S/U}, wins: {successes: S/W}}}\n", "resources.audience.wins: successes of which attempts? There are 2"},
		"dimension with comma":   {good + "resources: {audience: {a: {visitors: {namespace: W, metric: S, dimensions: {a: \"b,c\"}}}}}\n", "neither name nor value may hold a comma"},
		"site unknown service":   {"launch: {name: a, t0: 2026-03-01T19:15:00Z, sites: {shop: {alp: shop}}}\n" + watch, `unknown service "alp" in launch.sites.shop; did you mean "alb"?`},
		"site unknown resource":  {"launch: {name: a, t0: 2026-03-01T19:15:00Z, sites: {shop: {alb: shp}}}\n" + watch, `unknown resource "shp" in launch.sites.shop; did you mean "shop"?`},
		"key unknown":            {good + watch + "keys: {paus: p}\n", `"pause"`},
		"key of others":          {good + watch + "keys: {quit: z}\n", `"quit" is no name of a key; did you mean "leave"?`},
		"word below launch":      {good + watch + "phases: []\n", `3:1: unknown word "phases"; it stands below launch (known: launch, environment, aws, actions, resources, tiles, keys, runbooks, alerts, screen, metrics, recording)`},
		"key after a right one":  {good + watch + "keys:\n  pause: p\n  help: zz\n", `5:3: keys: help: "zz" is no key`},
		"key beside a swap":      {good + watch + "keys: {pause: q, leave: p, help: zz}\n", `3:28: keys: help: "zz" is no key`},
		"two wrong keys":         {good + watch + "keys: {help: zz, paus: p}\n", `3:8: keys: help: "zz" is no key`},
		"clash of two":           {good + watch + "keys: {help: z, open: z}\n", `3:8: keys: "z" is both`},
		"bell unknown":           {good + watch + "screen: {bell: of}\n", `3:16: unknown word "of" in screen.bell; did you mean "off"?`},
		"key clash":              {good + watch + "keys: {pause: q}\n", "3:8: keys: \"q\" is both"},
		"tile unknown word":      {good + watch + "tiles:\n  - service: alb\n    titel: x\n", `"title"`},
		"tile unknown service":   {good + watch + "tiles: [{service: alp, headline: {value: alb_requests}}]\n", `"alb"`},
		"tiles a word":           {good + watch + "tiles: hello\n", "3:8: tiles: want a list of tiles, such as [{service: alb, title: balancer}]"},
		"tiles of words":         {good + watch + "tiles: [{service: alb}, a]\n", "3:25: tiles: want a list of tiles"},
		"second tile":            {good + watch + "tiles:\n  - service: alb\n  - service: asg\n    titel: x\n", `6:5: tiles: a tile has no "titel"; did you mean "title"?`},
		"second tile's metric":   {good + watch + "tiles:\n  - service: alb\n  - service: asg\n    headline:\n      value: nope\n", `7:14: tiles: tile of "asg": no metric "nope" in the catalogue`},
		"second tile's service":  {good + watch + "tiles:\n  - service: alb\n  - service: alp\n", `5:14: tiles: tile of "alp": no such service; did you mean "alb"?`},
		"tile's number":          {good + watch + "tiles:\n  - service: alb\n    order: many\n", "5:12: tiles: want a whole number"},
		"tile's list":            {good + watch + "tiles:\n  - service: alb\n    lines: {a: b}\n", "5:12: tiles: want a list"},
		"tile's duration":        {good + watch + "tiles:\n  - service: alb\n  - service: asg\n    wall: {warn: soon}\n", `6:18: tiles: time: invalid duration "soon"`},
		"tile in flow style":     {"{tiles: [{service: alb,\n titel: x}], " + strings.Trim(good, "\n") + ", " + strings.Trim(watch, "\n") + "}", `2:2: tiles: a tile has no "titel"; did you mean "title"?`},
		"tiles shared":           {good + watch + "tiles: &t [{service: alb}]\n", "3:8: tiles: write it out; anchors and aliases are not read here"},
		"tiles from elsewhere":   {good + watch + "tiles: [{service: alb, <<: *t}]\n", `3:28: no anchor before it is called "t"`},
		"alias within itself":    {"launch: {name: a, t0: 2026-03-01T19:15:00Z}\nresources: &r {alb: {b: c}, <<: *r}\n", `2:33: no anchor before it is called "r"`},
		"alias before its time":  {"launch: {name: a, t0: 2026-03-01T19:15:00Z, sites: *s}\nresources: &s {alb: {b: c}}\n", `1:52: no anchor before it is called "s"`},
		"deployment group":       {good + "resources: {asg: {web: {id: web, codedeploy: web}}}\n", `2:46: resources.asg.web.codedeploy: want application/deployment group of CodeDeploy, such as shop/web, not "web"`},
		"anchors":                {good + "resources: {alb: {shop: &a app/shop/1}}\n", "anchors and aliases are not read here"},
		"control characters":     {good + "resources: {alb: {\"a\\e[31m\": x}}\n", "a short name is one word"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseConfig("warroom.yaml", []byte(tc.text))
			var f *document.FileError
			if !errors.As(err, &f) {
				t.Fatalf("got %v, want an error with its place", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %s\nwant %s", err, tc.want)
			}
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the message is more than one harmless line: %q", err)
			}
			if f.Line > 0 && !strings.Contains(f.Excerpt, "^") {
				t.Errorf("no excerpt of line %d:\n%s", f.Line, f.Excerpt)
			}
		})
	}
}
