//go:build !soak

package runbooks_test

// rounds is how often actors race for one resource. With -tags soak it is ten times as often.
const rounds = 100
