package simulator

import (
	"fmt"
	"math"
)

const (
	selectSeconds = 0.0011 // of an undisturbed select
	dmlSeconds    = 0.0016
	commitSeconds = 0.0042 // a commit waits for four of six copies of the log
	writeCost     = 2.0    // of a writing statement, in selects

	gibPerACU           = 2.0
	diskPerMemory       = 2.5       // of a provisioned instance: its own disk, for temporary data
	bytesPerConnection  = 9531392.0 // PostgreSQL on Aurora: max_connections = memory of the maximum ACU / this, at most 5,000
	connectionsAtMost   = 5000
	ownSessions         = 6     // of the provider
	connectionsAtLeast  = 2000  // with a minimum of 0.5 ACU that is also the most
	acuGrowth           = 0.011 // per second of the current capacity: about a minute to double
	acuGrowthAtLeast    = 0.04  // ACU per second
	acuDecline          = 0.002
	acuComfort          = 0.78 // share of busy capacity that scaling aims at
	secondsBeforeShrink = 150

	kneeUse   = 0.96  // from here on every further statement queues
	kneeSlope = 15000 // times the undisturbed latency per unit of use beyond
)

// database is the Aurora cluster: a writer and its readers, which share the range.
type database struct {
	spec      ClusterSpec
	low, high float64 // ACU range; both zero when provisioned
	sessions  int     // max_connections: static, computed at the last boot from the range as it was
	nodes     []*node // writer first
	until     int64   // status is modifying before

	refused float64 // share of the requests that got no connection
}

// node is one instance of the cluster.
type node struct {
	name     string // instance identifier
	zone     string
	writer   bool
	acu      float64
	use      float64 // busy capacity by current capacity; may exceed 1 a little
	calm     int64   // seconds in which less capacity would do
	conns    float64
	booted   int64
	selects  float64 // of this second
	writes   float64
	commits  float64
	pressure float64 // smoothed use that scaling looks at
}

func newDatabase(spec ClusterSpec, r ACURange, id string, now int64) *database {
	b := &database{spec: spec, low: r.Min, high: r.Max}
	if spec.Class != "" {
		b.low, b.high = 0, 0
	}
	b.sessions = maxConnections(spec, r)
	for i := range 1 + spec.Readers {
		n := &node{writer: i == 0, zone: string(rune('a' + i%3)), acu: max(b.low, min(spec.Size, 512)), booted: now - 11*86400}
		if spec.Class == "" {
			n.acu = b.low
		}
		n.name = fmt.Sprintf("%s-%d", id, i+1)
		b.nodes = append(b.nodes, n)
	}
	return b
}

func (b *database) serverless() bool { return b.spec.Class == "" }

// maxConnections is the parameter that a boot with this range computes.
func maxConnections(spec ClusterSpec, r ACURange) int {
	top, most := r.Max, connectionsAtMost
	if spec.Class != "" {
		top = spec.Size
	} else if r.Min <= 0.5 {
		most = connectionsAtLeast
	}
	return min(int(top*gibPerACU*(1<<30)/bytesPerConnection), most)
}

// stretch is how much longer a statement takes at the given use of a node.
func stretch(use float64) float64 {
	if use <= kneeUse {
		return 1 + 0.7*use*use*use*use/(1-use)
	}
	return stretch(kneeUse) + (use-kneeUse)*kneeSlope
}

// demand is what the fleet asks of the cluster per unit of its work.
type demand struct {
	selects float64 // per unit
	writes  float64
	commits float64
	factor  float64 // how many times dearer each statement is
}

// toReaders is the share of the selects that the readers answer.
func (b *database) toReaders() float64 {
	if len(b.nodes) == 1 {
		return 0
	}
	return b.spec.ReadShare
}

// uses is how busy the writer and a reader are when units are served in a second.
func (b *database) uses(units float64, q demand) (writer, reader float64) {
	toReaders := b.toReaders()
	w := units * (q.selects*(1-toReaders) + q.writes*writeCost) * q.factor
	writer = w / (b.nodes[0].acu * b.spec.QueriesACU)
	if readers := len(b.nodes) - 1; readers > 0 {
		r := units * q.selects * toReaders * q.factor / float64(readers)
		reader = r / (b.nodes[1].acu * b.spec.QueriesACU)
	}
	return writer, reader
}

// seconds is the time that one unit of the fleet's work spends in the database at that rate.
func (b *database) seconds(units float64, q demand) float64 {
	writer, reader := b.uses(units, q)
	toReaders, slow := b.toReaders(), q.factor
	return q.selects*selectSeconds*slow*((1-toReaders)*stretch(writer)+toReaders*stretch(reader)) +
		(q.writes*dmlSeconds+q.commits*commitSeconds)*slow*stretch(writer)
}

// step takes the statements of this second and lets the capacity follow.
func (b *database) step(units float64, q demand, connections float64) {
	writer, reader := b.uses(units, q)
	limit := float64(b.sessions)
	b.refused = 0
	if connections > limit {
		b.refused = (connections - limit) / connections
	}
	selects, toReaders := units*q.selects, b.toReaders()
	for _, n := range b.nodes {
		if n.writer {
			n.use, n.conns = writer, min(connections, limit)
			n.selects, n.writes, n.commits = selects*(1-toReaders), units*q.writes, units*q.commits
		} else {
			n.use, n.conns = reader, min(connections*0.4, limit)
			n.selects, n.writes, n.commits = selects*toReaders/float64(len(b.nodes)-1), 0, 0
		}
		n.conns += ownSessions
		b.scale(n)
	}
}

// scale moves a Serverless v2 node's capacity: up at a rate that grows with the capacity, down slowly and
// after a while of calm.
func (b *database) scale(n *node) {
	n.pressure += (min(n.use, 1) - n.pressure) / 8
	if !b.serverless() {
		return
	}
	wanted := n.acu * n.pressure / acuComfort
	wanted = max(wanted, n.conns/400) // memory for the sessions
	switch {
	case wanted > n.acu:
		n.calm = 0
		n.acu += min(max(n.acu*acuGrowth, acuGrowthAtLeast), wanted-n.acu)
	case wanted < n.acu*0.9:
		if n.calm++; n.calm > secondsBeforeShrink {
			n.acu -= max(n.acu*acuDecline, 0.01)
		}
	default:
		n.calm = 0
	}
	n.acu = min(n.acu, b.high)
	if n.acu < b.low { // a raised floor is reached within a minute or so
		n.acu = min(n.acu+max(n.acu*0.05, 0.25), b.low)
	}
}

// reported is the capacity in the half steps that AWS reports.
func (n *node) reported() float64 { return math.Round(n.acu*2) / 2 }

// ceiling is the capacity to which the percentages relate.
func (b *database) ceiling(n *node) float64 {
	if b.serverless() {
		return b.high
	}
	return n.acu
}

func (b *database) measure(d draw, m *Cluster, q demand, now int64) {
	for i, n := range b.nodes {
		b.measureNode(d, &m.Instances[i], n, q, now)
		if i > 0 {
			m.ReplicaLag.add(m.Instances[i].ReplicaLag.last)
		}
	}
	m.MinACU, m.MaxACU = b.low, b.high
}

func (b *database) measureNode(d draw, m *Database, n *node, q demand, now int64) {
	b.measureLevels(d, m, n)
	long := d.around(stretch(n.use)*q.factor, 0.06)
	m.Queries += n.selects + n.writes
	m.Commits += n.commits
	m.LoginFailures += math.Round(b.refused * n.conns * 0.2)
	m.SelectLatency += selectSeconds * long
	m.DMLLatency += dmlSeconds * long
	m.CommitLatency += d.around(commitSeconds*long, 0.05)
	m.ReadLatency += d.around(0.0006*(1+2*min(n.use, 1)), 0.05)
	m.WriteLatency += d.around(0.0011*(1+2*min(n.use, 1)), 0.05)
	m.BufferCacheHit += 0.9995 - 0.06*math.Exp(-n.acu/3)
	m.EngineUptime = float64(now - n.booted)
	if n.writer {
		crowded := math.Pow(min(n.use, 1), 6)
		m.Deadlocks += float64(d.poisson(n.writes * (2e-7 + 6e-4*crowded)))
		m.Blocked += n.commits * crowded * 0.12
		return
	}
	behind := b.nodes[0].writes / 200 * 0.001
	m.ReplicaLag.add(min(d.around(0.014+behind+0.003*(stretch(n.use)-1), 0.12), 30))
}

// measureLevels reads the gauges of one instance.
func (b *database) measureLevels(d draw, m *Database, n *node) {
	top := b.ceiling(n)
	busy := min(n.use, 1) * n.acu / top
	m.CPU.add(min(d.around(busy+0.012, 0.03), 1))
	if b.serverless() {
		m.ACU.add(n.reported())
		m.ACUUtilization.add(min(n.reported()/top, 1))
	}
	m.Connections.add(math.Round(n.conns))
	m.ConnectionsMax = b.sessions
	memory := top * gibPerACU * (1 << 30)
	m.FreeableMemory.add(max(memory-n.acu*gibPerACU*(1<<30)*0.72-n.conns*6e6, memory*0.02))
	if disk := memory * diskPerMemory; !b.serverless() {
		m.FreeStorage.add(max(disk*(0.97-0.4*min(n.use, 1))-n.conns*4e6, disk*0.02))
	}
}
