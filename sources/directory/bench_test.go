package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/directory"
)

// BenchmarkOpen reads 55 series of 31 hours, with a revision of every second period: 153,450 rows.
func BenchmarkOpen(b *testing.B) {
	const series, minutes = 55, 31 * 60
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	many := map[string]string{}
	for _, m := range sources.Metrics() {
		if m.Derived() || m.Label != "" || m.Service == "launch" || len(many) == series {
			continue
		}
		var text strings.Builder
		text.WriteString("at,value,seen\n")
		for i := range minutes {
			at := from.Add(time.Duration(i) * time.Minute)
			for revision := range 1 + i%2 {
				seen := at.Add(time.Duration(90+60*revision+30*(i%3)) * time.Second)
				fmt.Fprintf(&text, "%s,%.6g,%s\n", at.Format(time.RFC3339), float64(i*revision)*1.234567, seen.Format(time.RFC3339))
			}
		}
		many[m.Name+"@main.csv"] = text.String()
	}
	dir := files(b, many)
	for b.Loop() {
		d, err := directory.Open(dir)
		if err != nil || len(d.Samples) != series*minutes*3/2 {
			b.Fatal(len(d.Samples), err)
		}
	}
}
