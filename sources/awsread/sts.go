package awsread

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"warroom/sources"
	"warroom/sources/awsconfig"
)

func init() {
	register(service{client: sts.ServiceID, iam: "sts", reads: []string{"GetCallerIdentity"}})
}

// roomName is the name under which the room keeps what it knows of its AWS account.
const roomName = "aws"

// identitySource says as whom we read, until when, where, and what it costs.
type identitySource struct {
	reader *Reader
	asked  time.Time // when AWS last said who we are
	as     string    // the ARN it said
	read   time.Time // when the meter was last read, on the launch clock
	told   *memory
}

// identityEvery is how often AWS is asked again who we are, on the launch clock.
const identityEvery = 10 * time.Minute

// Name is "aws".
func (s *identitySource) Name() string { return roomName }

// Schedule is once a minute.
func (s *identitySource) Schedule() sources.Schedule {
	return s.reader.session.schedule(time.Minute, time.Second)
}

// Poll reads identity, credential expiry and meters.
func (s *identitySource) Poll(ctx context.Context, now time.Time) (sources.Reading, error) {
	session := s.reader.session
	reading := sources.Reading{Source: s.Name(), At: now}
	fact := func(name, value string) {
		reading.Facts = append(reading.Facts, sources.Fact{Resource: sources.Ref{Service: sources.RoomService, Name: roomName}, Name: name, Value: value, Seen: now})
	}
	account, err := s.whoWeAre(ctx, now)
	fact("region", s.reader.home)
	fact("profile", session.profile())
	fact("endpoint", session.elsewhere())
	if arn := session.identity(); arn != "" {
		fact("identity", arn)
	}
	if account != "" {
		fact("account", account)
	}
	if found, err := session.credentials(ctx); err == nil {
		fact("credentials_expire", expiry(found))
	}
	reading.Samples = s.meters(now)
	reading.Batch = s.told.sift(reading.Batch)
	s.reader.stamp(&reading)
	return reading, err
}

// expiry is when the credentials expire, "" when they do not.
func expiry(c aws.Credentials) string {
	if !c.CanExpire {
		return ""
	}
	return c.Expires.UTC().Format(time.RFC3339)
}

// whoWeAre asks AWS for our identity now and then, and whenever the credentials have changed or been refused.
// It returns the account number.
func (s *identitySource) whoWeAre(ctx context.Context, now time.Time) (string, error) {
	session := s.reader.session
	known := session.identity()
	if known != "" && known == s.as && now.Sub(s.asked) < identityEvery && !session.inTrouble() {
		return awsconfig.AccountOf(known), nil
	}
	err := session.read(ctx, s.reader.home, func(a account) error {
		out, err := client(a, func(c aws.Config) *sts.Client { return sts.NewFromConfig(c) }).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return err
		}
		s.as, s.asked = aws.ToString(out.Arn), now
		session.setIdentity(s.as)
		return nil
	})
	return awsconfig.AccountOf(session.identity()), err
}

// meters are the room's own numbers for the minute that has just ended.
func (s *identitySource) meters(now time.Time) []sources.Sample {
	session := s.reader.session
	minute := now.Truncate(time.Minute).Add(-time.Minute)
	launch := now.Sub(s.read)
	first := s.read.IsZero()
	if !first && launch < 30*time.Second {
		return nil
	}
	calls, dollars, took := session.meter.read()
	use := session.use()
	s.read = now
	if first {
		return nil
	}
	sample := func(metric string, value float64) sources.Sample {
		return sources.Sample{Series: sources.Series{Metric: metric, Resource: roomName}, At: minute, Seen: now, Value: value}
	}
	return []sources.Sample{
		sample("room_api_calls", float64(calls)*time.Minute.Seconds()/launch.Seconds()),
		sample("room_api_budget_ratio", use),
		sample("room_cost_dollars_per_hour", dollars/launch.Hours()),
		sample("room_poll_seconds", took.Seconds()),
	}
}
