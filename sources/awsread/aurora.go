package awsread

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"warroom/sources"
)

func init() {
	of := func(place, name, published, stat string, scale float64) metric {
		return metric{name: name, namespace: "AWS/RDS", published: published, stat: stat, place: place, scale: scale}
	}
	register(service{
		name: "aurora", client: rds.ServiceID, iam: "rds",
		reads:    []string{"DescribeDBClusters", "DescribeDBInstances", "DescribeEvents"},
		on:       map[string]arn{"DescribeDBClusters": clusterARN, "DescribeDBInstances": instancesARN},
		every:    time.Minute,
		places:   clusterPlaces,
		describe: describeCluster,
		metrics: []metric{
			of("serverless", "aurora_acu", "ServerlessDatabaseCapacity", "Maximum", plain),
			of("writer", "aurora_cpu_ratio", "CPUUtilization", "Average", percent),
			of("writer", "aurora_connections", "DatabaseConnections", "Maximum", plain),
			of("writer", "aurora_deadlocks", "Deadlocks", "Average", plain),
			of("mysql", "aurora_blocked_transactions", "BlockedTransactions", "Average", plain),
			of("writer", "aurora_commit_latency_seconds", "CommitLatency", "Average", millis),
			of("mysql", "aurora_select_latency_seconds", "SelectLatency", "Average", millis),
			of("readers", "aurora_replica_lag_seconds", "AuroraReplicaLagMaximum", "Maximum", millis),
			of("writer", "aurora_queries", "Queries", "Average", plain),
			of("writer", "aurora_freeable_memory_bytes", "FreeableMemory", "Minimum", plain),
			of("writer", "aurora_buffer_hit_ratio", "BufferCacheHitRatio", "Average", percent),
			of("provisioned", "aurora_free_local_storage_bytes", "FreeLocalStorage", "Minimum", plain),
		},
	})
}

// clusterPlaces is every place that a cluster may publish at. Cluster and role follow a failover, which the
// instance's own name would not.
func clusterPlaces(r sources.Resource) places {
	cluster := dimension("DBClusterIdentifier", r.ID)
	writer := at(cluster, dimension("Role", "WRITER"))
	return places{"writer": writer, "serverless": writer, "provisioned": writer, "mysql": writer, "readers": at(cluster)}
}

// serverlessClass is the instance class of Serverless v2.
const serverlessClass = "db.serverless"

// describeCluster reads the cluster's state, its range and its members, and the database's own events.
func describeCluster(ctx context.Context, a account, d *description) error {
	c := client(a, func(c aws.Config) *rds.Client { return rds.NewFromConfig(c) })
	out, err := c.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(d.resource.ID)})
	if err != nil {
		return err
	}
	if len(out.DBClusters) == 0 {
		return without("RDS", "DB cluster", d.resource.ID)
	}
	cluster := &out.DBClusters[0]
	class, members := d.members(ctx, c, writerOf(cluster))
	d.cluster(cluster, class == serverlessClass || class == "" && cluster.ServerlessV2ScalingConfiguration != nil)
	events := d.events(ctx, c, cluster)
	return several([]error{nil, a.explain(members), a.explain(events)}, 3, "questions")
}

// cluster reads what the cluster says of itself. serverless is whether its writer is Serverless v2: a cluster
// may have a range and a provisioned writer.
func (d *description) cluster(c *types.DBCluster, serverless bool) {
	d.placesOf(c, serverless)
	d.fact("status", aws.ToString(c.Status))
	d.fact("engine", aws.ToString(c.Engine))
	d.fact("version", aws.ToString(c.EngineVersion))
	d.fact("members", strconv.Itoa(len(c.DBClusterMembers)))
	d.fact("writer", writerOf(c))
	if r := c.ServerlessV2ScalingConfiguration; r != nil && serverless {
		d.sample("aurora_acu_min", aws.ToFloat64(r.MinCapacity))
		d.sample("aurora_acu_max", aws.ToFloat64(r.MaxCapacity))
	}
	d.connectionsMax(c, serverless)
}

// placesOf leaves out what the cluster cannot have: so it is not asked for, and not missed.
func (d *description) placesOf(c *types.DBCluster, serverless bool) {
	d.places = clusterPlaces(d.resource)
	if serverless {
		delete(d.places, "provisioned")
	} else {
		delete(d.places, "serverless")
	}
	if !strings.Contains(aws.ToString(c.Engine), "mysql") {
		delete(d.places, "mysql")
	}
	if len(c.DBClusterMembers) < 2 {
		delete(d.places, "readers")
	}
}

// connectionsMax is the ceiling of connections: the config's (attribute connections_max), or what the engine's
// default gives for the range of ACU. It is fixed when the database starts, so a range that is changed
// afterwards does not move it: the range that was seen first counts until the writer changes.
func (d *description) connectionsMax(c *types.DBCluster, serverless bool) {
	if given, err := strconv.ParseFloat(d.resource.Attrs["connections_max"], 64); err == nil {
		d.sample("aurora_connections_max", given)
		d.trouble("aurora_connections_max", sources.Trouble{})
		return
	}
	if !serverless || c.ServerlessV2ScalingConfiguration == nil {
		d.trouble("aurora_connections_max", sources.Trouble{Kind: sources.NotFound, Text: "max_connections of a provisioned instance is not published; give connections_max in the config"})
		return
	}
	key, r := "connections of "+writerOf(c), c.ServerlessV2ScalingConfiguration
	if d.kept[key] == 0 {
		d.kept[key] = defaultConnections(aws.ToString(c.Engine), aws.ToFloat64(r.MinCapacity), aws.ToFloat64(r.MaxCapacity))
	}
	d.sample("aurora_connections_max", d.kept[key])
	d.trouble("aurora_connections_max", sources.Trouble{})
}

// writerOf is the cluster's writer, "" while it has none.
func writerOf(c *types.DBCluster) string {
	i := slices.IndexFunc(c.DBClusterMembers, func(m types.DBClusterMember) bool { return aws.ToBool(m.IsClusterWriter) })
	if i < 0 {
		return ""
	}
	return aws.ToString(c.DBClusterMembers[i].DBInstanceIdentifier)
}

// bytesPerACU is the memory that comes with one capacity unit.
const bytesPerACU = 2 << 30

// The most connections that PostgreSQL allows by default; the lower one for a database that may shrink to half a
// capacity unit or pause.
const (
	connectionsMost  = 5000
	connectionsSmall = 2000
	smallACU         = 0.5
)

// defaultConnections is max_connections by the engines' default parameter, for the memory of the highest ACU:
// PostgreSQL LEAST(memory/9531392, 5000), MySQL GREATEST(log2(memory/805306368)*45, log2(memory/8187281408)*1000).
// The database keeps some memory for itself, so the real number may be a little lower.
func defaultConnections(engine string, lowest, highest float64) float64 {
	memory := highest * bytesPerACU
	if !strings.Contains(engine, "mysql") {
		most := float64(connectionsMost)
		if lowest <= smallACU {
			most = connectionsSmall
		}
		return math.Floor(min(memory/9531392, most))
	}
	return math.Floor(max(math.Log2(memory/805306368)*45, math.Log2(memory/8187281408)*1000))
}

// members reads the instances' states, and the class of the writer.
func (d *description) members(ctx context.Context, c *rds.Client, writer string) (class string, err error) {
	out, err := c.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{
		Filters: []types.Filter{{Name: aws.String("db-cluster-id"), Values: []string{d.resource.ID}}},
	})
	if err != nil {
		return "", err
	}
	states := map[string]int{}
	for _, i := range out.DBInstances {
		states[aws.ToString(i.DBInstanceStatus)]++
		if aws.ToString(i.DBInstanceIdentifier) == writer {
			class = aws.ToString(i.DBInstanceClass)
		}
	}
	d.fact("class", class)
	d.fact("instances", counted(states))
	return class, nil
}

// How events are read: they are told once, by their ids.
const (
	eventMinutes = 30 // back
	eventPages   = 10 // of a hundred, of all databases of the region
)

// eventKind is the kind of change that a database event is.
const eventKind = "database"

// events reads what happened to the cluster, failovers and parameter changes, and to its instances, restarts and
// failures among them: RDS tells of those of all instances of the region.
func (d *description) events(ctx context.Context, c *rds.Client, cluster *types.DBCluster) error {
	own := &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, SourceIdentifier: aws.String(d.resource.ID)}
	if err := d.eventsOf(ctx, c, own, func(e types.Event) { d.event(e, "") }); err != nil {
		return err
	}
	members := map[string]bool{}
	for _, m := range cluster.DBClusterMembers {
		members[aws.ToString(m.DBInstanceIdentifier)] = true
	}
	return d.eventsOf(ctx, c, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbInstance}, func(e types.Event) {
		if name := aws.ToString(e.SourceIdentifier); members[name] {
			d.event(e, name+": ")
		}
	})
}

// eventsOf gives the newest events to tell.
func (d *description) eventsOf(ctx context.Context, c *rds.Client, in *rds.DescribeEventsInput, tell func(types.Event)) error {
	in.Duration = aws.Int32(eventMinutes)
	for range eventPages {
		out, err := c.DescribeEvents(ctx, in)
		if err != nil {
			return err
		}
		for _, e := range out.Events {
			tell(e)
		}
		if next := aws.ToString(out.Marker); next == "" || next == aws.ToString(in.Marker) {
			break
		}
		in.Marker = out.Marker
	}
	return nil
}

// event tells of an event, whose text begins with whom it happened to.
func (d *description) event(e types.Event, whom string) {
	if e.Date != nil {
		d.change(*e.Date, eventKind, eventID(e), "RDS", whom+aws.ToString(e.Message))
	}
}

// eventID makes an id of what an event says: RDS gives it none.
func eventID(e types.Event) string {
	sum := sha256.Sum256([]byte(aws.ToString(e.SourceIdentifier) + " " + e.Date.UTC().Format(time.RFC3339Nano) + " " + aws.ToString(e.Message)))
	return hex.EncodeToString(sum[:8])
}
