package awswire

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"warroom/sources/simulator"
)

// maxBody is the largest request that is read; AWS refuses smaller ones.
const maxBody = 4 << 20

// Server answers the requests of AWS clients out of a simulated launch. It is safe for concurrent
// requests, one of which at a time looks at the launch. Close lets go of requests that a fault holds.
type Server struct {
	now        func() time.Time
	sleep      func(context.Context, time.Duration) error
	protocols  []protocol
	operations map[operationKey]operation
	keep       func(Write) error // see [Server.Journal]; nil keeps nothing
	closed     chan struct{}
	closing    sync.Once
	began      time.Time // launch clock

	mu        sync.Mutex // guards all below, and the launch
	launch    Site
	published publication
	custom    customMetrics
	injected  []simulator.Fault
	documents documents
	stats     Stats
	requests  uint64
}

// Stats counts what has been asked of a server.
type Stats struct {
	Calls    map[string]int // by "service:Operation", answered well or not
	Faults   map[string]int // by the code of the error
	Writes   int            // calls of operations that change something
	Unsigned int            // requests without a readable signature
	Unknown  int            // requests for what is not built here
}

// Clock is the launch clock: the site lives on it, and so does an answer that comes late.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// New puts an AWS in front of a site. On each request the site is first advanced to the time on the clock.
func New(l Site, c Clock) *Server {
	return &Server{
		now:        c.Now,
		sleep:      c.Sleep,
		protocols:  protocols(),
		operations: operations(),
		closed:     make(chan struct{}),
		began:      c.Now(),
		launch:     l,
		custom:     make(customMetrics),
		stats:      Stats{Calls: make(map[string]int), Faults: make(map[string]int)},
	}
}

// Close ends what a fault keeps hanging. The server answers on until its listener is closed.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.closed) })
	return nil
}

// Stats is a copy of the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Calls, out.Faults = maps.Clone(out.Calls), maps.Clone(out.Faults)
	return out
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.servesOrigin(w, r) {
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		http.Error(w, "request too large, or cut off: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	q := &request{Request: r, body: body}
	q.protocol = s.protocolOf(r)
	if q.protocol == nil {
		s.count(func(st *Stats) { st.Unknown++ })
		http.Error(w, "no AWS protocol that is spoken here", http.StatusNotFound)
		return
	}
	s.answer(w, q)
}

// readBody reads a request's body, which the SDK compresses where there is much to put.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body := io.Reader(http.MaxBytesReader(w, r.Body, maxBody))
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzip
	}
	all, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(all) > maxBody {
		err = errors.New("more than 4 MiB when unpacked")
	}
	return all, err
}

func (s *Server) protocolOf(r *http.Request) protocol {
	for _, p := range s.protocols {
		if p.speaks(r) {
			return p
		}
	}
	return nil
}

// answer goes through a request's life: envelope, signature, scripted disturbance, the operation, and
// the encoding, which needs no lock.
func (s *Server) answer(w http.ResponseWriter, q *request) {
	envelope := q.protocol.read(q)
	who, signature := readScope(q.Request)
	trouble := s.admit(q, who, envelope, signature)
	if trouble.disturb(s, w, q) {
		return
	}
	out, err := s.perform(q, who, trouble)
	var res response
	if err == nil {
		res, err = q.protocol.write(q, out)
	}
	if err != nil {
		f := faultOf(err)
		s.count(func(st *Stats) { st.Faults[f.code()]++ })
		res = q.protocol.writeFault(q, f)
	}
	res.send(w, q.id)
}

// requestID is AWS's id of the nth request: no other one of this server has it, nor one of a server that began at another
// launch time, as that of the process does that takes a rehearsal over.
func (s *Server) requestID(n uint64) string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(n*2654435761), uint16(n>>32), s.began.UnixMilli()&(1<<48-1))
}

// admit counts the request, moves the launch to now, and finds out what the scenario has in store for it.
func (s *Server) admit(q *request, who scope, envelope, signature error) disturbance {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	q.id = s.requestID(s.requests)
	q.now = s.now()
	s.launch.Advance(q.now)
	if signature != nil {
		s.stats.Unsigned++
		return disturbance{err: signature}
	}
	if envelope != nil {
		s.stats.Unknown++
		return disturbance{err: envelope}
	}
	if who.service != q.service {
		return disturbance{err: wrongScope(who.service, q.service)}
	}
	s.stats.Calls[q.service+":"+q.operation]++
	op, ok := s.operations[operationKey{q.service, q.operation}]
	if !ok {
		s.stats.Unknown++
		return disturbance{err: unknownOperation(q.operation)}
	}
	if op.writes {
		s.stats.Writes++
	}
	return s.disturbance(q, who)
}

// perform runs the operation, with the launch to itself. What was waited before has moved the clock.
func (s *Server) perform(q *request, who scope, trouble disturbance) (any, error) {
	if trouble.err != nil {
		return nil, trouble.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.now = s.now()
	op := s.operations[operationKey{q.service, q.operation}]
	if op.writes {
		if err := s.journal(q, who); err != nil {
			return nil, err
		}
	}
	return s.invoke(op, q, who, trouble)
}

// invoke runs an operation at the time of its request. The lock is held.
func (s *Server) invoke(op operation, q *request, who scope, trouble disturbance) (any, error) {
	s.launch.Advance(q.now)
	c := &call{now: q.now, region: who.region, key: who.accessKey, server: s, launch: s.launch, trouble: trouble}
	return op.invoke(c, q.decode)
}

func (s *Server) count(add func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.stats)
}
