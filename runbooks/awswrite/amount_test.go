package awswrite

import "testing"

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		text      string
		now, step float64
		want      float64
	}{
		{"24", 12, 1, 24},
		{"to 24", 12, 1, 24},
		{" to  24 ", 12, 1, 24},
		{"+6", 12, 1, 18},
		{"-2", 12, 1, 10},
		{"+ 6", 12, 1, 18},
		{"+50 %", 12, 1, 18},
		{"+50%", 13, 1, 20},  // 19.5: who asks for more gets no less
		{"-50 %", 13, 1, 7},  // 6.5: who asks for less keeps a little more
		{"+10 %", 10, 1, 11}, // and no step above what the share is, whatever floats make of it
		{"+10 %", 100, 1, 110},
		{"16.5", 8, 0.5, 16.5},
		{"+0.5", 8, 0.5, 8.5},
		{"+25 %", 8.5, 0.5, 11},
		{"0", 8, 1, 0},
	} {
		got, err := amount("desired", c.text, c.now, c.step)
		if err != nil || got != c.want {
			t.Errorf("amount(%q) of %g = %g, %v; want %g", c.text, c.now, got, err, c.want)
		}
	}
}

func TestAmountsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "many", "50 %", "%", "+", "-", "to", "1e3", "0x10", "NaN", "+Inf", "1_000", "12 instances", "--2", "+ +6", "1.5", "+1.5", "9999999999", "-9999999999"} {
		if got, err := amount("desired", text, 12, 1); err == nil {
			t.Errorf("amount(%q) = %g", text, got)
		}
	}
}
