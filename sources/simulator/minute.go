package simulator

import "time"

// Minute is what was measured at the site in the 60 s that begin at At. It is complete when it appears and
// is never changed afterwards: its slices and histograms are shared by all who ask and are read-only.
// Counts are whole things per period.
type Minute struct {
	At        time.Time
	Audience  Audience
	Edges     []Edge     // one per distribution, in the order of [State.Distributions]
	Firewalls []Firewall // one per web ACL
	Balancers []Balancer // one per load balancer
	Groups    []Group    // one per Auto Scaling group
	Clusters  []Cluster  // one per database cluster
}

// Gauge is a level that was measured every second.
type Gauge struct {
	Mean, Min, Max float64

	last float64
	n    int
}

// Audience is what the people did, as the site's own counters report it.
type Audience struct {
	Name          string
	Visitors      Gauge // people on the site at one moment, those waiting for an answer included
	Arrivals      int64 // people who came
	PageViews     int64 // page views asked for, retries included
	Attempts      int64 // registrations submitted
	Registrations int64 // registrations that succeeded
	Failures      int64 // page views and submissions that failed: Attempts minus Registrations is a part of them
	Departures    int64 // people who gave up after a failure
}

// Edge is one distribution: CloudFront's side of the path.
//
// Requests = Blocked + Hits + Misses, and Misses = LiveRequests + MaintenanceRequests.
// Requests = Status2xx + Status3xx + Status4xx + Status5xx.
type Edge struct {
	Name                string
	Requests            int64 // from viewers, those that the firewall blocked included
	Blocked             int64 // stopped at the edge by the web ACL: with a 403, a puzzle (405) or a challenge (202)
	Hits                int64 // answered from the cache
	Misses              int64 // sent to an origin, whether cacheable or not
	Cacheable           int64 // GET and HEAD that were no errors: the denominator of CacheHitRate
	LiveRequests        int64 // misses that went to the live origin
	MaintenanceRequests int64 // misses that went to the maintenance origin

	Status2xx, Status3xx, Status4xx, Status5xx int64
	Status401, Status403, Status404            int64 // parts of Status4xx
	Status500, Status502, Status503, Status504 int64 // parts of Status5xx
	BytesDown, BytesUp                         int64
	OriginLatency                              *Histogram // seconds to the first byte from the origin, misses only
}

// HitRatio is CloudFront's CacheHitRate as a ratio. ok is false where nothing could have been cached.
func (e Edge) HitRatio() (ratio float64, ok bool) {
	if e.Cacheable == 0 {
		return 0, false
	}
	return float64(e.Hits) / float64(e.Cacheable), true
}

// Firewall is one web ACL. It stands in front of the cache: Allowed + Blocked + Captcha + Challenge is its
// distribution's Requests. Blocked, Captcha and Challenge are the sums over the rules; Counted are matches that did
// not end the evaluation.
type Firewall struct {
	Name                      string
	Allowed, Blocked, Counted int64
	Captcha, Challenge        int64       // answered with a puzzle, or with a challenge to the browser
	Rules                     []RuleCount // in the order of evaluation
}

// RuleCount is what one rule did.
type RuleCount struct {
	Name               string
	Blocked, Counted   int64
	Captcha, Challenge int64
}

// Balancer is one Application Load Balancer.
//
// Arrived = Requests + ELB503 + Rejected, where Arrived is the distribution's LiveRequests.
// Requests = Target2xx + Target3xx + Target4xx + Target5xx + ELB4xx + ELB502 + ELB504.
// ELB5xx = ELB500 + ELB502 + ELB503 + ELB504.
type Balancer struct {
	Name                                           string
	Arrived                                        int64 // what came from the edge; no AWS metric, the other numbers' balance
	Requests                                       int64 // those for which a target could be chosen: RequestCount
	ELB4xx, ELB5xx, ELB500, ELB502, ELB503, ELB504 int64
	Target2xx, Target3xx, Target4xx, Target5xx     int64
	TargetConnectionErrors                         int64
	NewConnections, Rejected                       int64
	ActiveConnections                              Gauge
	ProcessedBytes                                 int64
	LCU                                            float64    // ConsumedLCUs: mean over the minute
	PeakLCU                                        float64    // PeakLCUs: of the busiest second
	ReservedLCU                                    float64    // capacity units kept ready; 0 without a reservation
	Latency                                        *Histogram // TargetResponseTime in seconds, of requests that a target answered
	TargetGroups                                   []Targets
}

// Targets is one target group behind a load balancer. The counts of a balancer's groups add up to its own.
type Targets struct {
	Name                                       string
	Requests                                   int64
	Target2xx, Target3xx, Target4xx, Target5xx int64
	ConnectionErrors                           int64
	Healthy, Unhealthy                         Gauge   // hosts
	PerTarget                                  float64 // RequestCountPerTarget: Requests by healthy hosts (all hosts when failing open)
	Latency                                    *Histogram
}

// Group is one Auto Scaling group. Its numbers of instances are those at the minute's end, as AWS reports them.
type Group struct {
	Name                                            string
	Min, Max, Desired                               int
	InService, Pending, Standby, Terminating, Total int
	CPU                                             Gauge // 0 to 1, over the group's running instances: EC2's CPUUtilization
	Running                                         int   // instances that CPU is the mean of; 0 = no datapoint
}

// Cluster is one Aurora cluster.
type Cluster struct {
	Name      string
	Instances []Database // writer first
	MaxACU    float64    // the range's upper end at the minute's end; 0 = provisioned
	MinACU    float64

	ReplicaLag Gauge // seconds, over the readers; zero without readers
}

// Database is one instance of a cluster. Latencies are means in seconds, rates are per second.
type Database struct {
	Name           string
	Writer         bool
	ACU            Gauge // current capacity; zero when provisioned
	ACUUtilization Gauge // 0 to 1 of the cluster's maximum; zero when provisioned
	CPU            Gauge // 0 to 1: of what the maximum ACU would give, or of the instance when provisioned
	Connections    Gauge
	ConnectionsMax int     // max_connections as of the last boot
	FreeableMemory Gauge   // bytes, as if scaled to the maximum
	FreeStorage    Gauge   // bytes for temporary data, on the instance's own disk; zero on Serverless v2
	Queries        float64 // per second
	Commits        float64 // per second
	Deadlocks      float64 // per second
	Blocked        float64 // blocked transactions per second
	LoginFailures  float64 // per second
	CommitLatency  float64
	SelectLatency  float64
	DMLLatency     float64
	ReadLatency    float64
	WriteLatency   float64
	BufferCacheHit float64 // 0 to 1
	ReplicaLag     Gauge   // seconds; readers only
	EngineUptime   float64 // seconds
}
