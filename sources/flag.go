package sources

import "cmp"

// The attributes of resources that both who reads and who acts go by.
const (
	FlagStore  = "kvs"        // of a distribution: the ARN of the key value store that its maintenance flag is in
	FlagKey    = "kvs_key"    // and its key there
	DeployedBy = "codedeploy" // of a fleet: what CodeDeploy deploys to it, as application/deployment group
)

// usualKey is that of a flag where the config names none.
const usualKey = "maintenance"

// FlagOf is where a distribution's maintenance flag is: the ARN of a key value store, "" where the config names none, and the
// key.
func FlagOf(r Resource) (store, key string) {
	return r.Attrs[FlagStore], cmp.Or(r.Attrs[FlagKey], usualKey)
}

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
