// Package awswire is an AWS that answers on a loopback port: it speaks the wire protocols of the real
// services to unmodified clients, in front of a [simulator.Launch].
//
// The protocols are kept apart from the services. A protocol reads a request's envelope, finds the
// operation by its name, decodes the input, calls a typed function and encodes what it returns or the
// [fault] it fails with; four of them cover all services here: rpc-v2-cbor (CloudWatch), awsQuery (Auto
// Scaling, Elastic Load Balancing, RDS, STS), restXml (CloudFront) and awsJson 1.1 (WAF). A service is a
// file of operations that read the site and change it through its mutators.
//
// CloudWatch's numbers are the site's, published as AWS publishes them: under the exact namespace,
// dimensions, unit and statistics, only in the region that has them, late, too low at first and revised
// until they settle. A question that is wrong in any of these gets an empty answer and no error, as in
// reality. What a metric is worth at a moment depends on the minute, the moment and the launch's seed
// only, so that two equal rehearsals answer alike.
//
// Nothing here knows how the answers are read: the package imports nothing of the reader or its catalogue.
package awswire
