//go:build soak

package recording_test

const killCycles = 200
