package directory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
	"warroom/sources/document"
)

// row is a line of a series' file. Times are Unix milliseconds.
type row struct {
	seen, at     int64
	series, line int32 // the series' place in the order of series; lines count from 1
	none         bool
	value        float64
}

// headers are what a file may begin with.
var headers = []string{"at,value", "at,value,seen"}

// The years that four digits can tell.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

// clockAhead is how far ahead of the launch clock a source's own clock may stand, as in a recording.
const clockAhead = 10 * time.Minute

// lines reads one file of one series. It splits by hand: a launch has hundreds of thousands of lines.
type lines struct {
	file   string
	series int32
	period int64 // milliseconds
	days   days
	column int // of the field at hand, from 1
	line   int32
}

// fail is a complaint about the field at hand.
func (l *lines) fail(format string, args ...any) error {
	return &document.FileError{
		File: l.file, Line: int(l.line), Column: l.column, Text: sources.Clean(fmt.Sprintf(format, args...)),
	}
}

// read appends the rows of a text to dst, most of them at the most.
func (l *lines) read(dst []row, text string, most int) ([]row, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	head, text := cutLine(text)
	l.line, l.column = 1, 1
	var fields int
	switch head = strings.ReplaceAll(head, `"`, ""); head {
	case headers[0]:
		fields = 2
	case headers[1]:
		fields = 3
	default:
		return dst, l.badHead(head)
	}
	enough := len(dst) + most
	for text != "" {
		var line string
		line, text = cutLine(text)
		l.line++
		if line == "" {
			continue
		}
		if len(dst) == enough {
			l.column = 1
			return dst, l.fail("too many rows: a directory may have %d", rowsMost)
		}
		r, err := l.row(line, fields)
		if err != nil {
			return dst, err
		}
		dst = append(dst, r)
	}
	return dst, nil
}

func (l *lines) badHead(head string) error {
	return l.fail("its first line is %q: want at,value or at,value,seen%s", sources.CleanTo(head, 60), sources.MeantHint(head, headers))
}

// cutLine is the text up to the end of the line, and what follows it.
func cutLine(text string) (line, rest string) {
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		i, rest = len(text), ""
	} else {
		rest = text[i+1:]
	}
	line = text[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

func (l *lines) row(line string, fields int) (row, error) {
	r := row{series: l.series, line: l.line}
	l.column = 1
	at, rest, more := strings.Cut(line, ",")
	if !more {
		return r, l.fail("there is no value: want %s", headers[fields-2])
	}
	value, seen, third := strings.Cut(rest, ",")
	var err error
	if r.at, err = l.time(at, "at"); err != nil {
		return r, err
	}
	l.column += len(at) + 1
	if err := l.value(&r, value); err != nil {
		return r, err
	}
	l.column += len(value) + 1
	r.seen = r.at + l.period
	switch {
	case third && (fields == 2 || strings.IndexByte(seen, ',') >= 0):
		return r, l.fail("there is more than the first line names: want %s", headers[fields-2])
	case third && seen != "":
		if r.seen, err = l.time(seen, "seen"); err != nil {
			return r, err
		}
	}
	switch {
	case r.at < earliest, r.seen > latest:
		l.column = 1
		return r, l.fail("at %s: want a time of a launch, in the years 1 to 9999", sources.CleanTo(at, 40))
	case r.seen < r.at-clockAhead.Milliseconds():
		return r, l.fail("seen is %s, before its period began at %s", sources.CleanTo(seen, 40), sources.CleanTo(at, 40))
	}
	return r, nil
}

// unquoted is a field without the quotes that some programs put around every field.
func unquoted(field string) string {
	if n := len(field); n >= 2 && field[0] == '"' && field[n-1] == '"' {
		return field[1 : n-1]
	}
	return field
}

// value reads a number in decimal digits; nothing means that there was nothing.
func (l *lines) value(r *row, field string) error {
	field = unquoted(field)
	if field == "" {
		r.none = true
		return nil
	}
	v, err := strconv.ParseFloat(field, 64)
	if err != nil || !decimal(field) {
		return l.fail("value %q: want a number such as 0.25, or nothing where there was nothing", sources.CleanTo(field, 40))
	}
	r.value = v
	return nil
}

// decimal tells whether a number is written in digits: not as a word, and not in hexadecimal.
func decimal(field string) bool {
	for i := range len(field) {
		if c := field[i]; c > '9' && c|0x20 != 'e' || c == '_' {
			return false
		}
	}
	return true
}

// time reads a time as Unix milliseconds.
func (l *lines) time(field, what string) (int64, error) {
	field = unquoted(field)
	if ms, ok := l.days.zulu(field); ok {
		return ms, nil
	}
	t, err := time.Parse(time.RFC3339, field)
	if err != nil {
		return 0, l.fail("%s %q: want RFC 3339 in UTC, such as 2026-03-01T19:15:00Z", what, sources.CleanTo(field, 40))
	}
	return t.UnixMilli(), nil
}

// days remembers the day that was read last: most lines are of the same one.
type days struct {
	text  string
	start int64 // Unix milliseconds
}

// zulu reads 2026-03-01T19:15:00Z; ok is false for every other spelling.
func (d *days) zulu(s string) (ms int64, ok bool) {
	const layout = "2026-03-01T19:15:00Z"
	if len(s) != len(layout) || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	hour, min, sec := two(s[11:]), two(s[14:]), two(s[17:])
	if hour > 23 || min > 59 || sec > 59 {
		return 0, false
	}
	if s[:10] != d.text {
		day, err := time.Parse(time.DateOnly, s[:10])
		if err != nil {
			return 0, false
		}
		d.text, d.start = s[:10], day.UnixMilli()
	}
	return d.start + int64(hour*3600+min*60+sec)*1000, true
}

// two is the number that two digits stand for; what is no digit makes it greater than 99.
func two(s string) int {
	a, b := uint(s[0])-'0', uint(s[1])-'0'
	if a > 9 || b > 9 {
		return 100
	}
	return int(a*10 + b)
}
