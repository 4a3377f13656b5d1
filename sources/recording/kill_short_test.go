//go:build !soak

package recording_test

// killedRecordings is how many recordings are made by recorders that are killed, twenty for each. With -tags soak
// they are ten times as many.
const killedRecordings = 1
