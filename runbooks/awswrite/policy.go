package awswrite

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/runbooks"
	"warroom/sources"
)

// changed is whose resources an action is about, by what IAM calls the service.
var changed = map[string]string{
	"autoscaling": "asg", "elasticloadbalancing": "alb", "rds": "aurora", "cloudfront": "cloudfront", "wafv2": "waf",
	"cloudfront-keyvaluestore": "cloudfront", "codedeploy": "asg",
}

// arns name what a policy limits an action to. Region and account are "*" where they are not known.
type arns func(r sources.Resource, region, account string) []string

// limits are the actions that a policy can limit to resources: all that change something, and some that look.
var limits = map[string]arns{
	"autoscaling:UpdateAutoScalingGroup":             groupARN,
	"autoscaling:RollbackInstanceRefresh":            groupARN,
	"codedeploy:BatchGetDeployments":                 deploymentGroupARN,
	"codedeploy:GetDeployment":                       deploymentGroupARN,
	"codedeploy:GetDeploymentGroup":                  deploymentGroupARN,
	"codedeploy:ListDeployments":                     deploymentGroupARN,
	"codedeploy:StopDeployment":                      deploymentGroupARN,
	"elasticloadbalancing:ModifyCapacityReservation": balancerARN,
	"elasticloadbalancing:ModifyListener":            listenersARN,
	"rds:DescribeDBClusters":                         clusterARN,
	"rds:DescribeDBInstances":                        instancesARN,
	"rds:ModifyDBCluster":                            clusterARN,
	"cloudfront:GetDistribution":                     distributionARN,
	"cloudfront:GetDistributionConfig":               distributionARN,
	"cloudfront:DescribeFunction":                    functionsARN,
	"cloudfront:GetFunction":                         functionsARN,
	"cloudfront:UpdateDistribution":                  distributionARN,
	"cloudfront:CreateInvalidation":                  distributionARN,
	"cloudfront:GetInvalidation":                     distributionARN,
	"cloudfront:ListInvalidations":                   distributionARN,
	"cloudfront-keyvaluestore:DescribeKeyValueStore": storeARN,
	"cloudfront-keyvaluestore:GetKey":                storeARN,
	"cloudfront-keyvaluestore:PutKey":                storeARN,
	"wafv2:GetWebACL":                                aclARN,
	"wafv2:UpdateWebACL":                             aclAndPartsARN,
}

// Permissions are the IAM actions that the hands need, each with the ARNs on which they need them; "*" alone where IAM
// cannot limit the action to resources. Those that look are for who plans, those that act for who acts: the role, or
// where there is none the same identity. An empty account is not known.
func Permissions(o Options, account string) (looks, acts map[string][]string) {
	looks, acts = map[string][]string{}, map[string][]string{}
	for _, action := range reads {
		allow(looks, action, o, account)
	}
	for _, action := range writes {
		allow(acts, action, o, account)
	}
	looks["sts:GetCallerIdentity"] = []string{"*"}
	looks["iam:SimulatePrincipalPolicy"] = principalARNs(cmp.Or(account, "*"))
	looks["iam:GetRole"] = principalARNs(cmp.Or(account, "*"))[:1]
	if o.Role != "" {
		looks["sts:AssumeRole"] = []string{o.Role}
	}
	return looks, acts
}

// principalARNs name whose policies are looked at, roles before users: who acts is not known here, where it is no role of
// the config.
func principalARNs(account string) []string {
	return []string{"arn:aws:iam::" + account + ":role/*", "arn:aws:iam::" + account + ":user/*"}
}

// allow adds an action for all resources that it is about.
func allow(to map[string][]string, action string, o Options, account string) {
	service, _, _ := strings.Cut(action, ":")
	for _, r := range o.Resources {
		if r.Service != changed[service] {
			continue
		}
		on := []string{"*"}
		if name := limits[action]; name != nil {
			on = name(r, homeOf(r, o.Region), cmp.Or(account, "*"))
		}
		for _, arn := range on {
			if !slices.Contains(to[action], arn) {
				to[action] = append(to[action], arn)
			}
		}
	}
}

// homeOf is the region in a resource's ARN.
func homeOf(r sources.Resource, home string) string {
	if r.Service == "waf" && scopeOf(r) == types.ScopeCloudfront {
		return globalRegion
	}
	return cmp.Or(r.Region, home, "*")
}

// arnOf is what a plan's call is about, where the config and our own identity tell all of its ARN, and "" where they do
// not: it is for what AWS does not name in its answers.
func arnOf(r sources.Resource, p runbooks.Plan) string {
	name := limits[p.Call]
	if name == nil || p.Account == "" {
		return ""
	}
	arns := name(r, homeOf(r, p.Region), p.Account)
	if len(arns) != 1 || strings.Contains(arns[0], "*") {
		return ""
	}
	if parts := strings.SplitN(p.Identity, ":", 3); len(parts) == 3 { // of the part of AWS that we are in
		return strings.Replace(arns[0], "arn:aws:", "arn:"+parts[1]+":", 1)
	}
	return arns[0]
}

func groupARN(r sources.Resource, region, account string) []string {
	return []string{"arn:aws:autoscaling:" + region + ":" + account + ":autoScalingGroup:*:autoScalingGroupName/" + r.ID}
}

// deploymentGroupARN names what CodeDeploy deploys to a fleet by, nothing where the config names none.
func deploymentGroupARN(r sources.Resource, region, account string) []string {
	if group := r.Attrs[sources.DeployedBy]; group != "" {
		return []string{"arn:aws:codedeploy:" + region + ":" + account + ":deploymentgroup:" + group}
	}
	return nil
}

func balancerARN(r sources.Resource, region, account string) []string {
	return []string{"arn:aws:elasticloadbalancing:" + region + ":" + account + ":loadbalancer/" + balancerTail(r.ID)}
}

// listenersARN names all listeners of a load balancer: which one listens on 443, AWS alone knows.
func listenersARN(r sources.Resource, region, account string) []string {
	return []string{"arn:aws:elasticloadbalancing:" + region + ":" + account + ":listener/" + balancerTail(r.ID) + "/*"}
}

// balancerTail is app/name/id, of a load balancer that is known by its name alone with any id.
func balancerTail(id string) string {
	if _, tail, ok := strings.Cut(id, ":loadbalancer/"); ok {
		return tail
	}
	if strings.Contains(id, "/") {
		return id
	}
	return "app/" + id + "/*"
}

func clusterARN(r sources.Resource, region, account string) []string {
	return []string{"arn:aws:rds:" + region + ":" + account + ":cluster:" + r.ID}
}

// instancesARN names all instances: which one writes, AWS alone knows.
func instancesARN(_ sources.Resource, region, account string) []string {
	return []string{"arn:aws:rds:" + region + ":" + account + ":db:*"}
}

func distributionARN(r sources.Resource, _, account string) []string {
	return []string{"arn:aws:cloudfront::" + account + ":distribution/" + r.ID}
}

// functionsARN names all functions of the account, where the config names a flag that one of them reads: which one goes before
// the distribution, AWS alone knows.
func functionsARN(r sources.Resource, _, account string) []string {
	if r.Attrs[sources.FlagStore] == "" {
		return nil
	}
	return []string{"arn:aws:cloudfront::" + account + ":function/*"}
}

// storeARN names the key value store of a distribution, nothing where the config names none.
func storeARN(r sources.Resource, _, _ string) []string {
	if store := r.Attrs[sources.FlagStore]; store != "" {
		return []string{store}
	}
	return nil
}

func aclARN(r sources.Resource, region, account string) []string {
	return []string{wallARN(r, region, account) + "webacl/" + r.ID + "/" + cmp.Or(r.Attrs["id"], "*")}
}

// aclAndPartsARN names a web ACL and what its rules may refer to: AWS asks after those too when the ACL is written back.
func aclAndPartsARN(r sources.Resource, region, account string) []string {
	out := aclARN(r, region, account)
	for _, part := range []string{"ipset", "managedruleset", "regexpatternset", "rulegroup"} {
		out = append(out, wallARN(r, region, account)+part+"/*/*")
	}
	return out
}

func wallARN(r sources.Resource, region, account string) string {
	scope := "regional"
	if scopeOf(r) == types.ScopeCloudfront {
		scope = "global"
	}
	return "arn:aws:wafv2:" + region + ":" + account + ":" + scope + "/"
}
