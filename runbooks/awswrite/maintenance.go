package awswrite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"warroom/runbooks"
	"warroom/sources"
)

// origins sends the visitors of a distribution to the maintenance origin, and back.
type origins struct{ *Writer }

// The roles of origins: the config says which is which (attributes live_origin and maintenance_origin), or they bear these
// names.
const (
	live        = "live"
	maintenance = "maintenance"
)

// Offers are the two directions.
func (o *origins) Offers(r sources.Resource) []runbooks.Offer {
	if !o.knows(r.Ref, "cloudfront") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Maintenance, Resource: r.Ref, Title: "send visitors to the maintenance page, or back",
		Parameters: []runbooks.Parameter{
			{Name: "to", Help: "where visitors are sent", Choices: []string{maintenance, live}},
			{Name: "by", Help: "the flag that a function at the edge reads, where the config names it (kvs), or the distribution's origin", Choices: []string{byFlag, byOrigin}},
			{Name: "paths", Help: "path patterns of the distribution, instead of everything that has none: /register* /vote/*; \"default\" is everything else"},
			{Name: "origin", Help: "the id of the origin, where the config does not say which one that is"},
		},
	}}
}

const updateDistribution = "cloudfront:UpdateDistribution"

// configuration is what a distribution is configured to do: as the SDK understands it, and as it came.
type configuration struct {
	config *types.DistributionConfig
	raw    []byte
	etag   string
}

func (c *configuration) target() string {
	return aws.ToString(c.config.DefaultCacheBehavior.TargetOriginId)
}

// origin finds one of the origins.
func (c *configuration) origin(id string) (types.Origin, bool) {
	if c.config.Origins != nil {
		for _, o := range c.config.Origins.Items {
			if aws.ToString(o.Id) == id {
				return o, true
			}
		}
	}
	return types.Origin{}, false
}

// group finds one of the origin groups, which fail over by themselves.
func (c *configuration) group(id string) (types.OriginGroup, bool) {
	if c.config.OriginGroups != nil {
		for _, g := range c.config.OriginGroups.Items {
			if aws.ToString(g.Id) == id {
				return g, true
			}
		}
	}
	return types.OriginGroup{}, false
}

// ids are those of the origins and the origin groups.
func (c *configuration) ids() (ids []string) {
	if c.config.Origins != nil {
		for _, o := range c.config.Origins.Items {
			ids = append(ids, aws.ToString(o.Id))
		}
	}
	if c.config.OriginGroups != nil {
		for _, g := range c.config.OriginGroups.Items {
			ids = append(ids, aws.ToString(g.Id))
		}
	}
	return ids
}

// configuration reads a distribution's configuration as it is now.
func (o *origins) configuration(ctx context.Context, ref sources.Ref) (*configuration, sources.Resource, error) {
	r, err := o.resource(ref)
	if err != nil {
		return nil, r, err
	}
	var raw []byte
	var out *cloudfront.GetDistributionConfigOutput
	err = o.session.look(ctx, func() (err error) {
		out, err = o.cloudFront(false).GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(r.ID)},
			cloudfront.WithAPIOptions(keepBody(&raw)))
		return err
	})
	if err != nil {
		return nil, r, err
	}
	c := &configuration{config: out.DistributionConfig, raw: raw, etag: aws.ToString(out.ETag)}
	if c.config == nil || c.config.DefaultCacheBehavior == nil || c.etag == "" {
		return nil, r, fmt.Errorf("the answer is without the configuration of %s; an endpoint that is not AWS may stand in between", r.ID)
	}
	return c, r, nil
}

// The names of behaviours: defaultPlace is everything that has no path pattern of its own.
const (
	defaultPlace   = "default"
	defaultSetting = "default origin"
	placePrefix    = "origin of "
)

// settingOf names what a plan says of a behaviour.
func settingOf(pattern string) string {
	if pattern == "" {
		return defaultSetting
	}
	return placePrefix + pattern
}

// targetAt is the origin of a behaviour, and whether there is one of the pattern.
func (c *configuration) targetAt(pattern string) (id string, ok bool) {
	if pattern == "" {
		return c.target(), true
	}
	if c.config.CacheBehaviors != nil {
		for _, b := range c.config.CacheBehaviors.Items {
			if aws.ToString(b.PathPattern) == pattern {
				return aws.ToString(b.TargetOriginId), true
			}
		}
	}
	return "", false
}

// moves are what the action does to the behaviours that it names. All of them must have one origin: else nothing leads back.
func (c *configuration) moves(a runbooks.Action, id, name string) ([]move, error) {
	places := strings.FieldsFunc(a.Want["paths"], func(r rune) bool { return r == ' ' || r == ',' })
	if len(places) == 0 {
		places = []string{defaultPlace}
	}
	var out []move
	for _, place := range places {
		m := move{pattern: place, to: id}
		if place == defaultPlace {
			m.pattern = ""
		}
		var ok bool
		if m.from, ok = c.targetAt(m.pattern); !ok {
			return nil, fmt.Errorf("distribution %s has no behaviour of %q; there are %s", name, place, strings.Join(append([]string{defaultPlace}, c.patterns()...), ", "))
		}
		switch {
		case m.from == id:
			return nil, fmt.Errorf("distribution %s sends visitors to %s already (%s)", name, id, settingOf(m.pattern))
		case slices.ContainsFunc(out, func(o move) bool { return o.pattern == m.pattern }):
			return nil, fmt.Errorf("paths: %s is given twice", place)
		case len(out) > 0 && out[0].from != m.from:
			return nil, fmt.Errorf("distribution %s: %s is at %s and %s at %s; switch them one after the other, so that each can be taken back", name, settingOf(out[0].pattern), out[0].from, settingOf(m.pattern), m.from)
		}
		out = append(out, m)
	}
	return out, nil
}

// movesOf are what a plan does to the behaviours.
func movesOf(p runbooks.Plan) (out []move) {
	for i, s := range p.Before {
		pattern, _ := strings.CutPrefix(s.Name, placePrefix)
		if s.Name == defaultSetting {
			pattern = ""
		}
		out = append(out, move{pattern: pattern, from: s.Value, to: p.After[i].Value})
	}
	return out
}

// at tells whether every behaviour has the origin that the moves lead to, and names the first that has not.
func (c *configuration) at(moves []move, origin func(move) string) (elsewhere string, ok bool) {
	for _, m := range moves {
		if id, _ := c.targetAt(m.pattern); id != origin(m) {
			return id, false
		}
	}
	return "", true
}

// wanted is the id of the origin that the action asks for.
func (c *configuration) wanted(a runbooks.Action, r sources.Resource) (string, error) {
	to := a.Want["to"]
	if err := chosen("to", to, maintenance, live); err != nil {
		return "", err
	}
	id := cmp.Or(a.Want["origin"], r.Attrs[to+"_origin"], to)
	_, isOrigin := c.origin(id)
	_, isGroup := c.group(id)
	if !isOrigin && !isGroup {
		return "", fmt.Errorf("distribution %s has no origin %q; there are %s; say which one it is: %s_origin in the config", r.Name, id, strings.Join(c.ids(), ", "), to)
	}
	return id, nil
}

// Plan reads the configuration, finds the origin that is wanted, and sees whether the maintenance page is there at all.
func (o *origins) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, o.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	flagged, err := o.byFlag(ctx, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	if flagged {
		return (&flag{o.Writer}).plan(ctx, a)
	}
	c, r, others, err := o.look(ctx, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	id, err := c.wanted(a, r)
	if err != nil {
		return runbooks.Plan{}, err
	}
	moves, err := c.moves(a, id, r.Name)
	if err != nil {
		return runbooks.Plan{}, err
	}
	if _, err := retargeted(c.raw, moves); err != nil {
		return runbooks.Plan{}, fmt.Errorf("distribution %s: %w", r.Name, err)
	}
	p := o.begin(ctx, a, globalRegion, updateDistribution)
	p.On = arnOf(r, p)
	for _, m := range moves {
		p.Before = append(p.Before, runbooks.Setting{Name: settingOf(m.pattern), Value: m.from})
		p.After = append(p.After, runbooks.Setting{Name: settingOf(m.pattern), Value: m.to})
	}
	p.Title, p.Level, p.Token = r.Name+": "+changes(p.Before, p.After), runbooks.Visible, c.etag
	p.Back = back(a, moves[0].from)
	c.describe(&p, moves, others)
	if a.Want["to"] == maintenance {
		if err := o.answers(ctx, &p, c, id); err != nil {
			return runbooks.Plan{}, err
		}
	}
	p.Watches = o.watches(r.Name, a.Want["to"])
	return p, nil
}

// look reads the configuration, and meanwhile what other ways there are. Where it cannot be read in time, they are told.
func (o *origins) look(ctx context.Context, a runbooks.Action) (*configuration, sources.Resource, []way, error) {
	answers := o.otherWays(ctx, a.Resource, byOrigin)
	reading, cancel := context.WithTimeout(ctx, wayTime)
	defer cancel()
	c, r, err := o.configuration(reading, a.Resource)
	others := answers()
	return c, r, others, instead(err, others)
}

// back leads to the origin that is set now, whatever the config calls it.
func back(a runbooks.Action, id string) runbooks.Action {
	to := live
	if a.Want["to"] == live {
		to = maintenance
	}
	want := map[string]string{"to": to, "by": byOrigin, "origin": id}
	if paths := a.Want["paths"]; paths != "" {
		want["paths"] = paths
	}
	return runbooks.Action{Kind: runbooks.Maintenance, Resource: a.Resource, Want: want}
}

// describe fills in what a person should know of the plan: every way to switch that the distribution has, best first.
func (c *configuration) describe(p *runbooks.Plan, moves []move, others []way) {
	p.Ways = c.ways(p.Action.Resource, others)
	if _, ok := c.group(moves[0].from); ok {
		p.Warnings = append(p.Warnings, "this takes visitors off an origin group that fails over by itself: look first whether it does")
	}
	if others := c.elsewhere(moves); len(others) > 0 {
		p.Warnings = append(p.Warnings, "these paths have origins of their own and stay with them: "+some(others))
	}
	what := "every page that is not cached"
	if p.Action.Want["paths"] != "" {
		what += " of " + p.Action.Want["paths"]
	}
	p.Takes = "3 to 5 minutes until every edge has it; each serves the old or the new meanwhile"
	p.Touches = what + ": visitors see the maintenance page"
	if p.Action.Want["to"] == live {
		p.Touches = what + ": visitors come back to the site, all at once"
		p.Warnings = append(p.Warnings, "the origin gets all visitors within minutes: it should be scaled up before")
	}
	p.Undo = "back to " + moves[0].from + ", which takes as long again"
}

func failover(g types.OriginGroup) string {
	if g.FailoverCriteria == nil || g.FailoverCriteria.StatusCodes == nil {
		return "for GET, HEAD and OPTIONS"
	}
	var codes []string
	for _, code := range g.FailoverCriteria.StatusCodes.Items {
		codes = append(codes, strconv.Itoa(int(code)))
	}
	return "for GET, HEAD and OPTIONS, on " + strings.Join(codes, " ")
}

// patterns are those of the behaviours, in the distribution's order.
func (c *configuration) patterns() (patterns []string) {
	if c.config.CacheBehaviors == nil {
		return nil
	}
	for _, b := range c.config.CacheBehaviors.Items {
		patterns = append(patterns, aws.ToString(b.PathPattern))
	}
	return patterns
}

// elsewhere are the paths of the behaviours that stay as they are.
func (c *configuration) elsewhere(moves []move) []string {
	return slices.DeleteFunc(c.patterns(), func(p string) bool {
		return slices.ContainsFunc(moves, func(m move) bool { return m.pattern == p })
	})
}

// answers gets the maintenance page where it is, past the edge. Visitors are never sent to what does not answer; an origin
// that lets in nobody but CloudFront cannot be looked at from here, which is told.
func (o *origins) answers(ctx context.Context, p *runbooks.Plan, c *configuration, id string) error {
	origin, ok := c.origin(id)
	if !ok {
		p.Warnings = append(p.Warnings, id+" is an origin group: whether its members answer was not looked at")
		return nil
	}
	url := addressOf(origin, aws.ToString(c.config.DefaultRootObject))
	status, err := o.fetch(ctx, url)
	switch {
	case err != nil:
		return fmt.Errorf("visitors are not sent to %s: %s does not answer (%w)", id, url, err)
	case status == http.StatusOK:
		p.Limits = append(p.Limits, fmt.Sprintf("the maintenance page answers: %s, %d", url, status))
	case (status == http.StatusForbidden || status == http.StatusUnauthorized) && guarded(origin):
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s lets in nobody but CloudFront (%d): look at the maintenance page yourself", url, status))
	default:
		return fmt.Errorf("visitors are not sent to %s: %s answers %d, not 200", id, url, status)
	}
	return nil
}

// guarded tells whether the origin lets in CloudFront alone.
func guarded(o types.Origin) bool {
	return aws.ToString(o.OriginAccessControlId) != "" || o.S3OriginConfig != nil && aws.ToString(o.S3OriginConfig.OriginAccessIdentity) != ""
}

// addressOf is where the edge gets an origin's first page.
func addressOf(o types.Origin, page string) string {
	host, scheme := aws.ToString(o.DomainName), "https"
	if c := o.CustomOriginConfig; c != nil {
		port, usual := aws.ToInt32(c.HTTPSPort), int32(443)
		if c.OriginProtocolPolicy == types.OriginProtocolPolicyHttpOnly {
			scheme, port, usual = "http", aws.ToInt32(c.HTTPPort), 80
		}
		if port != 0 && port != usual {
			host = fmt.Sprintf("%s:%d", host, port)
		}
	}
	return scheme + "://" + host + aws.ToString(o.OriginPath) + "/" + strings.TrimPrefix(page, "/")
}

// watches are where the effect is to be seen: that visitors no longer reach the site is what the switch is for, whether or not
// they got errors before.
func (o *origins) watches(name, to string) []runbooks.Watch {
	edge, want := watching("cloudfront_error_ratio", name, "5xx at the edge of "+name, runbooks.Falls), runbooks.Falls
	if to == live {
		edge.Want, want = runbooks.Stays, runbooks.Rises
	}
	return append([]runbooks.Watch{edge}, o.load("requests", want)...)
}

// Apply writes the configuration back as it came, but for the one origin, and only if it is still the one that the plan was
// made from.
func (o *origins) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	if p.Call == putKey {
		return (&flag{o.Writer}).apply(ctx, p)
	}
	c, r, err := o.configuration(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: the configuration cannot be read: %w", err)})
	}
	moves := movesOf(p)
	if _, unchanged := c.at(moves, func(m move) string { return m.from }); c.etag != p.Token || !unchanged {
		return runbooks.Receipt{}, void("distribution %s was changed since the plan was shown", r.Name)
	}
	document, err := retargeted(c.raw, moves)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	c.apply(moves)
	out, err := o.cloudFront(true).UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{
		Id: aws.String(r.ID), IfMatch: aws.String(p.Token), DistributionConfig: c.config,
	}, cloudfront.WithAPIOptions(withBody(func(written []byte) ([]byte, error) { return inPlaceOf(written, document, moves) })))
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// apply makes the moves in what the SDK understands of the configuration.
func (c *configuration) apply(moves []move) {
	for _, m := range moves {
		if m.pattern == "" {
			c.config.DefaultCacheBehavior.TargetOriginId = aws.String(m.to)
			continue
		}
		for i := range c.config.CacheBehaviors.Items {
			if b := &c.config.CacheBehaviors.Items[i]; aws.ToString(b.PathPattern) == m.pattern {
				b.TargetOriginId = aws.String(m.to)
			}
		}
	}
}

// inPlaceOf is the document, in place of what the SDK would write: that has forgotten whatever the SDK does not know. Both
// must name the wanted origins, each as the only one of its behaviour.
func inPlaceOf(written, document []byte, moves []move) ([]byte, error) {
	for _, m := range moves {
		want, err := escaped(m.to)
		if err != nil {
			return nil, err
		}
		for _, d := range [][]byte{written, document} {
			at, err := targetOf(d, m.pattern)
			if err != nil || !bytes.Equal(d[at.from:at.to], want) {
				return nil, errors.Join(fmt.Errorf("nothing was called: the configuration to be written does not send visitors to %s (%s)", m.to, settingOf(m.pattern)), err)
			}
		}
	}
	return slices.Clone(document), nil
}

// Find tells whether the distribution has the plan's origin.
func (o *origins) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	if p.Call == putKey {
		return (&flag{o.Writer}).find(ctx, p)
	}
	c, _, err := o.configuration(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	_, there := c.at(movesOf(p), func(m move) string { return m.to })
	return runbooks.Receipt{}, there, nil
}

// deployed is the status of a distribution whose every edge has the newest configuration.
const deployed = "Deployed"

// Progress waits until every edge has the new configuration.
func (o *origins) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	if p.Call == putKey {
		return (&flag{o.Writer}).progress(ctx, p)
	}
	d, r, err := o.distribution(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Progress{}, err
	}
	moves, c := movesOf(p), &configuration{config: d.DistributionConfig}
	if c.config == nil || c.config.DefaultCacheBehavior == nil || len(moves) == 0 {
		return runbooks.Progress{}, fmt.Errorf("the answer is without the configuration of %s", r.ID)
	}
	want := moves[0].to
	target, there := c.at(moves, func(m move) string { return m.to })
	switch status := aws.ToString(d.Status); {
	case !there:
		return runbooks.Progress{Failed: fmt.Sprintf("distribution %s sends visitors to %s now: somebody else has changed it", r.Name, target)}, nil
	case status == deployed:
		return runbooks.Progress{Text: "Deployed: every edge sends visitors to " + want, Done: true}, nil
	default:
		return runbooks.Progress{Text: status + ": edge after edge sends visitors to " + want}, nil
	}
}
