package runbooks_test

import (
	"testing"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
)

// BenchmarkOpen is what the runbooks of the house cost whoever opens them: not the start of the program.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		if _, err := runbooks.Open(awswrite.Offers); err != nil {
			b.Fatal(err)
		}
	}
}
