package awswrite

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// amountHelp is what may be written for a number.
const amountHelp = `a number ("24"), or a change of what is now ("+6", "-2", "+50 %")`

// amount reads what a number should become: an absolute one ("24", "to 24"), or a change of what is now ("+6", "-2",
// "+50 %"). A share is rounded up to the next step: who asks for more gets no less, who asks for less keeps a little more.
func amount(name, text string, now, step float64) (float64, error) {
	wrong := fmt.Errorf("%s: %q is no amount; write %s", name, text, amountHelp)
	plain := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "to "))
	sign := 0.0
	if strings.HasPrefix(plain, "+") || strings.HasPrefix(plain, "-") {
		sign = map[byte]float64{'+': 1, '-': -1}[plain[0]]
		plain = plain[1:]
	}
	plain, share := strings.CutSuffix(plain, "%")
	plain = strings.TrimSpace(plain)
	if share && sign == 0 || strings.Trim(plain, "0123456789.") != "" {
		return 0, wrong
	}
	v, err := strconv.ParseFloat(plain, 64)
	switch {
	case err != nil:
		return 0, wrong
	case share:
		v = math.Ceil((now+sign*now*v/100)/step-1e-9) * step
	case sign != 0:
		v = now + sign*v
	}
	if math.Abs(v) > math.MaxInt32 || math.Mod(v, step) != 0 {
		return 0, fmt.Errorf("%s: %s is no multiple of %g that AWS takes", name, number(v), step)
	}
	return v, nil
}

// number writes a number as briefly as it can be.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// change writes how a number changes, with its sign.
func change(v float64) string {
	if v > 0 {
		return "+" + number(v)
	}
	return number(v)
}
