package query_test

import (
	"errors"
	"strings"
	"testing"

	"warroom/sources"
	"warroom/sources/query"
)

// TestJudge proves that a condition says yes or no with the value that decides, and neither where nothing is known.
func TestJudge(t *testing.T) {
	v := ramp().View(sources.Cursor{At: at(10.5)}) // 7 is the newest that has settled
	for expr, want := range map[string]query.Answer{
		"alb_requests > 5":                                        {Holds: true, Value: 7, Unit: sources.Count},
		"alb_requests > 50":                                       {Value: 7, Unit: sources.Count},
		"(alb_requests > 50)":                                     {Value: 7, Unit: sources.Count},
		"alb_requests < 5 or alb_requests > 6":                    {Holds: true, Value: 7, Unit: sources.Count},
		"alb_requests > 5 and alb_requests < 6":                   {Value: 7, Unit: sources.Count},
		"alb_requests / 7 == 1":                                   {Holds: true, Value: 1},
		"alb_requests > bool 50":                                  {Value: 7, Unit: sources.Count},
		"count(alb_requests) > 0":                                 {Holds: true, Value: 1},
		"max_over_time(alb_requests[3m]) >= 7":                    {Holds: true, Value: 7, Unit: sources.Count},
		`alb_requests{resource="shop"} < 0.5 * alb_requests + 99`: {Holds: true, Value: 7, Unit: sources.Count},
	} {
		got, err := query.NewEngine().Judge(t.Context(), v, expr, query.Options{})
		if err != nil || got.Holds != want.Holds || got.Value != want.Value || got.Unit != want.Unit || !got.At.Equal(at(8)) {
			t.Errorf("%s: %+v, %v, want %+v", expr, got, err, want)
		}
	}
	var absent *query.NotFoundError
	if _, err := query.NewEngine().Judge(t.Context(), v, "aurora_acu > 5", query.Options{}); !errors.As(err, &absent) {
		t.Errorf("of what never was: %v", err)
	}
	var none *query.NoValueError
	if _, err := query.NewEngine().Judge(t.Context(), v, "alb_requests offset 1h > 5", query.Options{}); !errors.As(err, &none) {
		t.Errorf("of what has no value: %v", err)
	}
}

// TestJudgeOfAbsence: what never was, or has died, is absent; of what has just begun nobody knows.
func TestJudgeOfAbsence(t *testing.T) {
	var samples []sources.Sample
	for m := range 12 {
		samples = append(samples, sample("alb_requests", "shop", m, float64(m)+1.5, 10))
		if m < 4 {
			samples = append(samples, sample("asg_cpu_ratio", "web", m, float64(m)+1.5, 0.9))
		}
	}
	w := window(samples...)
	for expr, want := range map[string]query.Answer{
		"absent(alb_requests)":                            {},
		"absent(asg_cpu_ratio)":                           {Holds: true, Value: 1},
		"absent(aurora_acu)":                              {Holds: true, Value: 1},
		"absent_over_time(aurora_acu[5m])":                {Holds: true, Value: 1},
		"absent_over_time(alb_requests[5m])":              {},
		`absent(alb_requests{resource="other"})`:          {Holds: true, Value: 1},
		"absent(aurora_acu) and alb_requests > 50":        {Value: 10, Unit: sources.Count},
		"absent(aurora_acu) and on() alb_requests > 5":    {Holds: true, Value: 10, Unit: sources.Count},
		"alb_requests > 5 unless on() absent(aurora_acu)": {Value: 10, Unit: sources.Count},
		"absent(alb_requests) or absent(aurora_acu)":      {Holds: true, Value: 1},
		"absent(aurora_acu) == 1":                         {Holds: true, Value: 1},
	} {
		got, err := query.NewEngine().Judge(t.Context(), w.View(sources.Cursor{At: at(13.5)}), expr, query.Options{})
		if err != nil || got.Holds != want.Holds || got.Value != want.Value || got.Unit != want.Unit {
			t.Errorf("%s: %+v, %v, want %+v", expr, got, err, want)
		}
	}
	var absent *query.NotFoundError
	if a, err := query.NewEngine().Judge(t.Context(), w.View(sources.Cursor{At: at(3)}), "absent(aurora_acu)", query.Options{}); !errors.As(err, &absent) {
		t.Errorf("three minutes after the beginning: %+v, %v", a, err)
	}
}

// Of several elements the one is told that the comparison looks for first.
func TestJudgeTellsTheOneThatDecides(t *testing.T) {
	var samples []sources.Sample
	for m := range 8 {
		samples = append(samples, sample("alb_requests", "shop", m, float64(m)+1.5, 10), sample("alb_requests", "api", m, float64(m)+1.5, 30))
	}
	v := window(samples...).View(sources.Cursor{At: at(10.5)})
	for expr, want := range map[string]string{"alb_requests > 5": "api", "alb_requests < 50": "shop", "alb_requests > 20": "api", "alb_requests > 99": "api"} {
		if got, err := query.NewEngine().Judge(t.Context(), v, expr, query.Options{}); err != nil || got.Series.Resource != want {
			t.Errorf("%s: %+v, %v, want %s", expr, got, err, want)
		}
	}
}

// Of alternatives the one that holds decides, with its own value and unit; one that was never read holds up none of the
// others, and one that fell silent may be the one that holds.
func TestJudgeOfAlternatives(t *testing.T) {
	var samples []sources.Sample
	for m := range 8 {
		samples = append(samples, sample("alb_requests", "shop", m, float64(m)+1.5, 10), sample("asg_cpu_ratio", "web", m, float64(m)+1.5, 0.9))
	}
	v := window(samples...).View(sources.Cursor{At: at(10.5)})
	for expr, want := range map[string]query.Answer{
		"aurora_select_latency_seconds > 0.05 or asg_cpu_ratio > 0.75":            {Holds: true, Value: 0.9, Unit: sources.Ratio},
		"alb_requests > 50 or asg_cpu_ratio > 0.75":                               {Holds: true, Value: 0.9, Unit: sources.Ratio},
		"alb_requests > 50 or (aurora_acu > 1 or asg_cpu_ratio > 0.95)":           {Value: 10, Unit: sources.Count},
		"aurora_acu > 1 or asg_cpu_ratio > 0.95":                                  {Value: 0.9, Unit: sources.Ratio},
		"alb_requests > 5 or on() asg_cpu_ratio > 0.75":                           {Holds: true, Value: 10, Unit: sources.Count},
		"(alb_requests > 50 or asg_cpu_ratio > 0.75) and on() alb_requests > 5":   {Holds: true, Value: 0.9},
		"aurora_acu > 1 or asg_cpu_ratio offset 1h > 0.75 or asg_cpu_ratio > 0.8": {Holds: true, Value: 0.9, Unit: sources.Ratio},
		"alb_requests > bool 50 or on() asg_cpu_ratio > bool 0.75":                {Value: 10, Unit: sources.Count},
	} {
		got, err := query.NewEngine().Judge(t.Context(), v, expr, query.Options{})
		if err != nil || got.Holds != want.Holds || got.Value != want.Value || want.Unit != "" && got.Unit != want.Unit {
			t.Errorf("%s: %+v, %v, want %+v", expr, got, err, want)
		}
	}
	var absent *query.NotFoundError
	if got, err := query.NewEngine().Judge(t.Context(), v, "aurora_acu > 5 or aurora_acu < 1", query.Options{}); !errors.As(err, &absent) {
		t.Errorf("of what never was: %+v, %v", got, err)
	}
	late := window(append(samples, sample("alb_requests", "shop", 59, 60.5, 10))...).View(sources.Cursor{At: at(63)})
	var silent *query.NoDataError
	if got, err := query.NewEngine().Judge(t.Context(), late, "asg_cpu_ratio > 0.75 or alb_requests > 50", query.Options{}); !errors.As(err, &silent) {
		t.Errorf("of two of which one fell silent: %+v, %v", got, err)
	}
	if got, err := query.NewEngine().Judge(t.Context(), late, "asg_cpu_ratio > 0.75 or alb_requests > 5", query.Options{}); err != nil || !got.Holds {
		t.Errorf("of two of which one holds, and one fell silent: %+v, %v", got, err)
	}
}

func TestCheckCondition(t *testing.T) {
	for expr, want := range map[string]string{
		"alb_requests > 5":                      "",
		"(alb_requests > 5) unless alb_lcu > 1": "",
		"launch_seconds > -600":                 "",
		"absent(alb_requests)":                  "",
		"absent_over_time(alb_requests[5m])":    "",
		"alb_lcu > 1 or (absent(alb_requests))": "",
		"absent(alb_reqests)":                   `"alb_requests"`,
		"-absent(alb_requests)":                 "1:1: this says no yes or no",
		"absent(alb_requests) + 1":              "1:1: this says no yes or no",
		"alb_requests":                          "1:1: this says no yes or no",
		"alb_requests > 5 and alb_lcu":          "1:22: this says no yes or no",
		"sum(alb_requests > 5)":                 "1:1: this says no yes or no",
		"1 > 0":                                 "1:3: neither side is of the site",
		"time() > 0":                            "for the time there is launch_seconds",
		"alb_healthy < 2":                       `did you mean "alb_healthy_hosts"?`,
		"asg_cpu > 0.8":                         `did you mean "asg_cpu_ratio"?`,
		"alb_reqests > 5":                       `"alb_requests"`,
		"alb_requests >":                        "1:",
	} {
		err := query.CheckCondition(expr)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
	}
}
