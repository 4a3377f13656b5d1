package awswrite

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/awsconfig"
)

// flag switches by a value that a function at every edge reads: nothing is deployed, and no control plane has to work for it.
type flag struct{ *Writer }

// The ways to switch a distribution.
const (
	byFlag   = "flag"
	byOrigin = "origin"
)

const (
	putKey     = "cloudfront-keyvaluestore:PutKey"
	storePlane = "data plane, global endpoint of the KeyValueStore"

	flagSetting = "flag" // its value in a plan
)

// flagKey is where the config says that the flag is.
type flagKey struct{ store, name string }

// key finds the flag of a distribution, an error where the config names none.
func (w *Writer) key(ref sources.Ref) (flagKey, error) {
	r, err := w.resource(ref)
	if err != nil {
		return flagKey{}, err
	}
	var k flagKey
	k.store, k.name = sources.FlagOf(r)
	if k.store == "" {
		return flagKey{}, fmt.Errorf("the config names no flag of distribution %s: kvs, the ARN of its key value store, and kvs_key", r.Name)
	}
	return k, nil
}

func (w *Writer) store(acting bool) *kvs.Client {
	return client(w.session, globalRegion, acting, func(c aws.Config) *kvs.Client { return awsconfig.KeyValueStore(c, w.session.options.Endpoint != "") })
}

// flagged is a flag as it is now, with the token of the store that it was read with.
type flagged struct {
	value string
	etag  string
	pair  [2]string // the values of its sort, on first
}

func (f *flagged) on() bool { return f.value == f.pair[0] }

// read reads the flag. The token comes first: what is written in between makes it void.
func (f *flag) read(ctx context.Context, k flagKey) (flagged, error) {
	var store *kvs.DescribeKeyValueStoreOutput
	var key *kvs.GetKeyOutput
	err := f.session.look(ctx, func() (err error) {
		if store, err = f.store(false).DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: aws.String(k.store)}); err != nil {
			return err
		}
		key, err = f.store(false).GetKey(ctx, &kvs.GetKeyInput{KvsARN: aws.String(k.store), Key: aws.String(k.name)})
		return err
	})
	if err != nil {
		return flagged{}, err
	}
	now := flagged{value: aws.ToString(key.Value), etag: aws.ToString(store.ETag)}
	if now.etag == "" {
		return flagged{}, fmt.Errorf("the answer is without the token of the key value store; an endpoint that is not AWS may stand in between")
	}
	var known bool
	if now.pair, known = sources.FlagPair(now.value); known {
		return now, nil
	}
	return flagged{}, fmt.Errorf("the value of %s is %q, which says neither on nor off; what the function makes of it is not known here", k.name, sources.CleanTo(now.value, messageMost))
}

// byFlag tells whether the action is to be done by the flag: where the config names one, all that is not asked for otherwise,
// but visitors who are on the maintenance page by the distribution's origin come back by that.
func (o *origins) byFlag(ctx context.Context, a runbooks.Action) (bool, error) {
	k, err := o.key(a.Resource)
	switch by := a.Want["by"]; {
	case by == byOrigin:
		return false, nil
	case by == byFlag && a.Want["paths"] != "":
		return false, fmt.Errorf("the flag is for everything that the function sees; paths are switched by %s", byOrigin)
	case by == byFlag:
		return true, err
	case by != "":
		return false, chosen("by", by, byFlag, byOrigin)
	case err != nil || a.Want["origin"] != "" || a.Want["paths"] != "":
		return false, nil
	case a.Want["to"] == live:
		reading, cancel := context.WithTimeout(ctx, wayTime)
		defer cancel()
		now, err := (&flag{o.Writer}).read(reading, k)
		return err != nil || now.on(), nil
	}
	return true, nil
}

// plan reads the flag and says what it would become.
func (f *flag) plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	k, err := f.key(a.Resource)
	if err == nil {
		err = chosen("to", a.Want["to"], maintenance, live)
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	answers := f.otherWays(ctx, a.Resource, byFlag)
	reading, cancel := context.WithTimeout(ctx, wayTime)
	defer cancel()
	distribution := f.beside(reading, a.Resource)
	now, err := f.read(reading, k)
	others := answers()
	if err != nil {
		return runbooks.Plan{}, instead(err, others)
	}
	next := now.pair[1]
	if a.Want["to"] == maintenance {
		next = now.pair[0]
	}
	if next == now.value {
		return runbooks.Plan{}, fmt.Errorf("distribution %s: the flag %s is %s already", a.Resource.Name, k.name, next)
	}
	p := f.begin(ctx, a, "global", putKey)
	p.On = k.store
	p.Plane, p.Level, p.Token = storePlane, runbooks.Visible, now.etag
	p.Title = fmt.Sprintf("%s: flag %s %s → %s", a.Resource.Name, k.name, now.value, next)
	p.Before = []runbooks.Setting{{Name: flagSetting, Value: now.value}}
	p.After = []runbooks.Setting{{Name: flagSetting, Value: next}}
	p.Back = f.back(a)
	describeFlag(&p, k, others)
	if a.Want["to"] == maintenance {
		if err := f.vouch(ctx, &p, k, distribution); err != nil {
			return runbooks.Plan{}, err
		}
	}
	p.Watches = (&origins{f.Writer}).watches(a.Resource.Name, a.Want["to"])
	return p, nil
}

// back sets the flag to the other value.
func (f *flag) back(a runbooks.Action) runbooks.Action {
	to := live
	if a.Want["to"] == live {
		to = maintenance
	}
	return runbooks.Action{Kind: runbooks.Maintenance, Resource: a.Resource, Want: map[string]string{"to": to, "by": byFlag}}
}

// describeFlag fills in what a person should know of the plan.
func describeFlag(p *runbooks.Plan, k flagKey, others []way) {
	p.Ways = []runbooks.Way{thisWay("flag "+k.name, storePlane, p.Action.Resource, putKey)}
	for i := range others {
		p.Ways = append(p.Ways, others[i].listed())
	}
	p.Takes = "seconds, until every edge has read it"
	p.Undo = "back to " + p.Before[0].Value + ", as quickly"
	p.Touches = "every request that the function sees: visitors get what it does while the flag is on"
	if p.Action.Want["to"] == live {
		p.Touches = "every request that the function sees: visitors come back to the site, all at once"
		p.Warnings = []string{"the origin gets all visitors within seconds: it should be scaled up before"}
	}
}

// apply writes the flag, if nothing of its store has changed since it was read.
func (f *flag) apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	k, err := f.key(p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	out, err := f.store(true).PutKey(ctx, &kvs.PutKeyInput{
		KvsARN: aws.String(k.store), Key: aws.String(k.name), Value: aws.String(valueOf(p.After, flagSetting)), IfMatch: aws.String(p.Token),
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// now reads the flag that a plan is about.
func (f *flag) now(ctx context.Context, p runbooks.Plan) (flagKey, flagged, error) {
	k, err := f.key(p.Action.Resource)
	if err != nil {
		return k, flagged{}, err
	}
	now, err := f.read(ctx, k)
	return k, now, err
}

// find tells whether the flag has the plan's value.
func (f *flag) find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	_, now, err := f.now(ctx, p)
	return runbooks.Receipt{}, err == nil && now.value == valueOf(p.After, flagSetting), err
}

// progress reads the flag back. Until its token is another one, the answer may be from before the call.
func (f *flag) progress(ctx context.Context, p runbooks.Plan) (runbooks.Progress, error) {
	k, now, err := f.now(ctx, p)
	switch {
	case err != nil:
		return runbooks.Progress{}, err
	case now.value == valueOf(p.After, flagSetting):
		return runbooks.Progress{Text: fmt.Sprintf("the flag %s is %s: every edge reads it within seconds", k.name, now.value), Done: true}, nil
	case now.etag == p.Token:
		return runbooks.Progress{Text: "AWS has not taken it up yet"}, nil
	}
	return runbooks.Progress{Failed: fmt.Sprintf("the flag %s is %s now: somebody else has changed it", k.name, now.value)}, nil
}
