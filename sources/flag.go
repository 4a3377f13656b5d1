package sources

// FlagValues are the pairs of values that a maintenance flag may have, on first: which pair a function at the edge knows is
// seen from the one that is there.
var FlagValues = [][2]string{{"on", "off"}, {"true", "false"}, {"1", "0"}, {"yes", "no"}}

// FlagPair is the pair that a flag's value belongs to, false for one that says neither on nor off.
func FlagPair(value string) (pair [2]string, known bool) {
	for _, p := range FlagValues {
		if value == p[0] || value == p[1] {
			return p, true
		}
	}
	return pair, false
}
