package awswrite

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"warroom/sources"
)

func newBalancing(c aws.Config) *elb.Client { return elb.NewFromConfig(c) }

func (w *Writer) balancing(r sources.Resource, acting bool) *elb.Client {
	return client(w.session, r.Region, acting, newBalancing)
}

// balancer finds a load balancer by what the config calls it: its name, the tail of its ARN, or the ARN.
func (w *Writer) balancer(ctx context.Context, ref sources.Ref) (*types.LoadBalancer, sources.Resource, error) {
	r, err := w.resource(ref)
	if err != nil {
		return nil, r, err
	}
	if r.Region, err = w.regionOf(r); err != nil {
		return nil, r, err
	}
	var out *elb.DescribeLoadBalancersOutput
	err = w.session.look(ctx, func() (err error) {
		out, err = w.balancing(r, false).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{balancerName(r.ID)}})
		return err
	})
	if err != nil {
		return nil, r, err
	}
	if len(out.LoadBalancers) != 1 || aws.ToString(out.LoadBalancers[0].LoadBalancerArn) == "" {
		return nil, r, fmt.Errorf("no load balancer %q in %s; check the id and the region in the config", r.ID, r.Region)
	}
	return &out.LoadBalancers[0], r, nil
}

// balancerName is the name in an id: …app/name/0123456789abcdef, or the name alone.
func balancerName(id string) string {
	if parts := strings.Split(id, "/"); len(parts) >= 3 {
		return parts[len(parts)-2]
	}
	return id
}
