package awsread

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"warroom/sources"
)

// additional is what CloudFront calls the metrics that must be bought for each distribution.
const additional = "additional metrics"

func init() {
	cdn := func(name, published, stat string, scale float64, needs string) metric {
		return metric{name: name, namespace: "AWS/CloudFront", published: published, stat: stat, place: "distribution", scale: scale, needs: needs, hint: "it appears when viewers come"}
	}
	register(service{
		name: "cloudfront", client: cloudfront.ServiceID, iam: "cloudfront",
		reads:    []string{"GetDistribution", "GetMonitoringSubscription"},
		every:    30 * time.Second,
		global:   everywhere,
		places:   distributionPlaces,
		describe: describeDistribution,
		metrics: []metric{
			cdn("cloudfront_requests", "Requests", "Sum", plain, ""),
			cdn("cloudfront_bytes_down", "BytesDownloaded", "Sum", plain, ""),
			cdn("cloudfront_bytes_up", "BytesUploaded", "Sum", plain, ""),
			cdn("cloudfront_error_ratio", "5xxErrorRate", "Average", percent, ""),
			cdn("cloudfront_client_error_ratio", "4xxErrorRate", "Average", percent, ""),
			cdn("cloudfront_hit_ratio", "CacheHitRate", "Average", percent, additional),
			cdn("cloudfront_error_401_ratio", "401ErrorRate", "Average", percent, additional),
			cdn("cloudfront_error_403_ratio", "403ErrorRate", "Average", percent, additional),
			cdn("cloudfront_error_404_ratio", "404ErrorRate", "Average", percent, additional),
			cdn("cloudfront_error_502_ratio", "502ErrorRate", "Average", percent, additional),
			cdn("cloudfront_error_503_ratio", "503ErrorRate", "Average", percent, additional),
			cdn("cloudfront_error_504_ratio", "504ErrorRate", "Average", percent, additional),
			cdn("cloudfront_origin_latency_p50_seconds", "OriginLatency", "p50", millis, additional),
			cdn("cloudfront_origin_latency_p90_seconds", "OriginLatency", "p90", millis, additional),
			cdn("cloudfront_origin_latency_p99_seconds", "OriginLatency", "p99", millis, additional),
		},
	})
}

// distributionPlaces needs both dimensions: without Region=Global CloudWatch answers with silence.
func distributionPlaces(r sources.Resource) places {
	return places{"distribution": at(dimension("DistributionId", r.ID), dimension("Region", "Global"))}
}

// describeDistribution reads where the default behaviour sends viewers, whether that is deployed yet, and
// whether the additional metrics are on.
func describeDistribution(ctx context.Context, a account, r sources.Resource, now time.Time) (description, error) {
	d := description{places: distributionPlaces(r), off: map[string]string{}}
	cf := client(a, func(c aws.Config) *cloudfront.Client { return cloudfront.NewFromConfig(c) })
	out, err := cf.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(r.ID)})
	if err != nil {
		return description{}, err
	}
	if out.Distribution != nil {
		d.distribution(r, out.Distribution, aws.ToString(out.ETag), now)
	}
	d.additionalMetrics(r, cf, ctx, now)
	return d, nil
}

func (d *description) distribution(r sources.Resource, dist *types.Distribution, etag string, now time.Time) {
	d.fact(r, "status", aws.ToString(dist.Status), now)
	d.fact(r, "etag", etag, now)
	d.fact(r, "domain", aws.ToString(dist.DomainName), now)
	d.fact(r, "invalidations", inProgress(aws.ToInt32(dist.InProgressInvalidationBatches)), now)
	c := dist.DistributionConfig
	if c == nil {
		return
	}
	origin := ""
	if c.DefaultCacheBehavior != nil {
		origin = aws.ToString(c.DefaultCacheBehavior.TargetOriginId)
	}
	d.fact(r, "origin", originRole(r, origin), now)
	d.fact(r, "enabled", strconv.FormatBool(aws.ToBool(c.Enabled)), now)
	d.fact(r, "web_acl", aws.ToString(c.WebACLId), now)
	if dist.LastModifiedTime != nil {
		d.change(sources.Change{
			At: *dist.LastModifiedTime, Kind: sources.ChangeDeploy, Resource: r.Ref,
			ID:   r.ID + "/" + etag,
			Text: fmt.Sprintf("distribution %s changed; its default origin is %s", r.Name, originRole(r, origin)),
		}, now)
	}
}

func inProgress(n int32) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d in progress", n)
}

// originRole says what the active origin is for: live or maintenance where the config says which is which
// (attributes live_origin and maintenance_origin), else the origin's own id.
func originRole(r sources.Resource, id string) string {
	switch {
	case id == "":
		return ""
	case id == r.Attrs["live_origin"]:
		return "live"
	case id == r.Attrs["maintenance_origin"]:
		return "maintenance"
	}
	return id
}

// additionalMetrics finds out whether the additional metrics are on. Not knowing does no harm: they are
// asked for then.
func (d *description) additionalMetrics(r sources.Resource, cf *cloudfront.Client, ctx context.Context, now time.Time) {
	out, err := cf.GetMonitoringSubscription(ctx, &cloudfront.GetMonitoringSubscriptionInput{DistributionId: aws.String(r.ID)})
	var none *types.NoSuchMonitoringSubscription
	on := err == nil && out.MonitoringSubscription != nil && out.MonitoringSubscription.RealtimeMetricsSubscriptionConfig != nil &&
		out.MonitoringSubscription.RealtimeMetricsSubscriptionConfig.RealtimeMetricsSubscriptionStatus == types.RealtimeMetricsSubscriptionStatusEnabled
	switch {
	case on:
		d.fact(r, "additional_metrics", "on", now)
	case err == nil || errors.As(err, &none) || strings.EqualFold(code(err), "NoSuchMonitoringSubscription"):
		d.fact(r, "additional_metrics", "off", now)
		d.off[additional] = fmt.Sprintf("additional metrics are not enabled for distribution %s; `aws cloudfront create-monitoring-subscription` enables them, at a monthly fee", r.ID)
	default:
		what, action := operation(err)
		d.fact(r, "additional_metrics", fmt.Sprintf("unknown: %s failed; does the policy allow %s?", what, action), now)
	}
}
