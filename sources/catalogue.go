package sources

// Lookup finds a metric of the catalogue by its name.
func Lookup(name string) (Metric, bool) {
	m, ok := catalogue[name]
	return m, ok
}

var catalogue = map[string]Metric{}
