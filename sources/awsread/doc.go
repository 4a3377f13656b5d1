// Package awsread reads a launch's AWS resources through aws-sdk-go-v2: metrics, facts, ceilings and what
// happened to them. It only reads. Every request passes an allowlist of read operations before it is
// signed, and a budget before it is sent.
//
// All that is known of one AWS service stands in one file, as a row of one table ([service]): which metrics
// are wanted, where CloudWatch keeps them, in what unit, and how the service describes itself. cloudwatch.go
// asks for the metrics of all services together, in as few GetMetricData calls as there can be.
//
// Every number arrives in the catalogue's unit. A metric that does not exist, one that is switched off, one
// that we may not read and one that has nothing to say are told apart, in words, per series; each of these
// states heals by itself when its cause goes away.
package awsread
