package awswire

import (
	"context"
	"hash/fnv"
	"net/http"
	"time"

	"warroom/sources/simulator"
)

// disturbance is what the scenario does to one request instead of, or on top of, its answer.
type disturbance struct {
	err     error           // refuses the call in the service's own words
	delay   time.Duration   // on the machine's clock: what a client's timeout is measured in
	breaks  simulator.Fault // dead, garbage, hang or unavailable: there is no answer in the service's words
	results []simulator.Fault
}

// Inject puts faults on the API beside the scenario's own, in place of those injected before. A fault
// without times is always active.
func (s *Server) Inject(faults ...simulator.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injected = faults
}

// apiNames are the names that faults give to the services, by signing name where they differ.
var apiNames = map[string]string{"monitoring": "cloudwatch"}

// disturbance collects the faults that hit a request. The lock is held.
func (s *Server) disturbance(q *request, who scope) disturbance {
	var d disturbance
	for _, f := range s.faults(q.now) {
		if f.Key != "" && f.Key != who.accessKey || f.Service != "" && f.Service != apiName(q.service) {
			continue
		}
		switch f.Kind {
		case simulator.Latency:
			d.delay += f.Delay
		case simulator.Partial, simulator.Internal, simulator.Forbidden, simulator.Missing, simulator.Shuffled:
			d.results = append(d.results, f)
		case simulator.Dead, simulator.Garbage, simulator.Hang, simulator.Unavailable:
			d.breaks = f
		default:
			if d.err == nil {
				d.err = s.refusal(f, q, who)
			}
		}
	}
	return d
}

func apiName(service string) string {
	if name, ok := apiNames[service]; ok {
		return name
	}
	return service
}

// faults are those that are active now.
func (s *Server) faults(now time.Time) []simulator.Fault {
	active := s.launch.Faults(now)
	for _, f := range s.injected {
		if !now.Before(f.From) && (f.Until.IsZero() || now.Before(f.Until)) {
			active = append(active[:len(active):len(active)], f)
		}
	}
	return active
}

func (s *Server) refusal(f simulator.Fault, q *request, who scope) error {
	switch f.Kind {
	case simulator.Throttling:
		if share(f.Rate) > chance(s.requests, 0) {
			return throttled()
		}
	case simulator.Expired:
		return expiredToken()
	case simulator.Denied:
		return accessDenied(who.accessKey, q.service+":"+q.operation)
	}
	return nil
}

// share is a fault's rate; one that names none hits all.
func share(rate float64) float64 {
	if rate <= 0 {
		return 1
	}
	return rate
}

// hit tells whether one of the results of an answer is among the share that a fault takes. The same
// result is hit for a whole minute.
func (d disturbance) hit(kind simulator.FaultKind, id string, now time.Time) bool {
	for _, f := range d.results {
		if f.Kind != kind {
			continue
		}
		h := fnv.New64a()
		h.Write([]byte(kind))
		h.Write([]byte(id))
		if share(f.Rate) > chance(h.Sum64(), uint64(now.Unix()/60)) {
			return true
		}
	}
	return false
}

// disturb waits or breaks as the faults demand, and tells whether the request has found its end.
func (d disturbance) disturb(s *Server, w http.ResponseWriter, q *request) bool {
	if d.delay > 0 && !s.wait(q, d.delay) {
		panic(http.ErrAbortHandler)
	}
	switch d.breaks.Kind {
	case simulator.Dead:
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	case simulator.Hang:
		s.wait(q, 0)
		panic(http.ErrAbortHandler)
	case simulator.Garbage:
		rubbish(w, d.breaks.Bytes)
		return true
	case simulator.Unavailable:
		header := make(http.Header)
		header.Set("Content-Type", "text/html")
		response{http.StatusServiceUnavailable, header, []byte("<html><body><h1>503 Service Unavailable</h1></body></html>")}.send(w, q.id)
		return true
	}
	return false
}

// wait returns true after so much of the launch's time, 0 being never, and false when the client goes first. A server
// that is being closed waits for nothing.
func (s *Server) wait(q *request, d time.Duration) bool {
	ctx, stop := context.WithCancel(q.Context())
	defer stop()
	over := make(chan struct{})
	if d > 0 {
		go func() {
			if s.sleep(ctx, d) == nil {
				close(over)
			}
		}()
	}
	select {
	case <-over:
	case <-s.closed:
	case <-q.Context().Done():
		return false
	}
	return true
}

// rubbish answers 200 with bytes that mean nothing in any protocol.
func rubbish(w http.ResponseWriter, size int) {
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = byte(mix(uint64(i)))
	}
	w.WriteHeader(http.StatusOK)
	for size > 0 {
		n, err := w.Write(chunk[:min(size, len(chunk))])
		if err != nil {
			return
		}
		size -= n
	}
}
