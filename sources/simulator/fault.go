package simulator

import "time"

// FaultKind is a way in which the account's API misbehaves.
type FaultKind string

// The faults of the API. Those of the site itself (a bot wave, a slow database) act in the model and are
// seen only in what it measures.
const (
	Throttling FaultKind = "throttling"          // the share Rate of all calls is answered with the service's throttling error
	Expired    FaultKind = "expired-credentials" // every call is answered with ExpiredToken
	Denied     FaultKind = "access-denied"       // every call is answered with AccessDenied
	Latency    FaultKind = "latency"             // every answer comes Delay late
	Partial    FaultKind = "partial-data"        // the share Rate of all series comes without its newest datapoints, marked PartialData
	Dead       FaultKind = "dead"                // the connection is closed without an answer
	Garbage    FaultKind = "garbage"             // the answer is Bytes bytes of rubbish with status 200
	Hang       FaultKind = "hang"                // the answer never comes

	Unavailable FaultKind = "unavailable"     // every call is answered 503 with an HTML page instead of the service's error
	Internal    FaultKind = "internal-error"  // the share Rate of all series comes empty, marked InternalError
	Forbidden   FaultKind = "forbidden"       // the share Rate of all series comes empty, marked Forbidden
	Missing     FaultKind = "missing-results" // the share Rate of all series is left out of the answer
	Shuffled    FaultKind = "shuffled"        // series come in another order than they were asked for
)

// APIServices are the services that a fault can name.
var APIServices = []string{"cloudwatch", "cloudfront", "wafv2", "elasticloadbalancing", "autoscaling", "rds", "sts"}

// Fault is a fault of the API from From up to, not including, Until.
type Fault struct {
	Kind    FaultKind
	Service string // one of APIServices, "" = all
	Key     string // access key id of the callers that it concerns, "" = all
	Rate    float64
	Delay   time.Duration
	Bytes   int
	From    time.Time
	Until   time.Time
}
