package awswire

import (
	"slices"
	"strings"

	"warroom/sources/simulator"
)

// databases publishes the clusters: each instance by itself, the cluster as the mean of its instances,
// and its writer and its readers by role, which follow a failover.
func (p *publication) databases(st simulator.State) {
	for _, c := range st.Clusters {
		cluster := named(func(m *simulator.Minute) []simulator.Cluster { return m.Clusters },
			func(m *simulator.Cluster) string { return m.Name }, c.Name)
		p.database(st, c, cluster, []dimension{{"DBClusterIdentifier", c.ID}}, func(simulator.Database) bool { return true })
		p.database(st, c, cluster, []dimension{{"DBClusterIdentifier", c.ID}, {"Role", "WRITER"}},
			func(d simulator.Database) bool { return d.Writer })
		if len(c.Members) > 1 {
			p.database(st, c, cluster, []dimension{{"DBClusterIdentifier", c.ID}, {"Role", "READER"}},
				func(d simulator.Database) bool { return !d.Writer })
		}
		for _, i := range c.Members {
			p.database(st, c, cluster, []dimension{{"DBInstanceIdentifier", i.ID}}, func(d simulator.Database) bool { return d.Name == i.ID })
		}
	}
}

type clusterOf = func(*simulator.Minute) *simulator.Cluster

// instanceMetric is a metric that each instance of a cluster has.
type instanceMetric struct {
	name, unit string
	of         func(simulator.Database) datum
}

// instanceMetrics are those of all clusters.
var instanceMetrics = []instanceMetric{
	{"CPUUtilization", "Percent", func(d simulator.Database) datum { return level(d.CPU, 100) }},
	{"DatabaseConnections", "Count", func(d simulator.Database) datum { return level(d.Connections, 1) }},
	{"FreeableMemory", "Bytes", func(d simulator.Database) datum { return level(d.FreeableMemory, 1) }},
	{"Queries", "Count/Second", func(d simulator.Database) datum { return one(d.Queries) }},
	{"CommitThroughput", "Count/Second", func(d simulator.Database) datum { return one(d.Commits) }},
	{"CommitLatency", "Milliseconds", func(d simulator.Database) datum { return one(d.CommitLatency * 1000) }},
	{"ReadLatency", "Seconds", func(d simulator.Database) datum { return one(d.ReadLatency) }},
	{"WriteLatency", "Seconds", func(d simulator.Database) datum { return one(d.WriteLatency) }},
	{"Deadlocks", "Count/Second", func(d simulator.Database) datum { return one(d.Deadlocks) }},
	{"BufferCacheHitRatio", "Percent", func(d simulator.Database) datum { return one(d.BufferCacheHit * 100) }},
	{"EngineUptime", "Seconds", func(d simulator.Database) datum { return one(d.EngineUptime) }},
}

// mysqlMetrics are those that Aurora MySQL adds.
var mysqlMetrics = []instanceMetric{
	{"SelectLatency", "Milliseconds", func(d simulator.Database) datum { return one(d.SelectLatency * 1000) }},
	{"DMLLatency", "Milliseconds", func(d simulator.Database) datum { return one(d.DMLLatency * 1000) }},
	{"BlockedTransactions", "Count/Second", func(d simulator.Database) datum { return one(d.Blocked) }},
	{"LoginFailures", "Count/Second", func(d simulator.Database) datum { return one(d.LoginFailures) }},
}

// serverlessMetrics are those that Serverless v2 adds.
var serverlessMetrics = []instanceMetric{
	{"ServerlessDatabaseCapacity", "Count", func(d simulator.Database) datum { return level(d.ACU, 1) }},
	{"ACUUtilization", "Percent", func(d simulator.Database) datum { return level(d.ACUUtilization, 100) }},
}

// provisionedMetrics are those of instances with a disk of their own.
var provisionedMetrics = []instanceMetric{
	{"FreeLocalStorage", "Bytes", func(d simulator.Database) datum { return level(d.FreeStorage, 1) }},
}

// database publishes one set of dimensions: the mean over the instances that belong to it.
func (p *publication) database(st simulator.State, c simulator.DBCluster, cluster clusterOf, dimensions []dimension, belongs func(simulator.Database) bool) {
	s := series{region: st.Region, namespace: "AWS/RDS", timing: databaseTiming, dimensions: dimensions}
	metrics := instanceMetrics
	if strings.HasPrefix(c.Engine, "aurora-mysql") {
		metrics = append(metrics[:len(metrics):len(metrics)], mysqlMetrics...)
	}
	if c.Serverless {
		metrics = append(metrics[:len(metrics):len(metrics)], serverlessMetrics...)
	} else {
		metrics = append(metrics[:len(metrics):len(metrics)], provisionedMetrics...)
	}
	for _, metric := range metrics {
		p.add(s, metric.name, metric.unit, levels, overInstances(cluster, belongs, metric.of))
	}
	p.replicaLag(s, c, cluster, belongs)
}

func overInstances(cluster clusterOf, belongs func(simulator.Database) bool, of func(simulator.Database) datum) func(*simulator.Minute) (datum, bool) {
	return func(m *simulator.Minute) (datum, bool) {
		var sum datum
		if c := cluster(m); c != nil {
			for _, d := range c.Instances {
				if belongs(d) {
					sum = sum.merge(of(d))
				}
			}
		}
		return sum, sum.count > 0
	}
}

// replicaLag publishes the lag of the readers that belong to a set of dimensions, and, where the writer
// belongs to it, the extremes over all readers. A cluster without readers has none.
func (p *publication) replicaLag(s series, c simulator.DBCluster, cluster clusterOf, belongs func(simulator.Database) bool) {
	is := func(writer bool) bool {
		return slices.ContainsFunc(c.Members, func(m simulator.DBInstance) bool {
			return m.Writer == writer && belongs(simulator.Database{Name: m.ID, Writer: m.Writer})
		})
	}
	if is(false) {
		p.add(s, "AuroraReplicaLag", "Milliseconds", levels, overInstances(cluster,
			func(d simulator.Database) bool { return belongs(d) && !d.Writer },
			func(d simulator.Database) datum { return level(d.ReplicaLag, 1000) }))
	}
	if !is(true) || len(c.Members) < 2 {
		return
	}
	extreme := func(name string, of func(simulator.Gauge) float64) {
		p.add(s, name, "Milliseconds", levels, func(m *simulator.Minute) (datum, bool) {
			c := cluster(m)
			if c == nil || len(c.Instances) < 2 {
				return datum{}, false
			}
			return one(of(c.ReplicaLag) * 1000), true
		})
	}
	extreme("AuroraReplicaLagMaximum", func(g simulator.Gauge) float64 { return g.Max })
	extreme("AuroraReplicaLagMinimum", func(g simulator.Gauge) float64 { return g.Min })
}
