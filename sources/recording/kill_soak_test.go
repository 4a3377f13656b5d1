//go:build soak

package recording_test

const killedRecordings = 10
