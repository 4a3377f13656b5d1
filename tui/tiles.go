package tui

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"warroom/sources"
)

//go:embed tiles/*.yaml
var tileFiles embed.FS

// tileSpec is what a tile shows of a resource of its service: the content of one file of tiles/, or of one
// entry of the config's `tiles:`, which changes only the fields that it names, each of them as a whole.
type tileSpec struct {
	Service  string       `yaml:"service"`
	Resource string       `yaml:"resource,omitempty"` // in the config: only this one of the service
	Title    string       `yaml:"title,omitempty"`    // stands before the resource's name
	Order    int          `yaml:"order,omitempty"`    // place in the grid, lowest first
	Hide     bool         `yaml:"hide,omitempty"`
	Headline headlineSpec `yaml:"headline"`
	Chart    chartSpec    `yaml:"chart"`
	Lines    [][]string   `yaml:"lines,omitempty"` // two lines of parts; {metric:format} and {fact.name} are replaced
	Watch    []watchSpec  `yaml:"watch,omitempty"`
	Wall     *wallSpec    `yaml:"wall,omitempty"`
	Detail   [][]string   `yaml:"detail,omitempty"` // metrics of the charts of the tile's own page, a list for each chart
	// Ceilings are everything of the resource that can be full, for the page of ceilings.
	Ceilings []ceilingSpec `yaml:"ceilings,omitempty"`
	// Otherwise is what the tile is where the headline's metric does not exist for a resource, as capacity units do
	// not for a database of fixed size. Only headline, chart, lines, watch and wall of it count.
	Otherwise *tileSpec `yaml:"otherwise,omitempty"`
}

// headlineSpec is the number that is read first.
type headlineSpec struct {
	Value   string `yaml:"value"`             // a metric or a PromQL expression
	Ceiling string `yaml:"ceiling,omitempty"` // shown as "48 of 64"
	As      string `yaml:"as,omitempty"`      // a format
	Unit    string `yaml:"unit,omitempty"`    // the words after the number
}

// chartSpec is the trend under it.
type chartSpec struct {
	Value   string   `yaml:"value"`
	As      string   `yaml:"as,omitempty"`      // format of the scale, the headline's if it is of the same value
	Ceiling string   `yaml:"ceiling,omitempty"` // a metric whose newest value is drawn as a dashed line
	Limit   *float64 `yaml:"limit,omitempty"`   // a fixed value that is
	Top     float64  `yaml:"top,omitempty"`     // the chart ends at least here
}

// watchSpec gives the tile its word beside the alerts; it pages only on a recording on which no rules are judged. A value is
// judged by its settled samples only.
type watchSpec struct {
	Value     string   `yaml:"value"`
	As        string   `yaml:"as,omitempty"`
	Unit      string   `yaml:"unit,omitempty"`
	Word      string   `yaml:"word,omitempty"` // instead of "warn"
	For       int      `yaml:"for,omitempty"`  // how many samples in a row, 1 if absent
	WarnAbove *float64 `yaml:"warn_above,omitempty"`
	PageAbove *float64 `yaml:"page_above,omitempty"`
	WarnBelow *float64 `yaml:"warn_below,omitempty"`
	PageBelow *float64 `yaml:"page_below,omitempty"`
}

// wallSpec tells how long is left until use meets its ceiling.
type wallSpec struct {
	Used    string        `yaml:"used"`
	Ceiling string        `yaml:"ceiling"`
	Word    string        `yaml:"word,omitempty"` // while it fills up and the wall is not yet in sight
	Warn    time.Duration `yaml:"warn,omitempty"` // as soon as so little is left; zero means 15 min
	Page    time.Duration `yaml:"page,omitempty"` // zero: never
	When    *whenSpec     `yaml:"when,omitempty"` // a met ceiling is no trouble but then
}

// ceilingSpec is something that can be full, and how long it takes to make it larger.
type ceilingSpec struct {
	Name    string        `yaml:"name"`              // what is used: "instances"
	Used    string        `yaml:"used"`              // a metric
	Ceiling string        `yaml:"ceiling,omitempty"` // a metric that is the most there can be
	Most    float64       `yaml:"most,omitempty"`    // that as a number, where it is always the same
	As      string        `yaml:"as,omitempty"`      // a format
	Act     time.Duration `yaml:"act,omitempty"`     // how long it takes from asking for more until it is there
	Follows string        `yaml:"follows,omitempty"` // a metric that comes up to what is used once it is there: how long that took last stands for Act
	Raise   string        `yaml:"raise"`             // what would raise it, for people
	Action  bool          `yaml:"action,omitempty"`  // the resource's action "capacity" does
}

// whenSpec is a value that lies above a number.
type whenSpec struct {
	Value string  `yaml:"value"`
	Above float64 `yaml:"above"`
}

// tileBook is the tiles of the house with the config's over them.
type tileBook struct {
	byService  map[string]*tileSpec
	byResource map[sources.Ref]*tileSpec
}

// newTileBook reads the embedded tiles and lays the config's over them. On an error the book holds all that
// was understood.
func newTileBook(config string) (*tileBook, error) {
	book := &tileBook{byService: map[string]*tileSpec{}, byResource: map[sources.Ref]*tileSpec{}}
	names, err := fs.Glob(tileFiles, "tiles/*.yaml")
	if err != nil {
		return book, err
	}
	for _, name := range names {
		text, err := tileFiles.ReadFile(name)
		if err != nil {
			return book, err
		}
		if err := book.read(path.Base(name), text); err != nil {
			return book, err
		}
	}
	if strings.TrimSpace(config) == "" {
		return book, nil
	}
	return book, book.read("tiles", []byte(config))
}

// CheckTiles reads the text of the config's `tiles:` as strictly as it is read when it is shown: a list of
// tiles, each changing the fields that it names of the house's tile for its service. Errors name the line and the
// nearest valid word.
func CheckTiles(text string) error {
	_, err := newTileBook(text)
	return err
}

// read takes in a file: one tile or a list of them.
func (b *tileBook) read(name string, text []byte) error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	var wrong []error
	for _, doc := range file.Docs {
		for _, node := range tileNodes(doc.Body) {
			if err := b.take(node); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return errors.Join(wrong...)
}

func tileNodes(body ast.Node) []ast.Node {
	if list, ok := body.(*ast.SequenceNode); ok {
		return list.Values
	}
	if body == nil {
		return nil
	}
	return []ast.Node{body}
}

// take reads one tile over the one that it changes.
func (b *tileBook) take(node ast.Node) error {
	var who struct {
		Service  string `yaml:"service"`
		Resource string `yaml:"resource"`
		Headline any    `yaml:"headline"`
		Chart    any    `yaml:"chart"`
	}
	if err := yaml.NodeToValue(node, &who); err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	spec := b.over(who.Service, who.Resource)
	if who.Headline != nil { // another value has another ceiling, and exists or not by itself
		spec.Headline, spec.Otherwise = headlineSpec{}, nil
	}
	if who.Chart != nil {
		spec.Chart = chartSpec{}
	}
	if err := yaml.NodeToValue(node, spec, yaml.DisallowUnknownField()); err != nil {
		return unknownWord(err)
	}
	if err := spec.check(node); err != nil {
		return err
	}
	if who.Resource != "" {
		b.byResource[sources.Ref{Service: who.Service, Name: who.Resource}] = spec
		return nil
	}
	b.byService[who.Service] = spec
	return nil
}

// over is a copy of the tile that an entry changes.
func (b *tileBook) over(service, resource string) *tileSpec {
	if spec := b.byResource[sources.Ref{Service: service, Name: resource}]; spec != nil && resource != "" {
		return spec.clone()
	}
	if spec := b.byService[service]; spec != nil {
		return spec.clone()
	}
	return &tileSpec{}
}

// clone is a copy whose lists and pointers may be changed.
func (t *tileSpec) clone() *tileSpec {
	c := *t
	c.Lines, c.Watch, c.Detail = slices.Clone(t.Lines), slices.Clone(t.Watch), slices.Clone(t.Detail)
	c.Ceilings = slices.Clone(t.Ceilings)
	if t.Wall != nil {
		wall := *t.Wall
		if wall.When != nil {
			when := *wall.When
			wall.When = &when
		}
		c.Wall = &wall
	}
	return &c
}

// tileWords are the fields that a tile may have, for the nearest valid word.
var tileWords = []string{
	"service", "resource", "title", "order", "hide", "headline", "chart", "lines", "watch", "wall", "detail", "value",
	"otherwise", "ceiling", "as", "unit", "limit", "top", "word", "for", "warn_above", "page_above", "warn_below", "page_below", "used", "warn", "page", "when", "above",
	"ceilings", "name", "most", "act", "follows", "raise", "action",
}

// unknownWord turns the reader's error into one line with the nearest valid word.
func unknownWord(err error) error {
	var unknown *yaml.UnknownFieldError
	if !errors.As(err, &unknown) || unknown.Token == nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	word := unknown.Token.Value
	return fmt.Errorf("line %d: a tile has no %q%s", unknown.Token.Position.Line, sources.Clean(word), meant(word, tileWords))
}

// meant is the end of a message about a word that does not exist.
func meant(word string, among []string) string {
	return cmp.Or(sources.MeantHint(word, among), ", known are "+strings.Join(among, ", "))
}

// find is the tile of a resource, nil where there is none for its service or it is hidden.
func (b *tileBook) find(r sources.Ref) *tileSpec {
	spec := b.byResource[r]
	if spec == nil {
		spec = b.byService[r.Service]
	}
	if spec == nil || spec.Hide {
		return nil
	}
	return spec
}

// check tells whether everything that the tile names exists.
func (t *tileSpec) check(node ast.Node) error {
	line := 0
	if tok := node.GetToken(); tok != nil {
		line = tok.Position.Line
	}
	if err := t.checkAll(); err != nil {
		return fmt.Errorf("tile of %q (line %d): %w", sources.Clean(t.Service), line, err)
	}
	return nil
}

func (t *tileSpec) checkAll() error {
	if t.Service == "" {
		return errors.New("it names no service")
	}
	if !slices.Contains(sources.Services, t.Service) {
		return fmt.Errorf("no such service%s", meant(t.Service, sources.Services))
	}
	if t.Headline.Value == "" && !t.Hide {
		return errors.New("it has no headline value")
	}
	if len(t.Lines) > supportingLines {
		return fmt.Errorf("it has %d lines, there is room for %d", len(t.Lines), supportingLines)
	}
	for _, value := range t.values() {
		if err := checkValue(value); err != nil {
			return err
		}
	}
	if t.Otherwise != nil {
		if err := t.instead().checkAll(); err != nil {
			return fmt.Errorf("otherwise: %w", err)
		}
	}
	for _, c := range t.Ceilings {
		if c.Name == "" || c.Used == "" || (c.Ceiling == "") == (c.Most == 0) {
			return errors.New("a ceiling has a name, what is used, and either a metric that is its ceiling or a number that is the most")
		}
	}
	return t.checkFormats()
}

// instead is the tile that takes the place of one whose headline does not exist, nil if there is none.
func (t *tileSpec) instead() *tileSpec {
	if t.Otherwise == nil {
		return nil
	}
	c := *t
	o := t.Otherwise
	c.Headline, c.Chart, c.Lines, c.Watch, c.Wall, c.Otherwise = o.Headline, o.Chart, o.Lines, o.Watch, o.Wall, nil
	return &c
}

// values are all metrics and expressions that the tile names.
func (t *tileSpec) values() []string {
	out := []string{t.Headline.Value, t.Headline.Ceiling, t.Chart.Value, t.Chart.Ceiling}
	for _, w := range t.Watch {
		out = append(out, w.Value)
	}
	if t.Wall != nil {
		out = append(out, t.Wall.Used, t.Wall.Ceiling)
		if t.Wall.When != nil {
			out = append(out, t.Wall.When.Value)
		}
	}
	for _, c := range t.Ceilings {
		out = append(out, c.Used, c.Ceiling, c.Follows)
	}
	for _, chart := range t.Detail {
		out = append(out, chart...)
	}
	for _, line := range t.Lines {
		for _, part := range line {
			for _, f := range parseTemplate(part) {
				out = append(out, f.value)
			}
		}
	}
	return out
}

func (t *tileSpec) checkFormats() error {
	names := []string{t.Headline.As, t.Chart.As}
	for _, w := range t.Watch {
		names = append(names, w.As)
	}
	for _, c := range t.Ceilings {
		names = append(names, c.As)
	}
	for _, line := range t.Lines {
		for _, part := range line {
			for _, f := range parseTemplate(part) {
				names = append(names, f.as)
			}
		}
	}
	for _, name := range names {
		if name != "" && !slices.Contains(formatNames, name) {
			return fmt.Errorf("no format %q%s", sources.Clean(name), meant(name, formatNames))
		}
	}
	return nil
}
