//go:build soak

package recording_test

import "time"

const killedRecordings = 10

// reopenedWithin is the promise for a recording that a killed recorder left.
const reopenedWithin = 500 * time.Millisecond
