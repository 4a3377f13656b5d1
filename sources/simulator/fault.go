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
var APIServices = []string{"cloudwatch", "cloudfront", "wafv2", "elasticloadbalancing", "autoscaling", "rds", "sts", "cloudfront-keyvaluestore", "codedeploy"}

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

// span is when a fault begins and ends; one without an end lasts.
func (f FaultSpec) span(t0 time.Time) (from, until time.Time) {
	from = f.At.On(t0)
	if f.Until == "" {
		return from, from.AddDate(1, 0, 0)
	}
	return from, f.Until.On(t0)
}

// trouble is what the faults of the site amount to in one second.
type trouble struct {
	processor  float64 // times the processor time
	database   float64 // times the cost of a statement
	failing    float64 // share of uncached requests that a release breaks
	bots       float64 // requests per second
	addresses  float64
	noCapacity bool
	purge      bool
	release    badness // of the instances that a bad release has reached
}

// badness is what is wrong with a version.
type badness struct {
	failing float64 // share of its uncached requests that fail
	factor  float64 // times the processor time
}

// of is what a group suffers, by the share of its instances that a bad release has reached.
func (t trouble) of(spoilt float64) (failing, processor float64) {
	return min(t.failing+t.release.failing*spoilt, 1), t.processor * (1 + (t.release.factor-1)*spoilt)
}

// siteTrouble is a fault of the site in seconds.
type siteTrouble struct {
	FaultSpec
	from, until int64
	begun       bool // a bad release, or revision, has been brought out
}

const (
	secondsToRoll     = 150 // until a release is on all instances
	ordinaryBots      = 0.5 // requests per second of the machines that every site has
	ordinaryAddresses = 80
	secondsToGather   = 40 // until a bot wave has its full height
)

func siteTroubles(sc Scenario) (list []siteTrouble) {
	for _, f := range sc.Faults {
		if siteFault(f.Kind) {
			from, until := f.span(sc.T0)
			list = append(list, siteTrouble{FaultSpec: f, from: from.Unix(), until: until.Unix()})
		}
	}
	return list
}

// troubleAt sums up the faults that act at a second.
func troubleAt(list []siteTrouble, now int64) trouble {
	t := trouble{processor: 1, database: 1, bots: ordinaryBots, release: badness{factor: 1}}
	for i := range list {
		f := &list[i]
		if now < f.from || now >= f.until {
			continue
		}
		since := float64(now - f.from)
		switch f.Kind {
		case SlowOrigin:
			t.processor *= f.Factor
		case SlowDatabase:
			t.database *= f.Factor
		case BadDeploy:
			rolled := min(since/secondsToRoll, 1)
			t.failing += f.Rate * rolled
			if f.Factor > 0 {
				t.processor *= 1 + (f.Factor-1)*rolled
			}
		case BadRelease, BadRevision:
			t.release.failing = max(t.release.failing, f.Rate)
			if f.Factor > 0 {
				t.release.factor = max(t.release.factor, f.Factor)
			}
		case BotWave:
			t.bots += f.Rate * min((since+1)/secondsToGather, 1)
			t.addresses += f.Addresses
		case LaunchFailure:
			t.noCapacity = true
		case CachePurge:
			t.purge = t.purge || now == f.from
		}
	}
	if t.addresses == 0 {
		t.addresses = ordinaryAddresses
	}
	return t
}
