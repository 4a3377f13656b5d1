package runbooks_test

import (
	"errors"
	"testing"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/document"
)

// FuzzRead holds the promises of reading against any text: it ends, what is wrong is told with the file, and what is right
// has a step and is clean.
func FuzzRead(f *testing.F) {
	for _, b := range library(f).All() {
		f.Add(b.Source)
	}
	f.Add("")
	f.Add("---\n---\n")
	f.Add(head + "> ```check\n> expr: |\n>   alb_requests\n>   > 1\n> ```\n")
	f.Add(head + "- ```ask\n  question: &a x\n  choices: *a\n  ```\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := runbooks.Read("x.md", []byte(text), awswrite.Offers)
		var wrong *document.FileError
		switch {
		case err != nil && !errors.As(err, &wrong):
			t.Fatalf("%v names no file", err)
		case err != nil:
			return
		case len(b.Steps) == 0:
			t.Fatal("no step")
		}
		for _, s := range b.Steps {
			on := s.On(sources.Ref{Service: "alb", Name: "x"})
			for _, shown := range []string{on.Brief(), on.How(), on.Otherwise, b.Title, b.About} {
				if sources.Clean(shown) != shown {
					t.Fatalf("%q is not clean", shown)
				}
			}
		}
	})
}
