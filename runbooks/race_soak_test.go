//go:build soak

package runbooks_test

// rounds is how often actors race for one resource.
const rounds = 1000
