package awswire

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"warroom/sources/simulator"
)

// cloudFrontRoutes are the operations that are built, by method and path.
var cloudFrontRoutes = []route{
	{http.MethodGet, "distribution", "ListDistributions"},
	{http.MethodGet, "distribution/{Id}", "GetDistribution"},
	{http.MethodGet, "distribution/{Id}/config", "GetDistributionConfig"},
	{http.MethodPut, "distribution/{Id}/config", "UpdateDistribution"},
	{http.MethodGet, "distributions/{Id}/monitoring-subscription", "GetMonitoringSubscription"},
	{http.MethodPost, "distribution/{Id}/invalidation", "CreateInvalidation"},
	{http.MethodGet, "distribution/{Id}/invalidation", "ListInvalidations"},
	{http.MethodGet, "distribution/{Id}/invalidation/{Invalidation}", "GetInvalidation"},
	{http.MethodGet, "function/{Name}", "GetFunction"},
	{http.MethodGet, "function/{Name}/describe", "DescribeFunction"},
}

func cloudFrontOperations() []operation {
	return []operation{
		read("cloudfront", "ListDistributions", listDistributions),
		read("cloudfront", "GetDistribution", getDistribution),
		read("cloudfront", "GetDistributionConfig", getDistributionConfig),
		write("cloudfront", "UpdateDistribution", updateDistribution),
		read("cloudfront", "GetMonitoringSubscription", getMonitoringSubscription),
		write("cloudfront", "CreateInvalidation", createInvalidation),
		read("cloudfront", "ListInvalidations", listInvalidations),
		read("cloudfront", "GetInvalidation", getInvalidation),
		read("cloudfront", "GetFunction", getFunction),
		read("cloudfront", "DescribeFunction", describeFunction),
	}
}

type distributionInput struct {
	ID string `path:"Id"`
}

// distribution finds a distribution by its id.
func (c *call) distribution(id string) (simulator.Distribution, error) {
	for _, d := range c.launch.State().Distributions {
		if d.ID == id {
			return d, nil
		}
	}
	return simulator.Distribution{}, &fault{Shape: "NoSuchDistribution", Status: http.StatusNotFound,
		Message: "The specified distribution does not exist."}
}

func getDistribution(c *call, in *distributionInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	return c.distributionDocument(d), nil
}

func (c *call) distributionDocument(d simulator.Distribution) *document {
	pending := 0
	for _, i := range d.Invalidations {
		if i.Status == simulator.InProgress {
			pending++
		}
	}
	return &document{Root: "Distribution", ETag: d.ETag, Body: tree("Distribution",
		leaf("Id", d.ID), leaf("ARN", d.ARN), leaf("Status", d.Status), leaf("LastModifiedTime", d.Modified),
		leaf("InProgressInvalidationBatches", pending), leaf("DomainName", d.Domain),
		tree("ActiveTrustedSigners", leaf("Enabled", false), leaf("Quantity", 0)),
		c.server.configuration(d))}
}

func getDistributionConfig(c *call, in *distributionInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	return &document{Root: "DistributionConfig", ETag: d.ETag, Body: c.server.configuration(d)}, nil
}

// configuration is what a client last wrote, or what the scenario gives, with the target that the site has.
func (s *Server) configuration(d simulator.Distribution) node {
	config, ok := s.documents.distributions[d.ID]
	if !ok {
		config = defaultConfiguration(d)
	}
	config = config.clone()
	if target := config.child("DefaultCacheBehavior", "TargetOriginId"); target != nil {
		target.Text = d.Origin
	}
	return config
}

func defaultConfiguration(d simulator.Distribution) node {
	var origins, paths []node
	for _, o := range d.Origins {
		origins = append(origins, tree("Origin",
			leaf("Id", o.ID), leaf("DomainName", o.Domain), leaf("OriginPath", ""), list("CustomHeaders"),
			tree("CustomOriginConfig", leaf("HTTPPort", 80), leaf("HTTPSPort", 443), leaf("OriginProtocolPolicy", "https-only"),
				list("OriginSslProtocols", leaf("SslProtocol", "TLSv1.2")), leaf("OriginReadTimeout", 30), leaf("OriginKeepaliveTimeout", 5)),
			leaf("ConnectionAttempts", 3), leaf("ConnectionTimeout", 10), tree("OriginShield", leaf("Enabled", false))))
	}
	for _, p := range d.Paths {
		policy, methods := cachingDisabled, allMethods
		if slices.Contains(d.StaticPaths, p.Pattern) {
			policy, methods = cachingOptimized, methods[:2]
		}
		behavior := behavior("CacheBehavior", p.Origin, policy, methods...)
		behavior.Children = slices.Insert(behavior.Children, 0, leaf("PathPattern", p.Pattern))
		paths = append(paths, behavior)
	}
	otherwise := behavior("DefaultCacheBehavior", d.Origin, cachingDisabled, allMethods...)
	if d.Function.ARN != "" {
		*otherwise.child("FunctionAssociations") = list("FunctionAssociations",
			tree("FunctionAssociation", leaf("FunctionARN", d.Function.ARN), leaf("EventType", "viewer-request")))
	}
	return tree("DistributionConfig",
		leaf("CallerReference", d.CallerReference), list("Aliases", leaves("CNAME", d.Aliases)...), leaf("DefaultRootObject", ""),
		list("Origins", origins...), list("OriginGroups"),
		otherwise,
		list("CacheBehaviors", paths...), list("CustomErrorResponses"), leaf("Comment", d.Comment), leaf("PriceClass", "PriceClass_All"),
		leaf("Enabled", true), tree("ViewerCertificate", leaf("CloudFrontDefaultCertificate", true)),
		tree("Restrictions", tree("GeoRestriction", leaf("RestrictionType", "none"), leaf("Quantity", 0))),
		leaf("WebACLId", d.WebACLARN), leaf("HttpVersion", "http2and3"), leaf("IsIPV6Enabled", true), leaf("Staging", false))
}

var allMethods = []string{"GET", "HEAD", "DELETE", "POST", "OPTIONS", "PUT", "PATCH"}

// The managed cache policies that the behaviours use.
const (
	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	cachingDisabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
)

func behavior(name, target, policy string, methods ...string) node {
	allowed := list("AllowedMethods", leaves("Method", methods)...)
	allowed.Children = append(allowed.Children, list("CachedMethods", leaf("Method", "GET"), leaf("Method", "HEAD")))
	return tree(name, leaf("TargetOriginId", target), tree("TrustedSigners", leaf("Enabled", false), leaf("Quantity", 0)),
		leaf("ViewerProtocolPolicy", "redirect-to-https"), allowed, leaf("SmoothStreaming", false), leaf("Compress", true),
		list("LambdaFunctionAssociations"), list("FunctionAssociations"), leaf("FieldLevelEncryptionId", ""), leaf("CachePolicyId", policy))
}

type updateDistributionInput struct {
	ID      string `path:"Id"`
	IfMatch string `header:"If-Match"`
	Config  node
}

// updateDistribution replaces the whole configuration. All of it is kept; what moves the site are the targets of the
// behaviours.
func updateDistribution(c *call, in *updateDistributionInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	in.Config.plain()
	if err := checkConfiguration(d, in); err != nil {
		return nil, err
	}
	if _, err := c.launch.SetBehaviors(d.Name, in.Config.text("DefaultCacheBehavior", "TargetOriginId"), pathsOf(in.Config), in.IfMatch); err != nil {
		return nil, cloudFrontFault(err)
	}
	c.server.documents.keep(d.ID, in.Config)
	if d, err = c.distribution(in.ID); err != nil {
		return nil, err
	}
	return c.distributionDocument(d), nil
}

// pathsOf are the patterns of a configuration with their origins. An origin that the site does not have is as good as the
// live one.
func pathsOf(config node) (paths []simulator.Behavior) {
	items := config.child("CacheBehaviors", "Items")
	if items == nil {
		return nil
	}
	for _, b := range items.Children {
		origin := simulator.OriginLive
		if b.text("TargetOriginId") == simulator.OriginMaintenance {
			origin = simulator.OriginMaintenance
		}
		paths = append(paths, simulator.Behavior{Pattern: b.text("PathPattern"), Origin: origin})
	}
	return paths
}

func checkConfiguration(d simulator.Distribution, in *updateDistributionInput) error {
	bad := func(shape string, format string, args ...any) error {
		return &fault{Shape: shape, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case in.IfMatch == "":
		return bad("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
	case in.IfMatch != d.ETag:
		return preconditionFailed()
	case in.Config.XMLName.Local != "DistributionConfig":
		return bad("MalformedXML", "The root of the document must be DistributionConfig.")
	case in.Config.text("CallerReference") != d.CallerReference:
		return bad("IllegalUpdate", "The caller reference of a distribution cannot be changed.")
	}
	if name := in.Config.inconsistent(); name != "" {
		return bad("InconsistentQuantities", "The value of Quantity and the size of Items don't match in %s.", name)
	}
	return checkTargets(in.Config, bad)
}

func checkTargets(config node, bad func(string, string, ...any) error) error {
	known := make(map[string]bool)
	if origins := config.child("Origins", "Items"); origins != nil {
		for _, o := range origins.Children {
			known[o.text("Id")] = true
		}
	}
	targets := []string{config.text("DefaultCacheBehavior", "TargetOriginId")}
	if paths := config.child("CacheBehaviors", "Items"); paths != nil {
		for _, p := range paths.Children {
			targets = append(targets, p.text("TargetOriginId"))
		}
	}
	for _, t := range targets {
		if !known[t] {
			return bad("NoSuchOrigin", "One or more of your origins or origin groups do not exist: %q.", t)
		}
	}
	return nil
}

func preconditionFailed() *fault {
	return &fault{Shape: "PreconditionFailed", Status: http.StatusPreconditionFailed,
		Message: "The request failed because it didn't meet the preconditions in one or more request-header fields."}
}

// cloudFrontFault spells the site's refusals.
func cloudFrontFault(err error) error {
	switch {
	case errors.Is(err, simulator.ErrPrecondition):
		return preconditionFailed()
	case errors.Is(err, simulator.ErrUnknown):
		return &fault{Shape: "NoSuchOrigin", Status: http.StatusBadRequest, Message: err.Error()}
	}
	return &fault{Shape: "InvalidArgument", Status: http.StatusBadRequest, Message: err.Error()}
}

type pageInput struct {
	Marker   string `query:"Marker"`
	MaxItems string `query:"MaxItems"`
}

// itemsPerPage is how many items CloudFront lists at most.
const itemsPerPage = 100

// page cuts a list after the marker, which is the id of the last item of the page before.
func page[T any](in pageInput, all []T, id func(T) string) (items []T, next string, limit int, err error) {
	limit = itemsPerPage
	if in.MaxItems != "" {
		if limit, err = strconv.Atoi(in.MaxItems); err != nil || limit < 1 {
			return nil, "", 0, &fault{Shape: "InvalidArgument", Status: http.StatusBadRequest, Message: "MaxItems must be a positive number."}
		}
		limit = min(limit, itemsPerPage)
	}
	if in.Marker != "" {
		at := slices.IndexFunc(all, func(v T) bool { return id(v) == in.Marker })
		if at < 0 {
			return nil, "", 0, &fault{Shape: "InvalidArgument", Status: http.StatusBadRequest, Message: "The marker is not valid."}
		}
		all = all[at+1:]
	}
	if len(all) > limit {
		return all[:limit], id(all[limit-1]), limit, nil
	}
	return all, "", limit, nil
}

func listing(name string, in pageInput, next string, limit int, items []node) node {
	n := tree(name, leaf("Marker", in.Marker))
	if next != "" {
		n.Children = append(n.Children, leaf("NextMarker", next))
	}
	n.Children = append(n.Children, leaf("MaxItems", limit), leaf("IsTruncated", next != ""))
	n.Children = append(n.Children, list("", items...).Children...)
	return n
}

type listDistributionsInput struct {
	Marker   string `query:"Marker"`
	MaxItems string `query:"MaxItems"`
}

func listDistributions(c *call, in *listDistributionsInput) (*document, error) {
	ask := pageInput(*in)
	all, next, limit, err := page(ask, c.launch.State().Distributions, func(d simulator.Distribution) string { return d.ID })
	if err != nil {
		return nil, err
	}
	items := make([]node, len(all))
	for i, d := range all {
		items[i] = c.server.summary(d)
	}
	return &document{Root: "DistributionList", Body: listing("DistributionList", ask, next, limit, items)}, nil
}

// summary is a distribution in a list: its configuration without the caller reference, and what is around it.
func (s *Server) summary(d simulator.Distribution) node {
	n := tree("DistributionSummary", leaf("Id", d.ID), leaf("ARN", d.ARN), leaf("ETag", d.ETag), leaf("Status", d.Status),
		leaf("LastModifiedTime", d.Modified), leaf("DomainName", d.Domain))
	config := s.configuration(d)
	for _, name := range []string{"Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses",
		"Comment", "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging"} {
		if c := config.child(name); c != nil {
			n.Children = append(n.Children, *c)
		}
	}
	return n
}

func getMonitoringSubscription(c *call, in *distributionInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	if !d.AdditionalMetrics {
		return nil, &fault{Shape: "NoSuchMonitoringSubscription", Status: http.StatusNotFound,
			Message: "A monitoring subscription does not exist for the specified distribution."}
	}
	return &document{Root: "MonitoringSubscription", Body: tree("MonitoringSubscription",
		tree("RealtimeMetricsSubscriptionConfig", leaf("RealtimeMetricsSubscriptionStatus", "Enabled")))}, nil
}

type createInvalidationInput struct {
	ID    string `path:"Id"`
	Batch node
}

// The limits of one batch of invalidations.
const (
	maxPaths     = 3000
	maxWildcards = 15
)

func createInvalidation(c *call, in *createInvalidationInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	in.Batch.plain()
	paths, err := batchPaths(in.Batch)
	if err != nil {
		return nil, err
	}
	reference := in.Batch.text("CallerReference")
	for _, i := range d.Invalidations {
		if i.Reference == reference && !slices.Equal(i.Paths, paths) {
			return nil, &fault{Shape: "InvalidationBatchAlreadyExists", Status: http.StatusBadRequest,
				Message: "This caller reference was used for another batch of paths."}
		}
	}
	made, err := c.launch.Invalidate(d.Name, reference, paths)
	if err != nil {
		return nil, cloudFrontFault(err)
	}
	return &document{Root: "Invalidation", Status: http.StatusCreated, Body: invalidationNode(made),
		Location: "https://cloudfront.amazonaws.com/" + cloudFrontVersion + "/distribution/" + d.ID + "/invalidation/" + made.ID}, nil
}

func batchPaths(batch node) ([]string, error) {
	bad := func(shape, message string) error {
		return &fault{Shape: shape, Status: http.StatusBadRequest, Message: message}
	}
	if name := batch.inconsistent(); name != "" {
		return nil, bad("InconsistentQuantities", "The value of Quantity and the size of Items don't match in "+name+".")
	}
	if batch.text("CallerReference") == "" {
		return nil, bad("MissingBody", "The batch needs a CallerReference.")
	}
	var paths []string
	wildcards := 0
	if items := batch.child("Paths", "Items"); items != nil {
		for _, p := range items.Children {
			if !strings.HasPrefix(p.Text, "/") || strings.Contains(strings.TrimSuffix(p.Text, "*"), "*") {
				return nil, bad("InvalidArgument", "Your request contains one or more invalid invalidation paths.")
			}
			if strings.HasSuffix(p.Text, "*") {
				wildcards++
			}
			paths = append(paths, p.Text)
		}
	}
	switch {
	case len(paths) == 0:
		return nil, bad("InvalidArgument", "The batch holds no path.")
	case len(paths) > maxPaths:
		return nil, &fault{Shape: "BatchTooLarge", Status: http.StatusRequestEntityTooLarge, Message: "Invalidation batch specified is too large."}
	case wildcards > maxWildcards:
		return nil, bad("TooManyInvalidationsInProgress", "You have exceeded the maximum number of wildcard paths in progress.")
	}
	return paths, nil
}

func invalidationNode(i simulator.Invalidation) node {
	return tree("Invalidation", leaf("Id", i.ID), leaf("Status", i.Status), leaf("CreateTime", i.Created),
		tree("InvalidationBatch", list("Paths", leaves("Path", i.Paths)...), leaf("CallerReference", i.Reference)))
}

type getInvalidationInput struct {
	ID           string `path:"Id"`
	Invalidation string `path:"Invalidation"`
}

func getInvalidation(c *call, in *getInvalidationInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range d.Invalidations {
		if i.ID == in.Invalidation {
			return &document{Root: "Invalidation", Body: invalidationNode(i)}, nil
		}
	}
	return nil, &fault{Shape: "NoSuchInvalidation", Status: http.StatusNotFound, Message: "The specified invalidation does not exist."}
}

type listInvalidationsInput struct {
	ID       string `path:"Id"`
	Marker   string `query:"Marker"`
	MaxItems string `query:"MaxItems"`
}

func listInvalidations(c *call, in *listInvalidationsInput) (*document, error) {
	d, err := c.distribution(in.ID)
	if err != nil {
		return nil, err
	}
	ask := pageInput{in.Marker, in.MaxItems}
	newest := slices.SortedStableFunc(slices.Values(d.Invalidations), func(a, b simulator.Invalidation) int { return b.Created.Compare(a.Created) })
	all, next, limit, err := page(ask, newest, func(i simulator.Invalidation) string { return i.ID })
	if err != nil {
		return nil, err
	}
	items := make([]node, len(all))
	for n, i := range all {
		items[n] = tree("InvalidationSummary", leaf("Id", i.ID), leaf("CreateTime", i.Created), leaf("Status", i.Status))
	}
	return &document{Root: "InvalidationList", Body: listing("InvalidationList", ask, next, limit, items)}, nil
}
