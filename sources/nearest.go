package sources

import (
	"cmp"
	"fmt"
	"strings"
)

// MeantHint is the end of every complaint about a word that there is not: it asks whether the nearest one was meant. It is ""
// where none is near.
func MeantHint(word string, among []string) string {
	if near := Nearest(word, among); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Nearest is the word among the given ones that a person most likely meant, or "" when none is near
// enough to be worth suggesting: more than a third of the longer word would have to change. Capitals do not
// count. Of equally near ones the first is taken. Where none is near, it is the shortest of those that begin with the word, or
// else hold it, as long as that is more than a syllable: who wrote it stopped too early.
func Nearest(word string, among []string) string {
	best, found := 0, ""
	meant := []rune(strings.ToLower(word))
	for _, candidate := range among {
		d := distance(meant, []rune(strings.ToLower(candidate)))
		if d > max(len(word), len(candidate), 3)/3 {
			continue
		}
		if found == "" || d < best {
			best, found = d, candidate
		}
	}
	if found == "" && len(meant) >= partLeast {
		found = cmp.Or(shortest(string(meant), among, strings.HasPrefix), shortest(string(meant), among, strings.Contains))
	}
	return found
}

// partLeast is from how many letters on a word may stand for one that it is a part of.
const partLeast = 4

// shortest is the shortest candidate of which a word is a part.
func shortest(word string, among []string, part func(whole, word string) bool) (found string) {
	for _, candidate := range among {
		if part(strings.ToLower(candidate), word) && (found == "" || len(candidate) < len(found)) {
			found = candidate
		}
	}
	return found
}

// distance is how many letters must be inserted, removed, replaced or swapped with their neighbour to
// turn a into b (optimal string alignment). It keeps three rows of the table.
func distance(a, b []rune) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := above[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(above[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
