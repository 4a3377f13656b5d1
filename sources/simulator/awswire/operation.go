package awswire

import "time"

// call is one request, once its envelope has been read: who asks, from where, and when on the launch clock.
type call struct {
	now     time.Time
	region  string
	key     string // access key id
	server  *Server
	launch  Site
	trouble disturbance
}

// operation is one thing that a service does. It is found by the service's signing name and its own name.
type operation struct {
	service string
	name    string
	writes  bool
	invoke  func(c *call, decode func(into any) error) (any, error)
}

// read makes an operation of a function that changes nothing.
func read[In, Out any](service, name string, do func(*call, *In) (*Out, error)) operation {
	return operation{service: service, name: name, invoke: func(c *call, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := do(c, in)
		if err != nil {
			return nil, err // not out: a nil *Out in an interface is not nil
		}
		return out, nil
	}}
}

// write makes an operation of a function that changes the site.
func write[In, Out any](service, name string, do func(*call, *In) (*Out, error)) operation {
	op := read(service, name, do)
	op.writes = true
	return op
}

type operationKey struct{ service, name string }

// operations is the registry: everything that this AWS can do.
func operations() map[operationKey]operation {
	all := make(map[operationKey]operation)
	for _, service := range [][]operation{
		cloudWatchOperations(), cloudFrontOperations(), firewallOperations(), loadBalancingOperations(),
		autoScalingOperations(), storeOperations(), databaseOperations(), deploymentOperations(), identityOperations(), policyOperations(),
	} {
		for _, op := range service {
			all[operationKey{op.service, op.name}] = op
		}
	}
	return all
}
