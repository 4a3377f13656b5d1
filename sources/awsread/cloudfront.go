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
	"warroom/sources/awsconfig"
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
		on:       map[string]arn{"GetDistribution": distributionARN},
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

// describeDistribution reads where viewers are sent by default, by the distribution and by the flag of a function before it,
// whether that is deployed yet, and whether the additional metrics are on.
func describeDistribution(ctx context.Context, a account, d *description) error {
	cf := client(a, func(c aws.Config) *cloudfront.Client { return cloudfront.NewFromConfig(c) })
	out, err := cf.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(d.resource.ID)})
	if err != nil {
		return err
	}
	d.places = distributionPlaces(d.resource)
	if out.Distribution != nil {
		d.distribution(out.Distribution, aws.ToString(out.ETag), d.flag(ctx, a))
	}
	d.additionalMetrics(ctx, cf)
	return nil
}

func (d *description) distribution(dist *types.Distribution, etag string, flagged bool) {
	d.fact("status", aws.ToString(dist.Status))
	d.fact("etag", etag)
	d.fact("domain", aws.ToString(dist.DomainName))
	d.fact("invalidations", inProgress(aws.ToInt32(dist.InProgressInvalidationBatches)))
	c := dist.DistributionConfig
	if c == nil {
		return
	}
	origin := ""
	if c.DefaultCacheBehavior != nil {
		origin = originRole(d.resource, aws.ToString(c.DefaultCacheBehavior.TargetOriginId))
	}
	if flagged {
		d.fact("origin", maintained)
	} else {
		d.fact("origin", origin)
	}
	d.fact("paths", pathsMaintained(d.resource, c.CacheBehaviors))
	d.fact("enabled", strconv.FormatBool(aws.ToBool(c.Enabled)))
	d.fact("web_acl", aws.ToString(c.WebACLId))
	if dist.LastModifiedTime != nil {
		d.change(*dist.LastModifiedTime, sources.ChangeDeploy, d.resource.ID+"/"+etag, "",
			fmt.Sprintf("distribution %s changed; its default origin is %s", d.resource.Name, origin))
	}
}

// pathsMaintained names the paths that have the maintenance origin by a behaviour of their own, nothing where none does.
func pathsMaintained(r sources.Resource, all *types.CacheBehaviors) string {
	var paths []string
	if all != nil {
		for i := range all.Items {
			if originRole(r, aws.ToString(all.Items[i].TargetOriginId)) == maintained {
				paths = append(paths, aws.ToString(all.Items[i].PathPattern))
			}
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return strings.Join(paths, " ") + " to " + maintained
}

func inProgress(n int32) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d in progress", n)
}

// maintained is the role of the origin that viewers are sent to while the site is switched off.
const maintained = "maintenance"

// originRole says what the active origin is for: live or maintenance where the config says which is which
// (attributes live_origin and maintenance_origin), else the origin's own id.
func originRole(r sources.Resource, id string) string {
	switch {
	case id == "":
		return ""
	case id == r.Attrs["live_origin"]:
		return "live"
	case id == r.Attrs["maintenance_origin"]:
		return maintained
	}
	return id
}

// additionalMetrics finds out whether the additional metrics are on. Not knowing does no harm: they are
// asked for then.
func (d *description) additionalMetrics(ctx context.Context, cf *cloudfront.Client) {
	id := d.resource.ID
	out, err := cf.GetMonitoringSubscription(ctx, &cloudfront.GetMonitoringSubscriptionInput{DistributionId: aws.String(id)})
	var none *types.NoSuchMonitoringSubscription
	on := err == nil && out.MonitoringSubscription != nil && out.MonitoringSubscription.RealtimeMetricsSubscriptionConfig != nil &&
		out.MonitoringSubscription.RealtimeMetricsSubscriptionConfig.RealtimeMetricsSubscriptionStatus == types.RealtimeMetricsSubscriptionStatusEnabled
	switch {
	case on:
		d.fact("additional_metrics", "on")
	case err == nil || errors.As(err, &none) || strings.EqualFold(awsconfig.Code(err), "NoSuchMonitoringSubscription"):
		d.fact("additional_metrics", "off")
		d.off[additional] = fmt.Sprintf("additional metrics are not enabled for distribution %s; `aws cloudfront create-monitoring-subscription` enables them, at a monthly fee", id)
	default:
		what, action := operation(err)
		d.fact("additional_metrics", fmt.Sprintf("unknown: %s failed; does the policy allow %s?", what, action))
	}
}
