package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
	"warroom/sources/document"
	"warroom/sources/surprise"
)

// backtestSeries judges the series in a file and prints when it would page, or the score of every row. What stands
// before a row that cannot be read is judged and printed.
func (p *process) backtestSeries(file string, scores bool) error {
	f, err := os.Open(file)
	if err != nil {
		return document.Unreadable(file, err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	out := bufio.NewWriter(p.out)
	detector := surprise.New()
	err = readSeries(f, file, func(r seriesRow) error {
		score := detector.Next(r.at, r.value, r.none)
		var err error
		switch {
		case scores:
			_, err = fmt.Fprintf(out, "%s,%s\n", r.spelling, strconv.FormatFloat(score, 'g', -1, 64))
		case score >= 1:
			_, err = fmt.Fprintln(out, r.spelling)
		}
		return err
	})
	return errors.Join(err, out.Flush())
}

// seriesRow is one row of a file of timestamp,value.
type seriesRow struct {
	spelling string // of the time, as the file has it
	at       time.Time
	value    float64
	none     bool // asked, and there was nothing
}

const (
	seriesHeader  = "timestamp,value"
	wantTimestamp = "want RFC 3339, such as 2026-03-01T20:15:00+01:00, or 2006-01-02 15:04:05"
)

// readSeries calls row with each row of a series in its order, as it comes. The error is a [*document.FileError] that names the
// line, or what row returned.
func readSeries(r io.Reader, file string, row func(seriesRow) error) error {
	lines := csv.NewReader(bufio.NewReader(r))
	lines.ReuseRecord, lines.FieldsPerRecord = true, -1
	wrong := func(field int, format string, args ...any) error {
		line, column := lines.FieldPos(field)
		return &document.FileError{File: file, Line: line, Column: column, Text: sources.Clean(fmt.Sprintf(format, args...))}
	}
	for first := true; ; first = false {
		fields, err := lines.Read()
		switch {
		case errors.Is(err, io.EOF) && first:
			return &document.FileError{File: file, Text: "is empty: want the header " + seriesHeader + " and a row for each sample"}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(file, err)
		case first && strings.TrimPrefix(strings.Join(fields, ","), "\ufeff") != seriesHeader:
			return wrong(0, "%q is no header: want %s", strings.Join(fields, ","), seriesHeader)
		case first:
			continue
		case len(fields) != 2:
			return wrong(0, "%d fields, want %s", len(fields), seriesHeader)
		}
		at, err := timestamp(fields[0])
		if err != nil {
			return wrong(0, "timestamp %q: %s", fields[0], wantTimestamp)
		}
		value, none, err := number(fields[1])
		if err != nil {
			return wrong(1, "value %q: want a number, or nothing where there was none", fields[1])
		}
		if err := row(seriesRow{fields[0], at, value, none}); err != nil {
			return err
		}
	}
}

// unreadable tells where a file stops being rows of fields.
func unreadable(file string, err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return &document.FileError{File: file, Line: parse.Line, Column: parse.Column, Text: parse.Err.Error()}
	}
	return document.Unreadable(file, err)
}

// errComma refuses a fraction of a second behind a comma, which a line of timestamp,score cannot hold.
var errComma = errors.New("a timestamp holds no comma")

// timestamp reads a time; one without a zone is taken as UTC.
func timestamp(text string) (time.Time, error) {
	if strings.Contains(text, ",") {
		return time.Time{}, errComma
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Parse(time.DateTime, text)
}

// number reads a value. One that is too great to be held is the greatest that can be; what is no number at all (empty
// or NaN) is none.
func number(text string) (value float64, none bool, err error) {
	if text == "" {
		return 0, true, nil
	}
	value, err = strconv.ParseFloat(text, 64)
	if errors.Is(err, strconv.ErrRange) {
		return math.Copysign(math.MaxFloat64, value), false, nil
	}
	return value, math.IsNaN(value), err
}
