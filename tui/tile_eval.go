package tui

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// newEvaluator answers expressions by the house's engine: the first value for the resource at the expression's watermark.
// What else an expression may see is asked each time: the launch may change.
func newEvaluator(options func() query.Options) evaluator {
	engine := query.NewEngine()
	return func(v *sources.View, expr string, r sources.Ref) (float64, bool) {
		o := options()
		o.Resource = r.Name
		found, err := engine.Instant(context.Background(), v, expr, time.Time{}, o)
		if err != nil || len(found) == 0 {
			return 0, false
		}
		return found[0].Value, true
	}
}

// checkValue tells whether a metric or an expression of a tile can be read.
func checkValue(value string) error {
	if value == "" {
		return nil
	}
	if _, ok := sources.Lookup(value); ok {
		return nil
	}
	if word.FindString(value) == value {
		return fmt.Errorf("no metric %q%s", sources.Clean(value), cmp.Or(sources.MeantHint(value, sources.MetricNames()), " in the catalogue"))
	}
	return query.Check(value)
}
