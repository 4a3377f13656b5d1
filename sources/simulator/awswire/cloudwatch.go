package awswire

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

func cloudWatchOperations() []operation {
	return []operation{
		read("monitoring", "GetMetricData", getMetricData),
		read("monitoring", "ListMetrics", listMetrics),
		write("monitoring", "PutMetricData", putMetricData),
	}
}

// The limits of GetMetricData and ListMetrics.
const (
	maxQueries     = 500
	maxDatapoints  = 100800
	maxDimensions  = 30
	metricsPerPage = 500
	maxPeriod      = 30 * 24 * 3600 // seconds
)

type metricStat struct {
	Metric struct {
		Namespace  string      `cbor:"Namespace"`
		MetricName string      `cbor:"MetricName"`
		Dimensions []dimension `cbor:"Dimensions"`
	} `cbor:"Metric"`
	Period int64  `cbor:"Period"`
	Stat   string `cbor:"Stat"`
	Unit   string `cbor:"Unit"`
}

type metricDataQuery struct {
	ID         string      `cbor:"Id"`
	MetricStat *metricStat `cbor:"MetricStat"`
	Expression string      `cbor:"Expression"`
	Label      string      `cbor:"Label"`
	ReturnData *bool       `cbor:"ReturnData"`
	Period     int64       `cbor:"Period"`
	AccountID  string      `cbor:"AccountId"`
}

type getMetricDataInput struct {
	StartTime         time.Time         `cbor:"StartTime"`
	EndTime           time.Time         `cbor:"EndTime"`
	MetricDataQueries []metricDataQuery `cbor:"MetricDataQueries"`
	NextToken         string            `cbor:"NextToken"`
	ScanBy            string            `cbor:"ScanBy"`
	MaxDatapoints     *int64            `cbor:"MaxDatapoints"`
}

type metricDataResult struct {
	ID         string        `cbor:"Id"`
	Label      string        `cbor:"Label"`
	Timestamps []time.Time   `cbor:"Timestamps"`
	Values     []float64     `cbor:"Values"`
	StatusCode string        `cbor:"StatusCode"`
	Messages   []messageData `cbor:"Messages,omitempty"`
}

type messageData struct {
	Code  string `cbor:"Code"`
	Value string `cbor:"Value"`
}

type getMetricDataOutput struct {
	MetricDataResults []metricDataResult `cbor:"MetricDataResults"`
	Messages          []messageData      `cbor:"Messages"`
	NextToken         string             `cbor:"NextToken,omitempty"`
}

var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// check refuses what CloudWatch refuses. What it only answers with silence is not checked.
func (in *getMetricDataInput) check(now time.Time) error {
	switch {
	case in.StartTime.IsZero() || in.EndTime.IsZero():
		return missing("StartTime and EndTime")
	case !in.StartTime.Before(in.EndTime):
		return invalid("The parameter StartTime must be less than the parameter EndTime.")
	case len(in.MetricDataQueries) == 0:
		return missing("MetricDataQueries")
	case len(in.MetricDataQueries) > maxQueries:
		return invalid("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.MaxDatapoints != nil && (*in.MaxDatapoints < 1 || *in.MaxDatapoints > maxDatapoints):
		return invalid("The parameter MaxDatapoints must be between 1 and %d.", maxDatapoints)
	case !slices.Contains([]string{"", "TimestampAscending", "TimestampDescending"}, in.ScanBy):
		return invalid("The value %s for parameter ScanBy is not supported.", in.ScanBy)
	}
	ids := make(map[string]bool, len(in.MetricDataQueries))
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if ids[q.ID] {
			return invalid("The values for parameter id in MetricDataQueries are not unique: %s.", q.ID)
		}
		ids[q.ID] = true
		if err := q.check(now.Sub(in.StartTime)); err != nil {
			return err
		}
	}
	return in.checkStatistics()
}

// checkStatistics refuses the whole call for every statistic that CloudWatch does not know, by its place in the call.
func (in *getMetricDataInput) checkStatistics() error {
	var lines []string
	for i, q := range in.MetricDataQueries {
		if !knownStat(q.MetricStat.Stat) {
			lines = append(lines, fmt.Sprintf("The value %s for parameter MetricDataQueries.member.%d.MetricStat.Stat is not a valid statistic.", q.MetricStat.Stat, i+1))
		}
	}
	if lines == nil {
		return nil
	}
	return invalid("%s", strings.Join(lines, "\n"))
}

func (q *metricDataQuery) check(age time.Duration) error {
	switch {
	case !queryID.MatchString(q.ID):
		return invalid("The value %q for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", q.ID)
	case q.MetricStat == nil && q.Expression == "":
		return invalid("Either Expression or MetricStat must be given in the query %s.", q.ID)
	case q.MetricStat != nil && q.Expression != "":
		return invalid("The parameters Expression and MetricStat are mutually exclusive: query %s has both.", q.ID)
	case q.MetricStat == nil:
		return invalid("Error in expression '%s': metric math is not known to this endpoint.", q.ID)
	}
	return q.MetricStat.check(age)
}

func (m *metricStat) check(age time.Duration) error {
	switch {
	case m.Metric.Namespace == "" || m.Metric.MetricName == "":
		return missing("Namespace and MetricName")
	case len(m.Metric.Dimensions) > maxDimensions:
		return invalid("The collection Dimensions must not have a size greater than %d.", maxDimensions)
	case !slices.Contains(metricUnits, m.Unit):
		return invalid("The value %s for parameter Unit is not supported.", m.Unit)
	}
	for _, d := range m.Metric.Dimensions {
		if d.Name == "" || d.Value == "" {
			return invalid("The parameters Name and Value of a dimension must not be empty.")
		}
	}
	return m.checkPeriod(age)
}

// checkPeriod holds the period against what is kept of data that old: sub-minute periods for three hours
// and for custom metrics only, minutes for 15 days, five minutes for 63.
func (m *metricStat) checkPeriod(age time.Duration) error {
	const day = 24 * time.Hour
	least := int64(60)
	switch {
	case age > 63*day:
		least = 3600
	case age > 15*day:
		least = 300
	case age <= 3*time.Hour && !strings.HasPrefix(m.Metric.Namespace, "AWS/") && slices.Contains([]int64{1, 5, 10, 20, 30}, m.Period):
		return nil
	}
	if m.Period <= 0 || m.Period > maxPeriod || m.Period%least != 0 {
		return invalid("The parameter Period must be a value that is a multiple of %d, not %d.", least, m.Period)
	}
	return nil
}

// metricUnits are the units that a metric may have; none means any.
var metricUnits = strings.Split(",Seconds,Microseconds,Milliseconds,Bytes,Kilobytes,Megabytes,Gigabytes,Terabytes,Bits,Kilobits,"+
	"Megabits,Gigabits,Terabits,Percent,Count,Bytes/Second,Kilobytes/Second,Megabytes/Second,Gigabytes/Second,"+
	"Terabytes/Second,Bits/Second,Kilobits/Second,Megabits/Second,Gigabits/Second,Terabits/Second,Count/Second,None", ",")

func missing(what string) *fault {
	return &fault{Shape: "MissingRequiredParameterException", Code: "MissingParameter", Status: http.StatusBadRequest,
		Message: "The request must contain the parameter " + what + "."}
}

func badToken() *fault {
	return &fault{Shape: "InvalidNextToken", Status: http.StatusBadRequest, Message: "The next token specified is invalid."}
}

// pageToken is where the next page begins. It holds what the first page was asked and when, so that all
// pages are of one mould.
type pageToken struct {
	Query int       `json:"q"`
	Point int       `json:"p"`
	Now   time.Time `json:"n"`
	Sum   string    `json:"s"`           // of what was asked
	Held  bool      `json:"h,omitempty"` // partial data was shown on a page before
	Rest  bool      `json:"r,omitempty"` // the pages are now of what was held back
}

func (t pageToken) String() string {
	raw, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// readToken gives the place that a token names.
func readToken(token, sum string, now time.Time) (pageToken, error) {
	var t pageToken
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return t, badToken()
	}
	if err := json.Unmarshal(raw, &t); err != nil || t.Sum != sum || t.Query < 0 || t.Point < 0 || t.Now.After(now) {
		return t, badToken()
	}
	return t, nil
}

// checksum tells one question from another.
func checksum(question any) string {
	raw, err := json.Marshal(question)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

type dimensionFilter struct {
	Name  string `cbor:"Name"`
	Value string `cbor:"Value"`
}

type listMetricsInput struct {
	Namespace      string            `cbor:"Namespace"`
	MetricName     string            `cbor:"MetricName"`
	Dimensions     []dimensionFilter `cbor:"Dimensions"`
	NextToken      string            `cbor:"NextToken"`
	RecentlyActive string            `cbor:"RecentlyActive"`
}

type listedMetric struct {
	Namespace  string      `cbor:"Namespace"`
	MetricName string      `cbor:"MetricName"`
	Dimensions []dimension `cbor:"Dimensions"`
}

type listMetricsOutput struct {
	Metrics   []listedMetric `cbor:"Metrics"`
	NextToken string         `cbor:"NextToken,omitempty"`
}

// listMetrics names the metrics of the region. The account is older than the launch, so also those are
// known that are published only now and then.
func listMetrics(c *call, in *listMetricsInput) (*listMetricsOutput, error) {
	if in.RecentlyActive != "" && in.RecentlyActive != "PT3H" {
		return nil, invalid("The value %s for parameter RecentlyActive is not supported.", in.RecentlyActive)
	}
	token := in.NextToken
	in.NextToken = ""
	place := pageToken{Now: c.now, Sum: checksum(in)}
	if token != "" {
		var err error
		if place, err = readToken(token, place.Sum, c.now); err != nil {
			return nil, err
		}
	}
	out := &listMetricsOutput{Metrics: []listedMetric{}}
	found := 0
	for m := range c.server.metrics(c.now) {
		if m.region != c.region || !in.matches(m) {
			continue
		}
		if found++; found <= place.Query {
			continue
		}
		if len(out.Metrics) == metricsPerPage {
			place.Query += metricsPerPage
			out.NextToken = place.String()
			break
		}
		out.Metrics = append(out.Metrics, listedMetric{m.namespace, m.name, m.dimensions})
	}
	return out, nil
}

func (in *listMetricsInput) matches(m *metric) bool {
	if in.Namespace != "" && in.Namespace != m.namespace || in.MetricName != "" && in.MetricName != m.name {
		return false
	}
	for _, f := range in.Dimensions {
		if !slices.ContainsFunc(m.dimensions, func(d dimension) bool {
			return d.Name == f.Name && (f.Value == "" || d.Value == f.Value)
		}) {
			return false
		}
	}
	return true
}
