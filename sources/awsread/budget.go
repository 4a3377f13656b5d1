package awsread

import (
	"context"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"warroom/sources/awsconfig"
)

// quotas are the requests a second that AWS allows an account in one region by default, of operations that have a
// quota of their own. Older accounts may have less: then AWS asks us to slow down, and the budget gives way.
var quotas = map[string]float64{
	"CloudWatch.GetMetricData": 500,
	"CloudWatch.ListMetrics":   25,
}

// otherQuota is what is assumed of a service as a whole whose quotas AWS does not publish.
const otherQuota = 50.0

// defaultShare is how much of the quotas the room takes where the config does not say.
const defaultShare = 0.2

// quotaOf is the quota that an operation counts against: its own, or that of its service.
func quotaOf(client, operation string) (name string, perSecond float64) {
	name = client + "." + operation
	if q, own := quotas[name]; own {
		return name, q
	}
	return client, otherQuota
}

// budget paces the attempts, retries included, that one region sees against one quota, so that in no second
// there are more than its share of the account's quota. Where AWS still asks us to slow down it gives up half
// of what it takes, and takes it back over half a minute. It runs on the machine's clock.
type budget struct {
	now   func() time.Time
	limit float64 // attempts a second that may never be exceeded

	mu     sync.Mutex
	rate   float64 // attempts a second at present
	tokens float64
	at     time.Time // when tokens was right

	wanted  float64 // attempts since the last reading, given up ones included
	allowed float64 // attempts that could have been made without end since then
}

// slowest is the rate below which even a throttled budget does not fall, in attempts a second.
const slowest = 0.5

// recovery is how long a budget takes to come back to its limit from nothing.
const recovery = 30 * time.Second

func newBudget(limit float64, now func() time.Time) *budget {
	return &budget{now: now, limit: limit, rate: limit, tokens: burst(limit), at: now()}
}

// burst is how many attempts may be saved up. The other half of the rate flows in during a second, so that
// burst and flow together stay within it.
func burst(rate float64) float64 { return max(1, rate/2) }

// refill brings tokens and rate up to now. The caller holds the lock.
func (b *budget) refill() {
	now := b.now()
	elapsed := max(0, now.Sub(b.at).Seconds())
	b.at = now
	b.rate = min(b.limit, b.rate+b.limit*elapsed/recovery.Seconds())
	b.tokens = min(burst(b.rate), b.tokens+elapsed*b.rate/2)
	b.allowed += elapsed * b.rate / 2
}

// use is how much of what it allows the budget was asked for since the last reading: from 1 on attempts wait, or are
// given up.
func (b *budget) use() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	wanted, allowed := b.wanted, b.allowed
	b.wanted, b.allowed = 0, 0
	if allowed == 0 {
		return 0
	}
	return wanted / allowed
}

// take reserves one attempt and says how long to wait before making it.
func (b *budget) take() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	b.wanted++
	b.tokens--
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / (b.rate / 2) * float64(time.Second))
}

// giveBack returns a reservation that was not used.
func (b *budget) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens++
}

// throttled gives up half of the present rate.
func (b *budget) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	b.rate = max(slowest, b.rate/2)
	b.tokens = min(b.tokens, 0)
}

// wait returns when the next attempt may be made, or ctx ends.
func (b *budget) wait(ctx context.Context) error {
	pause := b.take()
	if pause <= 0 {
		return nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		b.giveBack()
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// pacer holds the budgets of one region, one for each quota. It stands in the middleware stack after the guard and
// before the signature, so that a signature is never old when it is sent.
type pacer struct {
	share float64 // of the quotas
	now   func() time.Time
	meter *meter

	mu      sync.Mutex
	budgets map[string]*budget
}

func newPacer(share float64, now func() time.Time, m *meter) *pacer {
	return &pacer{share: share, now: now, meter: m, budgets: map[string]*budget{}}
}

// of is the budget that an operation of a service takes from.
func (p *pacer) of(client, operation string) *budget {
	name, quota := quotaOf(client, operation)
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.budgets[name]
	if b == nil {
		b = newBudget(quota*p.share, p.now)
		p.budgets[name] = b
	}
	return b
}

// use is that of the budget that is asked for most.
func (p *pacer) use() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 0.0
	for _, b := range p.budgets {
		most = max(most, b.use())
	}
	return most
}

// ID is the name of the pacer in the middleware stack.
func (*pacer) ID() string { return "warroom:Budget" }

// HandleFinalize waits for the budget, counts the attempt and learns from its outcome.
func (p *pacer) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	b := p.of(awsmiddleware.GetServiceID(ctx), middleware.GetOperationName(ctx))
	if err := b.wait(ctx); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, &starvedError{err}
	}
	p.meter.attempt(ctx)
	out, metadata, err := next.HandleFinalize(ctx, in)
	if awsconfig.Throttled(err) {
		b.throttled()
	}
	return out, metadata, err
}

// add puts the pacer before the signing of every attempt.
func (p *pacer) add(stack *middleware.Stack) error {
	return stack.Finalize.Insert(p, "Signing", middleware.Before)
}

// starvedError says that the time of a poll ran out while it waited for our own budget.
type starvedError struct{ error }

func (e *starvedError) Unwrap() error { return e.error }

// List prices in dollars: for each metric that GetMetricData is asked for, and for each ListMetrics call.
const (
	metricPrice = 0.01 / 1000
	listPrice   = 0.01 / 1000
)

// meter counts what the room asks of AWS.
type meter struct {
	mu      sync.Mutex
	calls   int     // attempts since the last reading
	dollars float64 // since the last reading
	slowest time.Duration
}

// attempt counts one request.
func (m *meter) attempt(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if middleware.GetOperationName(ctx) == "ListMetrics" {
		m.dollars += listPrice
	}
}

// asked counts metrics that GetMetricData was asked for.
func (m *meter) asked(metrics int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dollars += float64(metrics) * metricPrice
}

// pass notes how long a pass over the metrics took.
func (m *meter) pass(took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slowest = max(m.slowest, took)
}

// read returns what was counted since the last reading, and starts again.
func (m *meter) read() (calls int, dollars float64, slowest time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, dollars, slowest = m.calls, m.dollars, m.slowest
	m.calls, m.dollars, m.slowest = 0, 0, 0
	return calls, dollars, slowest
}

// use is that of the budget that is asked for most, in any region: the one that keeps us waiting first.
func (s *session) use() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0.0
	for _, p := range s.pacers {
		most = max(most, p.use())
	}
	return most
}
