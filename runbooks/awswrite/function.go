package awswrite

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"warroom/runbooks"
	"warroom/sources"
)

// beside reads the distribution while other things are read. What it returns waits for it, as long as ctx lasts.
func (f *flag) beside(ctx context.Context, edge sources.Ref) func() (*configuration, sources.Resource, error) {
	var c *configuration
	var r sources.Resource
	var err error
	var reading sync.WaitGroup
	reading.Go(func() { c, r, err = (&origins{f.Writer}).configuration(ctx, edge) })
	return func() (*configuration, sources.Resource, error) {
		reading.Wait()
		return c, r, err
	}
}

// vouch sees, before a flag is set, that the maintenance page answers and that the distribution has a function which reads the
// flag. A page that does not answer refuses the plan. What cannot be seen is told: the flag is there for the hour in which the
// distribution's own API is gone.
func (f *flag) vouch(ctx context.Context, p *runbooks.Plan, k flagKey, distribution func() (*configuration, sources.Resource, error)) error {
	o := &origins{f.Writer}
	ctx, cancel := context.WithTimeout(ctx, wayTime+fetchTime)
	defer cancel()
	c, r, err := distribution()
	if err != nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("not checked, for the distribution cannot be read (%v): that its function reads the key %s, and that the page it shows is there; look at the page yourself", err, k.name))
		return nil
	}
	id, err := c.wanted(p.Action, r)
	if err != nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("not checked: the page that the function shows (%v); look at it yourself", err))
	} else if err := o.answers(ctx, p, c, id); err != nil {
		return err
	}
	o.reads(ctx, p, c, k)
	return nil
}

// reads tells whether the function before the default behaviour reads the flag, and which paths do not go through it.
func (o *origins) reads(ctx context.Context, p *runbooks.Plan, c *configuration, k flagKey) {
	arn := functionBefore(c.config.DefaultCacheBehavior.FunctionAssociations)
	if arn == "" {
		p.Warnings = append(p.Warnings, "no function goes before the default behaviour: nobody there reads the flag, and it may do nothing at all")
		return
	}
	_, name, _ := strings.Cut(arn, ":function/")
	said, well := o.function(ctx, name, k)
	if well {
		p.Limits = append(p.Limits, said)
	} else {
		p.Warnings = append(p.Warnings, said)
	}
	if past := c.past(arn); len(past) > 0 {
		p.Warnings = append(p.Warnings, "these paths do not go through "+name+" and stay as they are: "+some(past))
	}
}

// functionBefore is the function that sees the requests of a behaviour, "" without one.
func functionBefore(all *types.FunctionAssociations) string {
	if all != nil {
		for _, a := range all.Items {
			if a.EventType == types.EventTypeViewerRequest {
				return aws.ToString(a.FunctionARN)
			}
		}
	}
	return ""
}

// past are the paths whose requests a function does not see.
func (c *configuration) past(arn string) (patterns []string) {
	if c.config.CacheBehaviors == nil {
		return nil
	}
	for i := range c.config.CacheBehaviors.Items {
		if b := &c.config.CacheBehaviors.Items[i]; functionBefore(b.FunctionAssociations) != arn {
			patterns = append(patterns, aws.ToString(b.PathPattern))
		}
	}
	return patterns
}

// function says whether a function, as it is live, reads the flag: its code names the key, and it may read the store.
func (o *origins) function(ctx context.Context, name string, k flagKey) (said string, well bool) {
	var code *cloudfront.GetFunctionOutput
	var about *cloudfront.DescribeFunctionOutput
	err := o.session.look(ctx, func() (err error) {
		if code, err = o.cloudFront(false).GetFunction(ctx, &cloudfront.GetFunctionInput{Name: aws.String(name), Stage: types.FunctionStageLive}); err != nil {
			return err
		}
		about, err = o.cloudFront(false).DescribeFunction(ctx, &cloudfront.DescribeFunctionInput{Name: aws.String(name), Stage: types.FunctionStageLive})
		return err
	})
	name = sources.CleanTo(name, messageMost)
	switch {
	case err != nil:
		return fmt.Sprintf("not checked: that the function %s reads the key %s (%v)", name, k.name, err), false
	case !named(code.FunctionCode, k.name):
		return fmt.Sprintf("the function %s does not name the key %s: it may do nothing when the flag is set", name, k.name), false
	case !mayRead(about.FunctionSummary, k.store):
		return fmt.Sprintf("the function %s is not associated with the key value store %s: it reads another flag, or none", name, k.store), false
	}
	return fmt.Sprintf("the function %s goes before the default behaviour, may read the store, and names the key %s", name, k.name), true
}

// named tells whether code has the key in it as a text.
func named(code []byte, key string) bool {
	return slices.ContainsFunc([]string{"'", `"`, "`"}, func(quote string) bool { return bytes.Contains(code, []byte(quote+key+quote)) })
}

// mayRead tells whether a function is associated with a key value store.
func mayRead(f *types.FunctionSummary, store string) bool {
	if f == nil || f.FunctionConfig == nil || f.FunctionConfig.KeyValueStoreAssociations == nil {
		return false
	}
	return slices.ContainsFunc(f.FunctionConfig.KeyValueStoreAssociations.Items, func(a types.KeyValueStoreAssociation) bool {
		return aws.ToString(a.KeyValueStoreARN) == store
	})
}
