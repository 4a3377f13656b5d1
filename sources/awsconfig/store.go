package awsconfig

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// KeyValueStore is a client of CloudFront's key value stores, at an endpoint in the place of AWS or at its own.
func KeyValueStore(c aws.Config, inPlace bool) *kvs.Client {
	return kvs.NewFromConfig(c, func(o *kvs.Options) {
		if inPlace {
			o.EndpointResolverV2 = straight{kvs.NewDefaultEndpointResolverV2()}
		}
	})
}

// straight takes the account off the host of a simulated AWS: the client puts it in front of any endpoint, and a loopback
// address has no such names.
type straight struct{ kvs.EndpointResolverV2 }

// ResolveEndpoint is the endpoint that was given.
func (s straight) ResolveEndpoint(ctx context.Context, p kvs.EndpointParameters) (smithyendpoints.Endpoint, error) {
	e, err := s.EndpointResolverV2.ResolveEndpoint(ctx, p)
	if err == nil && p.Endpoint != nil {
		e.URI.Host = strings.TrimPrefix(e.URI.Host, AccountOf(aws.ToString(p.KvsARN))+".")
	}
	return e, err
}
