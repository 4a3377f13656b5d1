package simulator

import "time"

// State is the account as its describe calls would find it now. It is a copy that the caller may keep.
// Every resource has a Name, the short one that the scenario gives it, beside what AWS calls it.
type State struct {
	Now           time.Time
	Account       string // twelve digits
	Region        string // where all but the edge lives; the edge is in us-east-1
	CallerARN     string // of a session, or of a user
	CallerRole    string // ARN of the role behind the session, with its path; "" for a user
	CallerID      string
	Distributions []Distribution
	WebACLs       []WebACL
	LoadBalancers []LoadBalancer
	TargetGroups  []TargetGroup
	Groups        []AutoScalingGroup
	Clusters      []DBCluster
	Counters      []Counter
}

// Counter is a custom CloudWatch metric that the site publishes about its people.
type Counter struct {
	Namespace  string
	Metric     string
	Dimensions [][2]string // name, value
	As         string      // visitors (who came: [Audience].Arrivals), present (who is there: Visitors), page_views, attempts, registrations, failures
}

// The statuses of a distribution and of an invalidation.
const (
	Deployed   = "Deployed"
	InProgress = "InProgress"
	Completed  = "Completed"
)

// Distribution is a CloudFront distribution. Its default behaviour caches nothing and goes to Origin; the
// static paths are cached.
type Distribution struct {
	Name              string
	ID                string
	ARN               string
	Domain            string
	Aliases           []string
	Origins           []Origin   // live first
	Origin            string     // id of the default behaviour's target as last configured
	Paths             []Behavior // with patterns of their own, in their order
	StaticPaths       []string   // the patterns of those that are cached
	Status            string     // Deployed or InProgress
	ETag              string     // of the configuration; changes with each write
	Modified          time.Time
	CallerReference   string
	WebACLARN         string
	AdditionalMetrics bool // whether CacheHitRate, OriginLatency and the single error codes are published
	Invalidations     []Invalidation
	Comment           string
	Store             KeyValueStore // that its function reads
	Function          EdgeFunction  // that goes before the default behaviour, zero without one
}

// Origin is one origin of a distribution.
type Origin struct {
	ID     string // "live" or "maintenance"
	Domain string
}

// The origins that every distribution has.
const (
	OriginLive        = "live"
	OriginMaintenance = "maintenance"
)

// Invalidation is a purge of the cache.
type Invalidation struct {
	ID        string
	Reference string
	Paths     []string
	Created   time.Time
	Status    string // InProgress, then Completed
}

// The modes of a rule: a managed rule group in Count has its override set so. It knows no others; a rate-based rule
// can also answer with a puzzle, or have the browser prove itself.
const (
	Block     = "Block"
	Count     = "Count"
	Captcha   = "Captcha"
	Challenge = "Challenge"
)

// WebACL is a WAFv2 web ACL whose default action is Allow. It stands in front of the distribution, or if it is
// regional in front of the load balancers.
type WebACL struct {
	Name       string // short name and AWS name
	ID         string
	ARN        string
	MetricName string // what CloudWatch calls it, not the name
	LockToken  string // changes with each write
	Regional   bool
	Rules      []Rule // in order of priority
}

// Rule is one rule of a web ACL.
type Rule struct {
	Name       string
	MetricName string
	Priority   int
	Managed    string // name of the managed rule group (vendor AWS), "" for a rate-based rule
	Mode       string // one of the modes, as last configured
	Limit      int    // requests per address and window; rate-based rules only
	Window     time.Duration
}

// LoadBalancer is an internet-facing Application Load Balancer.
type LoadBalancer struct {
	Name    string // short name and AWS name
	ARN     string
	Tail    string // app/name/id: the value of CloudWatch's LoadBalancer dimension
	DNS     string
	State   string // active
	Zones   []string
	Created time.Time
	Weights []Weight // of the listener's forward action

	ReservedLCUs float64 // capacity units that are ready now, 0 without a reservation
	Reservation  Reservation
	Fixed        *FixedResponse // what the listener answers itself, nil while it forwards
}

// FixedResponse is an answer that a listener gives itself, with status 503: nothing reaches the target groups then.
type FixedResponse struct {
	ContentType string
	Body        string
}

// Weight is the share of one target group: its weight by the sum of all.
type Weight struct {
	TargetGroup string // short name
	Weight      int    // 0 to 999
}

// TargetGroup is a target group with the health of its targets.
type TargetGroup struct {
	Name     string
	ARN      string
	Tail     string // targetgroup/name/id: the value of CloudWatch's TargetGroup dimension
	Balancer string // short name of its load balancer
	Group    string // short name of the Auto Scaling group that fills it
	Checks   HealthChecks
	Targets  []Target
}

// HealthChecks are how a target group finds out how its targets are.
type HealthChecks struct {
	Every, Timeout time.Duration
	ToPass, ToFail int // consecutive checks that change a target's health
}

// Target is one registered instance. State is initial, healthy, unhealthy or draining.
type Target struct {
	Instance string
	Zone     string
	State    string
	Reason   string // e.g. Target.FailedHealthChecks, "" when healthy
}

// AutoScalingGroup is an Auto Scaling group with its instances.
type AutoScalingGroup struct {
	Name            string // short name
	ID              string // AWS name
	ARN             string
	Min             int
	Max             int
	Desired         int
	Instances       []Instance
	Suspended       []string // names of processes
	MetricsEnabled  bool     // group metrics collection
	InstanceType    string
	TargetGroupARNs []string
	Zones           []string
	Warmup          time.Duration
	Cooldown        time.Duration
	TargetCPU       float64 // of the target tracking policy, 0 to 1
	LaunchTemplate  string
	Version         string    // of the launch template
	Refreshes       []Refresh // newest first
	Application     string    // of CodeDeploy
	DeploymentGroup string
	Revision        string       // of the application that succeeded last
	Deployments     []Deployment // newest first
	Created         time.Time
	Scheduled       []ScheduledAction // those to come, the next one first
}

// ScheduledAction changes a group's numbers at a time; nil leaves a number as it is.
type ScheduledAction struct {
	Name string
	At   time.Time
	Size Size
}

// Instance is one EC2 instance of a group. Lifecycle is Pending, InService, Terminating; Health is Healthy
// or Unhealthy.
type Instance struct {
	ID        string
	Zone      string
	Lifecycle string
	Health    string
	Launched  time.Time
	Version   string // of the launch template
	Revision  string // of the application
}

// Activity is a scaling activity of a group. Status is PreInService, InProgress,
// WaitingForELBConnectionDraining, Successful, Failed or Cancelled.
type Activity struct {
	ID          string
	Group       string // AWS name of the group
	Status      string
	Description string
	Cause       string
	Message     string // why it failed
	Start       time.Time
	End         time.Time // zero while it runs
	Progress    int       // percent
}

// DBCluster is an Aurora cluster.
type DBCluster struct {
	Name           string // short name
	ID             string // cluster identifier
	ARN            string
	Engine         string // aurora-mysql or aurora-postgresql
	Version        string
	Status         string  // available, modifying, failing-over
	Serverless     bool    // Serverless v2 instances
	MinACU, MaxACU float64 // zero when provisioned
	Endpoint       string
	ReaderEndpoint string
	Members        []DBInstance // writer first
	Created        time.Time
}

// DBInstance is a member of a cluster.
type DBInstance struct {
	ID            string
	ARN           string
	Writer        bool
	Class         string // db.serverless or an instance class
	Zone          string
	Status        string // available, rebooting
	PromotionTier int
	MaxConns      int // max_connections as of the last boot
}
