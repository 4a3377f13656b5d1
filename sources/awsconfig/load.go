// Package awsconfig is how a client of AWS is begun here, one that reads and one that acts: the SDK's configuration, and what
// every request needs; and how what it answers is told apart. Guards, retries and budgets are of those who make the clients, who share none.
package awsconfig

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// Options are what is said of an account; what is not said is found as the SDK finds it.
type Options struct {
	Region      string
	Profile     string
	Endpoint    string // in the place of AWS, of a rehearsal
	Credentials aws.CredentialsProvider
}

// Load reads the SDK's configuration as the SDK does. Where region, endpoint and credentials are all given, nothing of the
// machine is read: a rehearsal is the same everywhere.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	if o.Credentials != nil && o.Region != "" && o.Endpoint != "" {
		return aws.Config{
			Region: o.Region, BaseEndpoint: aws.String(o.Endpoint), Credentials: aws.NewCredentialsCache(o.Credentials),
			HTTPClient: awshttp.NewBuildableClient(), RetryMode: aws.RetryModeStandard,
		}, nil
	}
	// The SDK's own remarks would be printed over the screen; what matters of them comes as an error.
	with := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if o.Profile != "" {
		with = append(with, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		with = append(with, config.WithRegion(o.Region))
	}
	if o.Credentials != nil {
		with = append(with, config.WithCredentialsProvider(o.Credentials))
	}
	if o.Endpoint != "" {
		with = append(with, config.WithBaseEndpoint(o.Endpoint))
	}
	return config.LoadDefaultConfig(ctx, with...)
}
