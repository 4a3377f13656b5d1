package awswire

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"warroom/sources/simulator"
)

// versionOf is how a version of a launch template is written: one that nobody has set floats.
func versionOf(version string) string { return cmp.Or(version, "$Default") }

type describeRefreshesInput struct {
	AutoScalingGroupName string
	InstanceRefreshIDs   []string `form:"InstanceRefreshIds"`
	MaxRecords           *int
	NextToken            string
}

type desiredConfiguration struct{ LaunchTemplate launchTemplate }

type rollbackDetails struct {
	RollbackReason    string
	RollbackStartTime time.Time
}

type refreshPreferences struct{ MinHealthyPercentage int }

type instanceRefresh struct {
	InstanceRefreshID    string `xml:"InstanceRefreshId"`
	AutoScalingGroupName string
	Status               string
	StartTime            time.Time
	EndTime              *time.Time `xml:",omitempty"`
	PercentageComplete   int
	InstancesToUpdate    int
	Preferences          refreshPreferences
	DesiredConfiguration *desiredConfiguration `xml:",omitempty"`
	RollbackDetails      *rollbackDetails      `xml:",omitempty"`
}

type describeRefreshesOutput struct {
	InstanceRefreshes []instanceRefresh `xml:"InstanceRefreshes>member"`
	NextToken         string            `xml:",omitempty"`
}

// describeRefreshes lists the refreshes of a group, the newest first.
func describeRefreshes(c *call, in *describeRefreshesInput) (*describeRefreshesOutput, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	var all []instanceRefresh
	for _, r := range g.Refreshes {
		if len(in.InstanceRefreshIDs) == 0 || slices.Contains(in.InstanceRefreshIDs, r.ID) {
			all = append(all, describeRefresh(g, r))
		}
	}
	p := pick{marker: in.NextToken, size: in.MaxRecords, usual: groupsPerPage, limit: maxRecords, badMarker: badGroupToken}
	items, next, err := pickFrom(p, all, nil)
	return &describeRefreshesOutput{items, next}, err
}

func describeRefresh(g simulator.AutoScalingGroup, r simulator.Refresh) instanceRefresh {
	out := instanceRefresh{
		InstanceRefreshID: r.ID, AutoScalingGroupName: g.ID, Status: r.Status, StartTime: r.Started.UTC(), PercentageComplete: r.Percent,
		InstancesToUpdate: r.Left, Preferences: refreshPreferences{r.MinHealthy},
	}
	if !r.Ended.IsZero() {
		end := r.Ended.UTC()
		out.EndTime = &end
	}
	if r.Version != "" {
		out.DesiredConfiguration = &desiredConfiguration{launchTemplate{g.LaunchTemplate, r.Version}}
	}
	if !r.RolledBack.IsZero() {
		out.RollbackDetails = &rollbackDetails{"Rollback requested by the user", r.RolledBack.UTC()}
	}
	return out
}

type startRefreshInput struct {
	AutoScalingGroupName string
	Strategy             string
	DesiredConfiguration desiredConfiguration
	Preferences          refreshPreferences
}

type refreshOutput struct {
	InstanceRefreshID string `xml:"InstanceRefreshId"`
}

// startRefresh begins to replace the instances of a group.
func startRefresh(c *call, in *startRefreshInput) (*refreshOutput, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.Strategy != "" && in.Strategy != "Rolling" {
		return nil, invalid("The strategy %s is not known to this endpoint.", in.Strategy)
	}
	id, err := c.launch.StartRefresh(g.Name, simulator.Refresh{
		Version: in.DesiredConfiguration.LaunchTemplate.Version, MinHealthy: in.Preferences.MinHealthyPercentage,
	})
	if errors.Is(err, simulator.ErrBusy) {
		return nil, &fault{Shape: "InstanceRefreshInProgressFault", Code: "InstanceRefreshInProgress", Status: http.StatusBadRequest, Message: err.Error()}
	}
	return &refreshOutput{id}, groupFault(err)
}

type rollbackRefreshInput struct{ AutoScalingGroupName string }

// rollbackRefresh has a group's refresh take back what it has brought.
func rollbackRefresh(c *call, in *rollbackRefreshInput) (*refreshOutput, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	id, err := c.launch.RollbackRefresh(g.Name)
	return &refreshOutput{id}, groupFault(err)
}
