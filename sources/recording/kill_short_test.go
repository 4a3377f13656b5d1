//go:build !soak

package recording_test

import "time"

// killedRecordings is how many recordings are made by recorders that are killed, twenty for each. With -tags soak
// they are ten times as many.
const killedRecordings = 1

// tamperings is how many forgeries the chain of changes has to stand. With -tags soak they are ten thousand.
const tamperings = 400

// reopenedWithin is no bound here: the tests share the machine with each other. With -tags soak it is the promise.
const reopenedWithin = time.Hour
