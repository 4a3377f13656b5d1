package awsread

import "testing"

// TestStatistics: what CloudWatch's documentation gives as examples is known, and what looks like it is not.
func TestStatistics(t *testing.T) {
	known := []string{
		"Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM", "p0", "p50", "p95.45", "p99.0123456789", "p100",
		"tm90", "tm99.9", "wm98", "tc90", "ts90", "TM(2%:98%)", "TM(150:1000)", "TM(5%:)", "TM(:95%)", "WM(10%:90%)",
		"TC(0.005:0.030)", "TS(80%:)", "PR(:300)", "PR(100:2000)", "PR(100:)",
	}
	unknown := []string{
		"", "Avrage", "average", "SUM", "Mean", "Median", "p", "p101", "P99", "p-1", "p1e1", "pNaN", "p99.", "p99.01234567890", "p 99", "99",
		"iqm", "tm", "tm101", "TM90", "pr300", "TM()", "TM(:)", "TM(90%)", "tm(2%:98%)", "TM(98%:2%)", "TM(2%:101%)", "TM(a:b)",
		"PR(10%:90%)", "PR(:)", "TM(2%:98%) ", "Sum\n",
	}
	for _, stat := range known {
		if !IsStatistic(stat) {
			t.Errorf("%q is not known", stat)
		}
	}
	for _, stat := range unknown {
		if IsStatistic(stat) {
			t.Errorf("%q is known", stat)
		}
	}
	for _, stat := range Statistics() {
		if !IsStatistic(stat) {
			t.Errorf("%q is suggested and not known", stat)
		}
	}
}
