package simulator

import "fmt"

const (
	hexDigits    = "0123456789abcdef"
	base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

func letters(d draw, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[d.IntN(len(alphabet))]
	}
	return string(b)
}

func instanceID(d draw) string { return "i-0" + letters(d, hexDigits, 16) }

func uuid(d draw) string {
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", letters(d, hexDigits, 8), letters(d, hexDigits, 4), letters(d, hexDigits, 3), letters(d, hexDigits, 3), letters(d, hexDigits, 12))
}

// names are the identifiers of a site. They follow from the scenario's name alone, so that a config for a
// rehearsal stays right whatever the seed.
type names struct {
	launch                       string
	distribution, domain, caller string
	aclID, balancerID            string
	targetIDs                    []string
	account, region              string
	balancer, acl                string
	cluster                      string
	clusterSuffix                string
}

func newNames(sc Scenario) names {
	d := newDraw(1, "names of "+sc.Name)
	n := names{
		launch:       sc.Name,
		distribution: "E" + letters(d, base32Digits, 13), domain: "d" + letters(d, hexDigits, 13) + ".cloudfront.net",
		caller: "AROA" + letters(d, base32Digits, 17), aclID: uuid(d), balancerID: letters(d, hexDigits, 16),
		account: sc.Site.Account, region: sc.Site.Region, balancer: sc.Site.Balancer.Name, acl: sc.Site.Firewall.Name,
		cluster: sc.Site.Cluster.Name, clusterSuffix: "c" + letters(d, hexDigits, 11),
	}
	for range sc.Site.Groups {
		n.targetIDs = append(n.targetIDs, letters(d, hexDigits, 16))
	}
	return n
}

func (n names) arn(service, region, rest string) string {
	return "arn:aws:" + service + ":" + region + ":" + n.account + ":" + rest
}

func (n names) distributionARN() string {
	return n.arn("cloudfront", "", "distribution/"+n.distribution)
}

func (n names) aclARN() string {
	return n.arn("wafv2", "us-east-1", "global/webacl/"+n.acl+"/"+n.aclID)
}

func (n names) balancerTail() string { return "app/" + n.balancer + "/" + n.balancerID }

func (n names) balancerARN() string {
	return n.arn("elasticloadbalancing", n.region, "loadbalancer/"+n.balancerTail())
}

func (n names) targetTail(i int, name string) string {
	return "targetgroup/" + name + "/" + n.targetIDs[i]
}

func (n names) targetARN(i int, name string) string {
	return n.arn("elasticloadbalancing", n.region, n.targetTail(i, name))
}

func (n names) groupARN(name string) string {
	return n.arn("autoscaling", n.region, "autoScalingGroup:"+n.clusterSuffix+":autoScalingGroupName/"+name)
}

func (n names) databaseARN(kind, id string) string { return n.arn("rds", n.region, kind+":"+id) }

func (n names) endpoint(prefix string) string {
	return n.of(n.cluster) + "." + prefix + n.clusterSuffix + "." + n.region + ".rds.amazonaws.com"
}

// of is what AWS calls a resource of the site: the launch's name and the short one.
func (n names) of(short string) string { return n.launch + "-" + short }

// version spells the count of a resource's changes as AWS spells versions: an ETag or a lock token.
func (n names) etag(changes int) string {
	return "E" + letters(newDraw(uint64(changes), "etag of "+n.distribution), base32Digits, 13)
}

func (n names) lockToken(changes int) string {
	return uuid(newDraw(uint64(changes), "lock of "+n.aclID))
}

// metricName is how the house names metrics in a web ACL: without dashes.
func metricName(name string) string {
	out := make([]byte, 0, len(name)+6)
	up := true
	for i := range len(name) {
		c := name[i]
		if c == '-' {
			up = true
			continue
		}
		if up && c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		up = false
		out = append(out, c)
	}
	return string(out)
}
