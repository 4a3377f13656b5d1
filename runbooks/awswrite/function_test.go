package awswrite

import (
	"net/http"
	"strings"
	"testing"

	"warroom/runbooks"
)

func TestTheFlagIsVouchedFor(t *testing.T) {
	s := withFlag(t)
	p := s.mustPlan(s.switchTo("maintenance"))
	limits, warnings := strings.Join(p.Limits, "\n"), strings.Join(p.Warnings, "\n")
	for what, ok := range map[string]bool{
		"page":     strings.Contains(limits, "the maintenance page answers: https://") && len(s.asked) == 1,
		"function": strings.Contains(limits, "the function lottery-maintenance goes before the default behaviour, may read the store, and names the key maintenance"),
		"past it":  strings.Contains(warnings, "these paths do not go through lottery-maintenance and stay as they are: /static/* /media/*"),
		"honest":   !strings.Contains(warnings, "not checked"),
	} {
		if !ok {
			t.Errorf("%s: limits\n%s\nwarnings\n%s", what, limits, warnings)
		}
	}
	s.do(s.switchTo("maintenance"))
	if n := s.count("GET lottery-maintenance"); n != 2 {
		t.Errorf("the code was read %d times for two plans", n)
	}
	s.do(s.switchTo("live"))
	if n := len(s.asked); n != 2 {
		t.Errorf("the page was fetched %d times, also for the way back", n)
	}
}

func TestTheFlagIsNotSetWithoutItsPage(t *testing.T) {
	s := withFlag(t)
	s.answer = http.StatusServiceUnavailable
	s.refuses(s.switchTo("maintenance"), "answers 503, not 200")
	s.answer = http.StatusOK
	resources := s.flagged()
	for i := range resources {
		if resources[i].Service == "cloudfront" {
			resources[i].Attrs["maintenance_origin"] = "sorry"
		}
	}
	s.writer = s.open(Options{Resources: resources})
	if got := s.warned(s.switchTo("maintenance")); !strings.Contains(got, "not checked: the page that the function shows") {
		t.Errorf("an origin that is not there: %q", got)
	}
}

// TestAFunctionThatCannotBeVouchedForIsTold: what the function does is told as far as it can be seen, and nobody is kept from
// the flag by what cannot.
func TestAFunctionThatCannotBeVouchedForIsTold(t *testing.T) {
	xmlOf := func(text string) func(http.ResponseWriter, *http.Request, []byte) bool {
		return failing("GET describe", http.StatusOK, text)
	}
	const denied = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`
	for words, instead := range map[string]func(http.ResponseWriter, *http.Request, []byte) bool{
		"does not name the key maintenance":                failing("GET lottery-maintenance", http.StatusOK, "return event.request; // no maintenance here"),
		"is not associated with the key value store":       xmlOf(`<FunctionSummary><Name>x</Name><FunctionConfig><Comment/><Runtime>cloudfront-js-2.0</Runtime></FunctionConfig></FunctionSummary>`),
		"not checked: that the function lottery-mainten":   failing("GET lottery-maintenance", http.StatusForbidden, denied),
		"allow cloudfront:GetFunction":                     failing("GET lottery-maintenance", http.StatusForbidden, denied),
		"not checked, for the distribution cannot be read": failing("GET config", http.StatusForbidden, denied),
	} {
		s := withFlag(t)
		s.replace(instead)
		if got := s.warned(s.switchTo("maintenance")); !strings.Contains(got, words) {
			t.Errorf("warned of %q, want %q", got, words)
		}
	}
	s, _ := edged(t, newer)
	c, _, err := (&origins{s.writer}).configuration(t.Context(), s.ref("cloudfront"))
	if err != nil {
		t.Fatal(err)
	}
	var p runbooks.Plan
	(&origins{s.writer}).reads(t.Context(), &p, c, flagKey{"arn", "maintenance"})
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "no function goes before the default behaviour") {
		t.Errorf("without a function: %q", p.Warnings)
	}
}
