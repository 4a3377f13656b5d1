package simulator

import (
	"math"
	"time"
)

// purpose is what a person wants with a page view or a submission.
type purpose int

const (
	landing purpose = iota // the first page of a visit, whose files the browser does not hold yet
	browse                 // a further page
	form                   // the registration form
	submit                 // the registration itself
	purposes
)

type byPurpose [purposes]int64

func (b byPurpose) sum() (n int64) {
	for _, v := range b {
		n += v
	}
	return n
}

// people is the audience: how many are reading, filling in the form, or waiting to try again. Everybody
// who comes is somewhere: arrivals = registrations + leavers + those who are here.
type people struct {
	spec     AudienceSpec
	t0       int64
	per      float64 // requests that one undisturbed person makes, for audiences that are counts of requests
	reading  int64
	filling  int64
	retrying byPurpose
	waiting  float64 // for an answer, by Little's law
	left     int64   // all who went away, content or not, without registering

	loaded struct{ first, again, thanks int64 } // pages that succeeded a second ago: their files are asked for now
	wait   float64                              // seconds that an answer took of late
}

func newPeople(spec AudienceSpec, t0 int64) *people {
	p := &people{spec: spec, t0: t0}
	v, page := spec.Visit, spec.Page
	views := v.Pages + v.Registers
	p.per = views*(1+page.Calls) + page.Static + (views-1)*page.StaticAgain + v.Registers*(1+1/(1-v.Invalid)) // the thanks, and as many submissions as it takes
	return p
}

// rate is how many people arrive per second.
func (p *people) rate(now int64) float64 {
	if p.spec.Counts.series != nil {
		return p.counted(now) * p.spec.Counts.Scale / 60 / p.per
	}
	rate := p.spec.Base
	for _, s := range p.spec.Surges {
		rate += s.rate(float64(now - s.At.On(time.Unix(p.t0, 0)).Unix()))
	}
	return rate
}

// counted is the count of the minute, the nearest one that there is outside of the series.
func (p *people) counted(now int64) float64 {
	series := p.spec.Counts.series
	i := int(math.Floor(float64(now-series[0].at.Unix()) / 60))
	return series[min(max(i, 0), len(series)-1)].count
}

// rate is the crowd of a surge some seconds after its beginning.
func (s Surge) rate(since float64) float64 {
	rise, hold, halve := s.Rise.Seconds(), s.Hold.Seconds(), s.Halve.Seconds()
	switch {
	case since < 0:
		return 0
	case since < rise:
		x := since / rise
		return s.Peak * x * x * (3 - 2*x)
	case since < rise+hold:
		return s.Peak
	}
	return s.Peak * math.Exp2(-(since-rise-hold)/halve)
}

// ask is what people ask for in this second.
func (p *people) ask(d draw, now int64) (arrivals int64, wanted byPurpose) {
	v := p.spec.Visit
	arrivals = d.poisson(p.rate(now))
	wanted[landing] = arrivals

	done := d.binomial(p.reading, p.leaveRate(v.Think.Seconds()))
	p.reading -= done
	more := d.binomial(done, 1-1/v.Pages)
	wanted[browse] = more
	wanted[form] = d.binomial(done-more, v.Registers)
	p.left += done - more - wanted[form]

	sent := d.binomial(p.filling, p.leaveRate(v.Form.Seconds()))
	p.filling -= sent
	wanted[submit] = sent

	for i, n := range p.retrying {
		again := d.binomial(n, 1-math.Exp(-1/v.Pause.Seconds()))
		p.retrying[i] -= again
		wanted[i] += again
	}
	return arrivals, wanted
}

// leaveRate is the probability that somebody who needs some seconds, and the answer's, is done in this one.
func (p *people) leaveRate(seconds float64) float64 { return 1 - math.Exp(-1/(seconds+p.wait)) }

// traffic is the requests that the wishes of this second make, and the files of the pages that came a
// second ago.
func (p *people) traffic(d draw, wanted byPurpose) traffic {
	page := p.spec.Page
	views := wanted[landing] + wanted[browse] + wanted[form]
	files := float64(p.loaded.first)*page.Static + float64(p.loaded.again)*page.StaticAgain
	return traffic{
		kindPage:   views + p.loaded.thanks,
		kindCall:   d.poisson(float64(p.loaded.first+p.loaded.again) * page.Calls),
		kindPost:   wanted[submit],
		kindStatic: d.poisson(files),
	}
}

// experience tells people how it went: which of their pages and submissions failed, and how many
// submissions had a mistake in them.
func (p *people) experience(d draw, wanted, failed byPurpose, invalid int64, wait float64, m *Audience) {
	v := p.spec.Visit
	var ok byPurpose
	for i := range wanted {
		ok[i] = wanted[i] - failed[i]
		again := d.binomial(failed[i], v.Retries)
		p.retrying[i] += again
		m.Departures += failed[i] - again
		p.left += failed[i] - again
	}
	ok[submit] -= invalid
	p.reading += ok[landing] + ok[browse]
	p.filling += ok[form] + invalid
	p.loaded.first, p.loaded.again, p.loaded.thanks = ok[landing], ok[browse]+ok[form], ok[submit]
	p.wait = min(wait, v.Patience.Seconds())
	p.waiting = p.wait * float64(wanted.sum())

	m.PageViews += wanted[landing] + wanted[browse] + wanted[form]
	m.Attempts += wanted[submit]
	m.Registrations += ok[submit]
	m.Failures += failed.sum() + invalid
}

// here is how many people are on the site.
func (p *people) here() float64 {
	return float64(p.reading+p.filling+p.retrying.sum()) + p.waiting
}
