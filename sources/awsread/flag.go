package awsread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"warroom/sources"
)

// The attributes of a distribution that say where its maintenance flag is: the ARN of a key value store, and the key.
const (
	flagStore = "kvs"
	flagKey   = "kvs_key"
	usualKey  = "maintenance"
)

func init() {
	register(service{
		client: kvs.ServiceID, iam: "cloudfront-keyvaluestore", lentTo: "cloudfront", where: flagStore,
		reads: []string{"GetKey"},
		on:    map[string]arn{"GetKey": func(r sources.Resource, _, _ string) string { return r.Attrs[flagStore] }},
	})
}

// straight takes the account off the host of a simulated AWS: the client puts it in front of any endpoint, and a loopback
// address has no such names.
type straight struct{ kvs.EndpointResolverV2 }

// ResolveEndpoint is the endpoint that was given.
func (s straight) ResolveEndpoint(ctx context.Context, p kvs.EndpointParameters) (smithyendpoints.Endpoint, error) {
	e, err := s.EndpointResolverV2.ResolveEndpoint(ctx, p)
	if account := strings.Split(aws.ToString(p.KvsARN), ":"); err == nil && p.Endpoint != nil && len(account) > 4 {
		e.URI.Host = strings.TrimPrefix(e.URI.Host, account[4]+".")
	}
	return e, err
}

// flag reads the flag that a function at the edge goes by, where the config names one, and tells whether it is on. Where it
// cannot be read, or says neither, that is a fact.
func (d *description) flag(ctx context.Context, a account) (on bool) {
	store, key := d.resource.Attrs[flagStore], cmp.Or(d.resource.Attrs[flagKey], usualKey)
	if store == "" {
		return false
	}
	c := client(a, func(c aws.Config) *kvs.Client {
		return kvs.NewFromConfig(c, func(o *kvs.Options) {
			if a.options.Endpoint != "" {
				o.EndpointResolverV2 = straight{kvs.NewDefaultEndpointResolverV2()}
			}
		})
	})
	out, err := c.GetKey(ctx, &kvs.GetKeyInput{KvsARN: aws.String(store), Key: aws.String(key)})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		d.fact("flag", key+" is not in the key value store")
		return false
	case err != nil:
		what, action := operation(err)
		d.fact("flag", fmt.Sprintf("unknown: %s failed; does the policy allow %s?", what, action))
		return false
	}
	value := sources.CleanTo(aws.ToString(out.Value), flagMost)
	pair, known := sources.FlagPair(value)
	if !known {
		d.fact("flag", fmt.Sprintf("%s is %q, which says neither on nor off", key, value))
		return false
	}
	d.fact("flag", key+" is "+value)
	return value == pair[0]
}

// flagMost is how much is kept of a flag's value.
const flagMost = 40
