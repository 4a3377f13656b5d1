package tui

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
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

// appendQuantity writes v in a format and returns the sign of its unit, which stands after it.
func appendQuantity(dst []byte, v float64, as string, period time.Duration) (out []byte, sign string) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, noValue...), ""
	}
	switch as {
	case asPercent:
		return appendPercent(dst, v*100), "%"
	case asDuration:
		return appendDuration(dst, v)
	case asBytes:
		return appendBytes(dst, v)
	case asSI:
		return appendSI(dst, v), ""
	case asRate:
		if period > 0 {
			v /= period.Seconds()
		}
		return appendSI(dst, v), ""
	case asDollars:
		return strconv.AppendFloat(append(dst, '$'), v, 'f', 2, 64), ""
	}
	return appendGrouped(dst, v), ""
}

// appendAmount writes a quantity and its sign.
func appendAmount(dst []byte, v float64, as string, period time.Duration) []byte {
	dst, sign := appendQuantity(dst, v, as, period)
	return appendSign(dst, sign)
}

func appendSign(dst []byte, sign string) []byte {
	if sign == "" {
		return dst
	}
	return append(append(dst, ' '), sign...)
}

// amount is a quantity and its sign in one string.
func amount(v float64, as string, period time.Duration) string {
	return string(appendAmount(nil, v, as, period))
}

// appendMark writes an amount as a threshold or the end of a scale is written: without decimals that say nothing.
func appendMark(dst []byte, v float64, as string, period time.Duration) []byte {
	start := len(dst)
	dst, sign := appendQuantity(dst, v, as, period)
	digits := bytes.TrimRight(dst[start:], "kMGT")
	if bytes.IndexByte(digits, '.') >= 0 {
		kept := bytes.TrimRight(bytes.TrimRight(digits, "0"), ".")
		n := copy(dst[start+len(kept):], dst[start+len(digits):])
		dst = dst[:start+len(kept)+n]
	}
	return appendSign(dst, sign)
}

// mark is what appendMark writes.
func mark(v float64, as string, period time.Duration) string {
	return string(appendMark(nil, v, as, period))
}

// appendGrouped writes three digits of what is small, and all digits before the point of what is large.
func appendGrouped(dst []byte, v float64) []byte {
	whole := math.Round(v)
	if math.Abs(v) < 100 && math.Abs(v-whole) > 0.005 {
		return appendSignificant(dst, v)
	}
	return appendThousands(dst, whole)
}

// grouped is what appendGrouped writes.
func grouped(v float64) string { return string(appendGrouped(nil, v)) }

// appendSignificant writes v with as many decimals as three digits allow, two at most.
func appendSignificant(dst []byte, v float64) []byte {
	decimals := 2
	if math.Abs(v) >= 9.995 {
		decimals = 1
	}
	if math.Abs(v) >= 99.95 {
		decimals = 0
	}
	return strconv.AppendFloat(dst, v, 'f', decimals, 64)
}

// appendThousands writes a whole number in groups of three digits.
func appendThousands(dst []byte, v float64) []byte {
	var buf [32]byte
	digits := strconv.AppendFloat(buf[:0], math.Abs(v), 'f', 0, 64)
	if v < 0 {
		dst = append(dst, '-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, d)
	}
	return dst
}

// appendPercent writes a value that is already in percent.
func appendPercent(dst []byte, v float64) []byte {
	switch a := math.Abs(v); {
	case a < 0.005:
		return append(dst, '0')
	case a < 0.995:
		return strconv.AppendFloat(dst, v, 'f', 2, 64)
	case a >= 99.95:
		return strconv.AppendFloat(dst, v, 'f', 0, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', 1, 64)
}

const prefixes = " kMGT"

// appendSI shortens large values: 82k, 7.1k. Below a thousand it writes a plain number.
func appendSI(dst []byte, v float64) []byte {
	i := 0
	for math.Abs(v) >= 999.5 && i < len(prefixes)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 && math.Abs(v-math.Round(v)) < 0.05 || math.Abs(v) >= 9.95 {
		dst = strconv.AppendFloat(dst, math.Round(v)+0, 'f', 0, 64)
	} else {
		dst = strconv.AppendFloat(dst, v, 'f', 1, 64)
	}
	if i > 0 {
		dst = append(dst, prefixes[i])
	}
	return dst
}

// si is what appendSI writes.
func si(v float64) string { return string(appendSI(nil, v)) }

func appendBytes(dst []byte, v float64) (out []byte, sign string) {
	dst = appendSI(dst, v)
	switch last := dst[len(dst)-1]; last {
	case 'k':
		sign = "kB"
	case 'M':
		sign = "MB"
	case 'G':
		sign = "GB"
	case 'T':
		sign = "TB"
	default:
		return dst, "B"
	}
	return dst[:len(dst)-1], sign
}

// appendDuration writes seconds as people say them: 412 ms, 1.24 s, 3m10s.
func appendDuration(dst []byte, v float64) (out []byte, sign string) {
	switch a := math.Abs(v); {
	case a == 0:
		return append(dst, '0'), "ms"
	case a < 0.00995:
		return appendSignificant(dst, v*1000), "ms"
	case a < 0.9995:
		return strconv.AppendFloat(dst, v*1000, 'f', 0, 64), "ms"
	case a < 99.5:
		return appendSignificant(dst, v), "s"
	}
	return appendShort(dst, time.Duration(min(v, 1e9)*float64(time.Second))), ""
}

// appendShort writes a time span in its one or two largest units: 8s, 1m05s, 3h05, 2d4h.
func appendShort(dst []byte, d time.Duration) []byte {
	if d < 0 {
		dst, d = append(dst, '-'), -d
	}
	s := int64(d.Round(time.Second) / time.Second)
	number := func(n int64) []byte { return strconv.AppendInt(dst, n, 10) }
	switch {
	case s < 60:
		return append(number(s), 's')
	case s < 600 && s%60 != 0:
		return append(appendTwo(append(number(s/60), 'm'), s%60), 's')
	case s < 3600:
		return append(number(s/60), 'm')
	case s < 48*3600:
		return appendTwo(append(number(s/3600), 'h'), s/60%60)
	}
	return append(strconv.AppendInt(append(number(s/86400), 'd'), s/3600%24, 10), 'h')
}

// short is what appendShort writes.
func short(d time.Duration) string { return string(appendShort(nil, d)) }

// appendRough writes a time span to the minute: 4m, 1h05.
func appendRough(dst []byte, d time.Duration) []byte {
	if d < time.Minute {
		return appendShort(dst, d)
	}
	return appendShort(dst, d.Truncate(time.Minute))
}

// rough is what appendRough writes.
func rough(d time.Duration) string { return string(appendRough(nil, d)) }

func appendTwo(dst []byte, n int64) []byte {
	if n < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
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
	metric sources.Metric
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
			f.metric, _ = sources.Lookup(f.value)
		}
		out = append(out, f)
		s = s[end+1:]
	}
	return out
}
