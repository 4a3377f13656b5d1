package awswire

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"warroom/sources/simulator"
)

func databaseOperations() []operation {
	return []operation{
		read("rds", "DescribeDBClusters", describeClusters),
		read("rds", "DescribeDBInstances", describeInstances),
		read("rds", "DescribeEvents", describeEvents),
		write("rds", "ModifyDBCluster", modifyCluster),
	}
}

// rdsFilter narrows a list. Only the filters named by their operation are known.
type rdsFilter struct {
	Name   string
	Values []string `form:"Values,Value"`
}

// passes tells whether a resource has one of the values in each filter.
func passes(filters []rdsFilter, values map[string][]string) (bool, error) {
	for _, f := range filters {
		has, known := values[f.Name]
		if !known {
			return false, &fault{Shape: "InvalidParameterValue", Status: http.StatusBadRequest, Message: "Unrecognized filter name: " + f.Name}
		}
		if !slices.ContainsFunc(has, func(v string) bool { return slices.Contains(f.Values, v) }) {
			return false, nil
		}
	}
	return true, nil
}

func databasePage(marker string, size *int) pick {
	return pick{marker: marker, size: size, usual: maxRecords, limit: maxRecords, badMarker: func() *fault {
		return &fault{Shape: "InvalidParameterValue", Status: http.StatusBadRequest, Message: "The marker is not valid."}
	}}
}

type describeClustersInput struct {
	DBClusterIdentifier string
	Filters             []rdsFilter `form:"Filters,Filter"`
	IncludeShared       bool
	MaxRecords          *int
	Marker              string
}

type clusterMember struct {
	DBInstanceIdentifier          string
	IsClusterWriter               bool
	DBClusterParameterGroupStatus string
	PromotionTier                 int
}

type capacityRange struct {
	MinCapacity float64
	MaxCapacity float64
}

type dbCluster struct {
	DBClusterIdentifier              string
	DBClusterArn                     string
	Status                           string
	Endpoint                         string
	ReaderEndpoint                   string
	MultiAZ                          bool
	Engine                           string
	EngineVersion                    string
	EngineMode                       string
	Port                             int
	AvailabilityZones                []string        `xml:"AvailabilityZones>AvailabilityZone"`
	DBClusterMembers                 []clusterMember `xml:"DBClusterMembers>DBClusterMember"`
	ClusterCreateTime                time.Time
	LatestRestorableTime             time.Time
	PreferredBackupWindow            string
	PreferredMaintenanceWindow       string
	AutoMinorVersionUpgrade          bool
	DeletionProtection               bool
	ServerlessV2ScalingConfiguration *capacityRange `xml:",omitempty"`
	ServerlessV2PlatformVersion      string         `xml:",omitempty"`
}

type describeClustersOutput struct {
	DBClusters []dbCluster `xml:"DBClusters>DBCluster"`
	Marker     string      `xml:",omitempty"`
}

func describeClusters(c *call, in *describeClustersInput) (*describeClustersOutput, error) {
	var all []dbCluster
	for _, cluster := range c.regional().Clusters {
		ok, err := passes(in.Filters, map[string][]string{
			"db-cluster-id": {cluster.ID, cluster.ARN}, "engine": {cluster.Engine},
		})
		if err != nil {
			return nil, err
		}
		if ok && (in.DBClusterIdentifier == "" || in.DBClusterIdentifier == cluster.ID || in.DBClusterIdentifier == cluster.ARN) {
			all = append(all, describeCluster(cluster, c.now))
		}
	}
	if in.DBClusterIdentifier != "" && len(all) == 0 {
		return nil, noCluster(in.DBClusterIdentifier)
	}
	items, next, err := pickFrom(databasePage(in.Marker, in.MaxRecords), all, nil)
	return &describeClustersOutput{items, next}, err
}

func noCluster(name string) *fault {
	return &fault{Shape: "DBClusterNotFoundFault", Status: http.StatusNotFound, Message: "DBCluster " + name + " not found."}
}

func describeCluster(c simulator.DBCluster, now time.Time) dbCluster {
	out := dbCluster{
		DBClusterIdentifier: c.ID, DBClusterArn: c.ARN, Status: c.Status, Endpoint: c.Endpoint, ReaderEndpoint: c.ReaderEndpoint,
		MultiAZ: len(c.Members) > 1, Engine: c.Engine, EngineVersion: c.Version, EngineMode: "provisioned", Port: databasePort(c.Engine),
		ClusterCreateTime: c.Created.UTC(), LatestRestorableTime: now.Add(-5 * time.Minute).UTC(),
		PreferredBackupWindow: "01:00-01:30", PreferredMaintenanceWindow: "tue:02:00-tue:02:30", DeletionProtection: true,
	}
	if c.Serverless {
		out.ServerlessV2ScalingConfiguration = &capacityRange{c.MinACU, c.MaxACU}
		out.ServerlessV2PlatformVersion = "3"
	}
	for _, m := range c.Members {
		out.DBClusterMembers = append(out.DBClusterMembers, clusterMember{m.ID, m.Writer, "in-sync", m.PromotionTier})
		if !slices.Contains(out.AvailabilityZones, m.Zone) {
			out.AvailabilityZones = append(out.AvailabilityZones, m.Zone)
		}
	}
	return out
}

func databasePort(engine string) int {
	if engine == "aurora-postgresql" {
		return 5432
	}
	return 3306
}

type describeInstancesInput struct {
	DBInstanceIdentifier string
	Filters              []rdsFilter `form:"Filters,Filter"`
	MaxRecords           *int
	Marker               string
}

type dbInstance struct {
	DBInstanceIdentifier       string
	DBInstanceArn              string
	DBClusterIdentifier        string
	DBInstanceClass            string
	DBInstanceStatus           string
	Engine                     string
	EngineVersion              string
	AvailabilityZone           string
	PromotionTier              int
	MultiAZ                    bool
	PubliclyAccessible         bool
	PerformanceInsightsEnabled bool
	MonitoringInterval         int
	InstanceCreateTime         time.Time
}

type describeInstancesOutput struct {
	DBInstances []dbInstance `xml:"DBInstances>DBInstance"`
	Marker      string       `xml:",omitempty"`
}

func describeInstances(c *call, in *describeInstancesInput) (*describeInstancesOutput, error) {
	var all []dbInstance
	for _, cluster := range c.regional().Clusters {
		for _, m := range cluster.Members {
			ok, err := passes(in.Filters, map[string][]string{
				"db-cluster-id": {cluster.ID, cluster.ARN}, "db-instance-id": {m.ID, m.ARN}, "engine": {cluster.Engine},
			})
			if err != nil {
				return nil, err
			}
			if ok && (in.DBInstanceIdentifier == "" || in.DBInstanceIdentifier == m.ID || in.DBInstanceIdentifier == m.ARN) {
				all = append(all, describeInstance(cluster, m))
			}
		}
	}
	if in.DBInstanceIdentifier != "" && len(all) == 0 {
		return nil, &fault{Shape: "DBInstanceNotFoundFault", Code: "DBInstanceNotFound", Status: http.StatusNotFound,
			Message: "DBInstance " + in.DBInstanceIdentifier + " not found."}
	}
	items, next, err := pickFrom(databasePage(in.Marker, in.MaxRecords), all, nil)
	return &describeInstancesOutput{items, next}, err
}

func describeInstance(c simulator.DBCluster, m simulator.DBInstance) dbInstance {
	return dbInstance{
		DBInstanceIdentifier: m.ID, DBInstanceArn: m.ARN, DBClusterIdentifier: c.ID, DBInstanceClass: m.Class, DBInstanceStatus: m.Status,
		Engine: c.Engine, EngineVersion: c.Version, AvailabilityZone: m.Zone, PromotionTier: m.PromotionTier,
		PerformanceInsightsEnabled: true, MonitoringInterval: 60, InstanceCreateTime: c.Created.UTC(),
	}
}

type describeEventsInput struct {
	SourceIdentifier string
	SourceType       string
	StartTime        time.Time
	EndTime          time.Time
	Duration         *int     // minutes; an hour unless given
	EventCategories  []string `form:"EventCategories,EventCategory"`
	MaxRecords       *int
	Marker           string
}

type dbEvent struct {
	SourceIdentifier string
	SourceType       string
	SourceArn        string
	Message          string
	EventCategories  []string `xml:"EventCategories>EventCategory"`
	Date             time.Time
}

type describeEventsOutput struct {
	Events []dbEvent `xml:"Events>Event"`
	Marker string    `xml:",omitempty"`
}

// describeEvents tells of what was done to the clusters through this endpoint, oldest first.
func describeEvents(c *call, in *describeEventsInput) (*describeEventsOutput, error) {
	until := in.EndTime
	if until.IsZero() {
		until = c.now
	}
	from := in.StartTime
	if from.IsZero() {
		minutes := 60
		if in.Duration != nil {
			minutes = *in.Duration
		}
		from = until.Add(-time.Duration(minutes) * time.Minute)
	}
	if c.regional().Clusters == nil {
		return &describeEventsOutput{}, nil
	}
	var all []dbEvent
	for _, e := range c.server.documents.events {
		if in.SourceIdentifier != "" && in.SourceIdentifier != e.SourceIdentifier || in.SourceType != "" && in.SourceType != e.SourceType ||
			e.Date.Before(from) || e.Date.After(until) ||
			len(in.EventCategories) > 0 && !slices.ContainsFunc(e.EventCategories, func(k string) bool { return slices.Contains(in.EventCategories, k) }) {
			continue
		}
		all = append(all, e)
	}
	items, next, err := pickFrom(databasePage(in.Marker, in.MaxRecords), all, nil)
	return &describeEventsOutput{items, next}, err
}

type modifyClusterInput struct {
	DBClusterIdentifier              string
	ApplyImmediately                 bool
	ServerlessV2ScalingConfiguration *struct {
		MinCapacity *float64
		MaxCapacity *float64
	}
}

type modifyClusterOutput struct {
	DBCluster dbCluster
}

func modifyCluster(c *call, in *modifyClusterInput) (*modifyClusterOutput, error) {
	cluster, err := c.cluster(in.DBClusterIdentifier)
	if err != nil {
		return nil, err
	}
	if wanted := in.ServerlessV2ScalingConfiguration; wanted != nil {
		low, high := cluster.MinACU, cluster.MaxACU
		if wanted.MinCapacity != nil {
			low = *wanted.MinCapacity
		}
		if wanted.MaxCapacity != nil {
			high = *wanted.MaxCapacity
		}
		if err := c.launch.SetACU(cluster.Name, low, high); err != nil {
			return nil, clusterFault(err)
		}
		c.server.documents.events = append(c.server.documents.events, dbEvent{
			SourceIdentifier: cluster.ID, SourceType: "db-cluster", SourceArn: cluster.ARN, Date: c.now.UTC(),
			EventCategories: []string{"configuration change"},
			Message:         fmt.Sprintf("The Serverless v2 capacity range was changed from %g-%g to %g-%g ACUs.", cluster.MinACU, cluster.MaxACU, low, high),
		})
	}
	if cluster, err = c.cluster(in.DBClusterIdentifier); err != nil {
		return nil, err
	}
	return &modifyClusterOutput{describeCluster(cluster, c.now)}, nil
}

func (c *call) cluster(id string) (simulator.DBCluster, error) {
	for _, cluster := range c.regional().Clusters {
		if cluster.ID == id || cluster.ARN == id {
			return cluster, nil
		}
	}
	return simulator.DBCluster{}, noCluster(id)
}

// clusterFault spells the site's refusals.
func clusterFault(err error) error {
	shape := "InvalidParameterCombination"
	if errors.Is(err, simulator.ErrBusy) {
		shape = "InvalidDBClusterStateFault"
	}
	return &fault{Shape: shape, Status: http.StatusBadRequest, Message: err.Error()}
}
