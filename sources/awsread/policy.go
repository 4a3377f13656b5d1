package awsread

import (
	"cmp"
	"slices"

	"warroom/sources"
)

// arn names what a policy limits an action to: the resource, or those of its parts that the action is about. Region and
// account are "*" where they are not known.
type arn func(r sources.Resource, region, account string) string

// Permissions are the IAM actions that reading the resources needs, each with the ARNs on which it needs them: the
// smallest policy. An action that IAM cannot limit to resources has "*" alone. An empty region or account is not known.
func Permissions(resources []sources.Resource, region, account string) map[string][]string {
	out := map[string][]string{}
	for _, s := range rows {
		for _, r := range s.of(resources) {
			for _, operation := range s.reads {
				action, on := s.iam+":"+operation, "*"
				if name := s.on[operation]; name != nil {
					on = name(r, cmp.Or(s.regionOf(r, region), "*"), cmp.Or(account, "*"))
				}
				if !slices.Contains(out[action], on) {
					out[action] = append(out[action], on)
				}
			}
		}
	}
	return out
}

// of are the resources that the row reads. A row without a name that is lent to all is needed whatever they are.
func (s service) of(resources []sources.Resource) []sources.Resource {
	name := cmp.Or(s.name, s.lentTo)
	if name == "" {
		return []sources.Resource{{}}
	}
	return slices.DeleteFunc(slices.Clone(resources), func(r sources.Resource) bool {
		return r.Service != name || s.where != "" && r.Attrs[s.where] == ""
	})
}

func distributionARN(r sources.Resource, _, account string) string {
	return "arn:aws:cloudfront::" + account + ":distribution/" + r.ID
}

func clusterARN(r sources.Resource, region, account string) string {
	return "arn:aws:rds:" + region + ":" + account + ":cluster:" + r.ID
}

// instancesARN names all instances: those of a cluster are found by a filter, for which IAM asks after all of them.
func instancesARN(_ sources.Resource, region, account string) string {
	return "arn:aws:rds:" + region + ":" + account + ":db:*"
}

// aclARN names a web ACL, whose id AWS alone knows.
func aclARN(r sources.Resource, region, account string) string {
	scope := "regional"
	if forCloudFront(r) {
		scope = "global"
	}
	return "arn:aws:wafv2:" + region + ":" + account + ":" + scope + "/webacl/" + r.ID + "/" + cmp.Or(r.Attrs["id"], "*")
}
