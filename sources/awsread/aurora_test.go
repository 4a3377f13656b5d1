package awsread

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
)

func eventXML(kind, of, message string, at time.Time) string {
	return fmt.Sprintf(`<Event><SourceIdentifier>%s</SourceIdentifier><SourceType>%s</SourceType><Message>%s</Message><Date>%s</Date></Event>`, of, kind, message, at.Format(time.RFC3339))
}

func eventsXML(marker string, events ...string) string {
	return fmt.Sprintf(`<DescribeEventsResponse><DescribeEventsResult><Events>%s</Events><Marker>%s</Marker></DescribeEventsResult></DescribeEventsResponse>`, fmt.Sprint(events), marker)
}

// TestDatabaseEvents: what happens to the cluster and what happens to its instances is told, each once; what happens
// to other people's databases is not.
func TestDatabaseEvents(t *testing.T) {
	f := newFakeAWS(t)
	f.answers["DescribeDBClusters"] = `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterIdentifier>main</DBClusterIdentifier><Engine>aurora-mysql</Engine><Status>available</Status><DBClusterMembers>` +
		`<DBClusterMember><DBInstanceIdentifier>main-1</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter></DBClusterMember><DBClusterMember><DBInstanceIdentifier>main-2</DBInstanceIdentifier></DBClusterMember>` +
		`</DBClusterMembers></DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`
	f.answers["DescribeDBInstances"] = `<DescribeDBInstancesResponse><DescribeDBInstancesResult/></DescribeDBInstancesResponse>`
	at := epoch.Add(-5 * time.Minute)
	f.respond = func(operation string, form url.Values) string {
		switch {
		case operation != "DescribeEvents":
			return ""
		case form.Get("SourceType") == "db-cluster" && form.Get("SourceIdentifier") == "main":
			return eventsXML("", eventXML("db-cluster", "main", "Completed failover to main-2", at))
		case form.Get("SourceType") == "db-instance" && form.Get("SourceIdentifier") == "" && form.Get("Marker") == "":
			return eventsXML("more", eventXML("db-instance", "other-1", "DB instance restarted", at), eventXML("db-instance", "main-2", "DB instance restarted", at))
		case form.Get("SourceType") == "db-instance" && form.Get("Marker") == "more":
			return eventsXML("", eventXML("db-instance", "main-1", "DB instance restarted", at), eventXML("db-instance", "main-10", "Backup", at))
		}
		return eventsXML("")
	}
	r := openAt(t, f.URL, sources.Resource{Ref: sources.Ref{Service: "aurora", Name: "shop"}, ID: "main"})
	r.session.share = 1 // polls follow each other without a minute between them
	s := source(t, r, "aurora")
	got := texts(poll(t, s, epoch))
	slices.Sort(got)
	want := []string{"Completed failover to main-2", "main-1: DB instance restarted", "main-2: DB instance restarted"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	if again := texts(poll(t, s, epoch.Add(time.Minute))); len(again) > 0 {
		t.Errorf("told again: %q", again)
	}
}
