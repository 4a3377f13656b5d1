package tui

import (
	"strings"
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	at := func(s string) time.Time {
		t.Helper()
		v, err := time.ParseInLocation(time.DateTime, s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	midnight := span{at("2026-03-07 22:00:00"), at("2026-03-08 02:00:00")}
	t0, cursor := at("2026-03-07 23:30:00"), at("2026-03-08 00:10:00")
	for _, test := range []struct{ text, want string }{
		{"T-5m", "2026-03-07 23:25:00"},
		{"t+1h12m", "2026-03-08 00:42:00"},
		{"T0", "2026-03-07 23:30:00"},
		{"T+30s", "2026-03-07 23:30:30"},
		{"23:50", "2026-03-07 23:50:00"},
		{"00:31", "2026-03-08 00:31:00"},
		{"0:31", "2026-03-08 00:31:00"},
		{"01:59:05", "2026-03-08 01:59:05"},
		{"+90s", "2026-03-08 00:11:30"},
		{"-15m", "2026-03-07 23:55:00"},
		{"+9h", "2026-03-08 02:00:00"},
		{"-9h", "2026-03-07 22:00:00"},
		{"2026-03-07 22:30", "2026-03-07 22:30:00"},
		{"2026-03-07T22:30:00Z", "2026-03-07 23:30:00"},
		{" start ", "2026-03-07 22:00:00"},
		{"end", "2026-03-08 02:00:00"},
		{"Live", "2026-03-08 02:00:00"},
	} {
		got, err := moment(test.text, cursor, t0, midnight, zone)
		if err != nil || !got.Equal(at(test.want)) {
			t.Errorf("%q: %v, %v, want %s", test.text, got, err, test.want)
		}
	}
}

func TestMomentThatCannotBe(t *testing.T) {
	zone := time.UTC
	from := time.Date(2026, 3, 7, 20, 0, 0, 0, zone)
	s := span{from, from.Add(time.Hour)}
	for _, test := range []struct {
		text, want string
		t0         time.Time
	}{
		{"", "write T-5m", from},
		{"soon", "is no time", from},
		{"25:00", "is no time", from},
		{"20:31:99", "is no time", from},
		{"23:00", "outside of the recording, which has 20:00:00–21:00:00", from},
		{"T-5h", "outside of the recording", from},
		{"T+5", "write T-5m, T0 or T+1h12m", from},
		{"T-5m", "no T0", time.Time{}},
		{"+5", "write +90s", from},
		{"+", "write +90s", from},
		{"\x1b[2J", "is no time", from},
		{"2027-01-01", "outside of the recording", from},
	} {
		_, err := moment(test.text, from.Add(time.Minute), test.t0, s, zone)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q in it", test.text, err, test.want)
		} else if strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q: the error carries the escape on", test.text)
		}
	}
}

func TestTimeOfDayTakesTheNearestDay(t *testing.T) {
	zone := time.UTC
	from := time.Date(2026, 3, 7, 12, 0, 0, 0, zone)
	s := span{from, from.Add(60 * time.Hour)}
	for _, test := range []struct {
		cursor time.Duration
		text   string
		want   time.Duration
	}{
		{time.Hour, "13:30", 90 * time.Minute},
		{25 * time.Hour, "13:30", 25*time.Hour + 30*time.Minute},
		{25 * time.Hour, "23:30", 11*time.Hour + 30*time.Minute + 24*time.Hour},
		{13 * time.Hour, "23:30", 11*time.Hour + 30*time.Minute},
	} {
		got, err := moment(test.text, from.Add(test.cursor), from, s, zone)
		if err != nil || got.Sub(from) != test.want {
			t.Errorf("%s from %s: %v, %v, want %s", test.text, test.cursor, got.Sub(from), err, test.want)
		}
	}
}
