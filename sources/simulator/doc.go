// Package simulator is a launch that can be rehearsed: a model of a site and its audience in one-second
// steps, deterministic by seed, without a wall clock. It knows causes only. The audience comes, the cache
// answers what it holds, the firewall blocks, the balancer spreads, the fleet computes or drowns, the
// database scales at its own pace; every measurement follows from that, so all of them agree.
//
// A [Launch] is advanced to a time and then read: [Launch.Minute] gives what was measured,
// [Launch.State] what the account's describe calls would find, [Launch.Faults] how its API misbehaves.
// The operator's changes ([Launch.SetSize] and the like) take effect with the delays of the real ones.
// The package sources/simulator/awswire speaks AWS' protocols in front of it.
//
// The package imports nothing of ours: it is a second mind, and what it publishes is compared with what
// the readers understand.
//
// # Scenario files
//
// A scenario is a YAML file, read strictly: a word that is not known is an error with its line and the
// nearest word that is. Durations are written 90s or 2m30s, moments T0, T-3m, T+1h or RFC 3339. What is
// left out has a sensible value; name, t0, audience and capacity have none.
//
//	name: lottery
//	about: a lottery is mentioned in prime time       # one line
//	t0: 2026-03-01T19:15:00Z
//	start: T-2m                                       # where the clock starts, default T-3m
//	end: T+60m                                        # where the story ends, default T+60m
//	speed: 20                                         # default speed of the clock, 1 to 120
//	story:                                            # what is going on and what to press
//	  - {at: T-2m, say: "…"}
//	phases: [{name: doors open, at: T-30m}]           # on the timeline
//	marks: [{at: T0, kind: surge, until: T+75m, peak: 20x, note: "…"}]
//	audience:
//	  name: site                                      # short name of the counters
//	  namespace: Lottery/Site                         # CloudWatch namespace of the counters
//	  base: 6                                         # people per second on an ordinary day
//	  surges: [{at: T0, peak: 120, rise: 90s, hold: 4m, halve: 9m}]
//	  counts: {file: nasa-1995-07-13, scale: 1500}    # or real requests per minute, instead of base
//	  visit: {pages: 3, think: 20s, registers: 0.6, form: 50s, invalid: 0.03, patience: 9s, retries: 0.6, pause: 6s}
//	  page: {calls: 0.6, static: 18, static_again: 3, static_bytes: 24000, page_bytes: 18000}
//	site:
//	  account: "123456789012"
//	  region: eu-central-1
//	  distribution: {name: edge, alias: www.example.com, objects: 1500, places: 90, ttl: 24h,
//	                 paths: [/register*]}   # uncached, with behaviours of their own
//	  firewall: {name: edge, limit: 2000, window: 5m, rate: Block, managed: Count}
//	  balancer: {name: web, ease: 5000}               # reserved: 300 keeps so many capacity units ready
//	  groups: [{name: web, type: c5.2xlarge, cores: 8, threads: 160, backlog: 300, request_cpu: 80ms,
//	            boot: 45s, app_start: 40s, warmup: 3m, target_cpu: 0.7, weight: 100}]
//	  cluster: {name: main, engine: aurora-postgresql, version: "16.4", readers: 1, read_share: 0.4,
//	            queries: 6, writes: 8, queries_acu: 700, pool: 40}   # class and size make it provisioned
//	capacity:
//	  groups: {web: {min: 6, desired: 8, max: 24}}
//	  acu: {min: 4, max: 32}
//	faults:
//	  - {at: T+12m, until: T+18m, kind: bot-wave, rate: 2500, addresses: 400}
//	  - {at: T+20m, until: T+22m, kind: throttling, service: cloudwatch, rate: 0.7}
//
// The kinds of faults of the site are slow-origin (factor), bot-wave (rate per second, addresses),
// cache-purge, slow-database (factor), bad-deploy (rate 0 to 1, factor), bad-release (the same, brought out by an
// instance refresh that can be rolled back), bad-revision (the same, by a CodeDeploy deployment that can be stopped and
// rolled back) and launch-failure; those of the
// API are throttling (rate), expired-credentials, access-denied, latency (delay), partial-data (rate),
// dead, garbage (bytes), hang, unavailable, internal-error (rate), forbidden (rate), missing-results (rate)
// and shuffled, each for one service or for all, for one access key or for all; partial-data and the last four
// are CloudWatch's alone. What a kind does not take is an error.
//
// No scenario states a measurement. There is no field for one.
package simulator
