package awsread

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"

	"warroom/sources"
	"warroom/sources/awsconfig"
)

func init() {
	register(service{
		client: kvs.ServiceID, iam: "cloudfront-keyvaluestore", lentTo: "cloudfront", where: sources.FlagStore,
		reads: []string{"GetKey"},
		on:    map[string]arn{"GetKey": func(r sources.Resource, _, _ string) string { return r.Attrs[sources.FlagStore] }},
	})
}

// flag reads the flag that a function at the edge goes by, where the config names one, and tells whether it is on. Where it
// cannot be read, or says neither, that is a fact.
func (d *description) flag(ctx context.Context, a account) (on bool) {
	store, key := sources.FlagOf(d.resource)
	if store == "" {
		return false
	}
	c := client(a, func(c aws.Config) *kvs.Client { return awsconfig.KeyValueStore(c, a.options.Endpoint != "") })
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
