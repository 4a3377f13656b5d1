package tui

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The formats in which a tile may show a value, by the words of the tile files.
const (
	asNumber   = "number"   // 1,043 · 18 · 0.42
	asSI       = "si"       // 82k · 7.1k
	asPercent  = "percent"  // of a ratio: 91.4 %
	asDuration = "duration" // of seconds: 412 ms · 1.24 s
	asBytes    = "bytes"    // 1.2 MB
	asRate     = "rate"     // of a count per period: per second, 82k
	asTotal    = "total"    // of a count per period: all of them since T0
	asDollars  = "dollars"  // $0.31
)

var formatNames = []string{asNumber, asSI, asPercent, asDuration, asBytes, asRate, asTotal, asDollars}

// noValue stands where a value is not known.
const noValue = "–"

// quantity writes v in a format, as the number and the unit sign that belongs to it.
func quantity(v float64, as string, period time.Duration) (number, sign string) {
	switch as {
	case asPercent:
		return percent(v * 100), "%"
	case asDuration:
		return duration(v)
	case asBytes:
		return bytesOf(v)
	case asSI:
		return si(v), ""
	case asRate:
		if period > 0 {
			v /= period.Seconds()
		}
		return si(v), ""
	case asDollars:
		return "$" + strconv.FormatFloat(v, 'f', 2, 64), ""
	}
	return grouped(v), ""
}

// amount is a quantity in one string.
func amount(v float64, as string, period time.Duration) string {
	number, sign := quantity(v, as, period)
	if sign == "" {
		return number
	}
	return number + " " + sign
}

// mark is an amount as a threshold or the end of a scale is written: without decimals that say nothing.
func mark(v float64, as string, period time.Duration) string {
	number, sign := quantity(v, as, period)
	digits := strings.TrimRight(number, "kMGT")
	if strings.Contains(digits, ".") {
		number = strings.TrimRight(strings.TrimRight(digits, "0"), ".") + number[len(digits):]
	}
	if sign == "" {
		return number
	}
	return number + " " + sign
}

// grouped writes three digits of what is small, and all digits before the point of what is large.
func grouped(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return noValue
	}
	whole := math.Round(v)
	if math.Abs(v) < 100 && math.Abs(v-whole) > 0.005 {
		return significant(v)
	}
	return thousands(whole)
}

// significant writes v with as many decimals as three digits allow, two at most.
func significant(v float64) string {
	decimals := 2
	if math.Abs(v) >= 9.995 {
		decimals = 1
	}
	if math.Abs(v) >= 99.95 {
		decimals = 0
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func thousands(v float64) string {
	if math.Abs(v) < 1000 {
		return strconv.FormatFloat(v+0, 'f', 0, 64)
	}
	digits := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	var b strings.Builder
	if v < 0 {
		b.WriteByte('-')
	}
	for i, d := range []byte(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(d)
	}
	return b.String()
}

// percent writes a value that is already in percent.
func percent(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return noValue
	case a < 0.005:
		return "0"
	case a < 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

var prefixes = []string{"", "k", "M", "G", "T"}

// si shortens large values: 82k, 7.1k. Below a thousand it is a plain number.
func si(v float64) string { return scaled(v, 1000) }

func scaled(v, base float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return noValue
	}
	i := 0
	for math.Abs(v) >= base*0.9995 && i < len(prefixes)-1 {
		v, i = v/base, i+1
	}
	switch {
	case i == 0 && math.Abs(v-math.Round(v)) < 0.05 || math.Abs(v) >= 9.95:
		return strconv.FormatFloat(math.Round(v)+0, 'f', 0, 64) + prefixes[i]
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + prefixes[i]
}

func bytesOf(v float64) (number, sign string) {
	s := scaled(v, 1000)
	last := s[len(s)-1]
	if last >= '0' && last <= '9' || s == noValue {
		return s, "B"
	}
	return s[:len(s)-1], string(last) + "B"
}

// duration writes seconds as people say them: 412 ms, 1.24 s, 3m10s.
func duration(v float64) (number, sign string) {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return noValue, "s"
	case a == 0:
		return "0", "ms"
	case a < 0.00995:
		return significant(v * 1000), "ms"
	case a < 0.9995:
		return strconv.FormatFloat(v*1000, 'f', 0, 64), "ms"
	case a < 99.5:
		return significant(v), "s"
	}
	return short(time.Duration(v * float64(time.Second))), ""
}

// short writes a time span in its one or two largest units: 8s, 1m05s, 3h05, 2d4h.
func short(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := int(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return sign + strconv.Itoa(s) + "s"
	case s < 600 && s%60 != 0:
		return sign + strconv.Itoa(s/60) + "m" + two(s%60) + "s"
	case s < 3600:
		return sign + strconv.Itoa(s/60) + "m"
	case s < 48*3600:
		return sign + strconv.Itoa(s/3600) + "h" + two(s/60%60)
	}
	return sign + strconv.Itoa(s/86400) + "d" + strconv.Itoa(s/3600%24) + "h"
}

// span is a time span to the minute: 4m, 1h05.
func rough(d time.Duration) string {
	if d < time.Minute {
		return short(d)
	}
	return short(d.Truncate(time.Minute))
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// launchClock is T± to the second: T-00:14:10, T+1:02:03 is written T+01:02:03.
func launchClock(t, t0 time.Time) string {
	d := t.Sub(t0).Truncate(time.Second)
	sign := "T+"
	if t.Before(t0) {
		sign, d = "T-", t0.Sub(t).Round(time.Second)
	}
	s := int(d / time.Second)
	return sign + two(s/3600) + ":" + two(s/60%60) + ":" + two(s%60)
}

// field is a value that stands in a line of a tile: a metric in a format, or a fact.
type field struct {
	before string // the words before it
	value  string // metric, "" for a fact or for words alone
	as     string
	fact   string
}

// parseTemplate cuts "p95 {alb_latency_p95_seconds:duration} now" into fields; the last one may be words alone.
func parseTemplate(s string) []field {
	var out []field
	for s != "" {
		open := strings.IndexByte(s, '{')
		end := strings.IndexByte(s, '}')
		if open < 0 || end < open {
			return append(out, field{before: s})
		}
		f := field{before: s[:open]}
		inside := s[open+1 : end]
		if name, ok := strings.CutPrefix(inside, "fact."); ok {
			f.fact = name
		} else {
			f.value, f.as, _ = strings.Cut(inside, ":")
		}
		out = append(out, f)
		s = s[end+1:]
	}
	return out
}
