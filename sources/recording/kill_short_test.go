//go:build !soak

package recording_test

// killCycles is how often a recorder is killed. With -tags soak it is ten times as often.
const killCycles = 20
