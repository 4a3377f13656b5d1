//go:build soak

package recording_test

import "time"

const killedRecordings = 10

// tamperings is how many forgeries the chain of changes has to stand.
const tamperings = 10_000

// reopenedWithin is the promise for a recording that a killed recorder left.
const reopenedWithin = 500 * time.Millisecond
