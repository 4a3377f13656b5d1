package awswire

import "warroom/sources/simulator"

// fleets publishes the Auto Scaling groups: their sizes where group metrics are collected, and the
// processors of their instances, which EC2 publishes for the group as a whole.
func (p *publication) fleets(st simulator.State) {
	for _, g := range st.Groups {
		group := named(func(m *simulator.Minute) []simulator.Group { return m.Groups },
			func(g *simulator.Group) string { return g.Name }, g.Name)
		s := series{region: st.Region, namespace: "AWS/AutoScaling", timing: groupTiming, dimensions: []dimension{{"AutoScalingGroupName", g.ID}}}
		if g.MetricsEnabled {
			p.group(s, group)
		}
		s.namespace, s.timing = "AWS/EC2", instanceTiming
		p.add(s, "CPUUtilization", "Percent", levels, func(m *simulator.Minute) (datum, bool) {
			g := group(m)
			if g == nil || g.Running == 0 {
				return datum{}, false
			}
			return level(g.CPU, 100), true
		})
	}
}

// groupSizes are the metrics of a group, as DescribeAutoScalingGroups names them when they are collected.
var groupSizes = []struct {
	name string
	n    func(*simulator.Group) int
}{
	{"GroupMinSize", func(g *simulator.Group) int { return g.Min }},
	{"GroupMaxSize", func(g *simulator.Group) int { return g.Max }},
	{"GroupDesiredCapacity", func(g *simulator.Group) int { return g.Desired }},
	{"GroupInServiceInstances", func(g *simulator.Group) int { return g.InService }},
	{"GroupPendingInstances", func(g *simulator.Group) int { return g.Pending }},
	{"GroupStandbyInstances", func(g *simulator.Group) int { return g.Standby }},
	{"GroupTerminatingInstances", func(g *simulator.Group) int { return g.Terminating }},
	{"GroupTotalInstances", func(g *simulator.Group) int { return g.Total }},
	{"GroupInServiceCapacity", func(g *simulator.Group) int { return g.InService }},
	{"GroupPendingCapacity", func(g *simulator.Group) int { return g.Pending }},
	{"GroupStandbyCapacity", func(g *simulator.Group) int { return g.Standby }},
	{"GroupTerminatingCapacity", func(g *simulator.Group) int { return g.Terminating }},
	{"GroupTotalCapacity", func(g *simulator.Group) int { return g.Total }},
}

func (p *publication) group(s series, group func(*simulator.Minute) *simulator.Group) {
	for _, size := range groupSizes {
		p.add(s, size.name, "None", levels, func(m *simulator.Minute) (datum, bool) {
			g := group(m)
			if g == nil {
				return datum{}, false
			}
			return one(float64(size.n(g))), true
		})
	}
}
