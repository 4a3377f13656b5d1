package awswire

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

func identityOperations() []operation {
	return []operation{
		read("sts", "GetCallerIdentity", getCallerIdentity),
		write("sts", "AssumeRole", assumeRole), // it changes nothing, but what follows it may
	}
}

type getCallerIdentityInput struct{}

type getCallerIdentityOutput struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

func getCallerIdentity(c *call, _ *getCallerIdentityInput) (*getCallerIdentityOutput, error) {
	st := c.launch.State()
	return &getCallerIdentityOutput{Arn: st.CallerARN, UserID: st.CallerID, Account: st.Account}, nil
}

type assumeRoleInput struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds int
}

type assumeRoleOutput struct {
	Credentials     sessionCredentials
	AssumedRoleUser assumedRoleUser
}

type sessionCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

type assumedRoleUser struct {
	Arn           string
	AssumedRoleID string `xml:"AssumedRoleId"`
}

// sessionLeast and sessionUsual are how long the session of a role lasts, in seconds.
const (
	sessionLeast = 900
	sessionUsual = 3600
)

// assumeRole gives anybody the credentials of any role: what they allow is not looked at here. They expire on the launch
// clock, the only one there is.
func assumeRole(c *call, in *assumeRoleInput) (*assumeRoleOutput, error) {
	_, role, ok := strings.Cut(in.RoleArn, ":role/")
	if !ok || role == "" || len(in.RoleSessionName) < 2 {
		return nil, &fault{Shape: "ValidationError", Status: http.StatusBadRequest, Message: "RoleArn and RoleSessionName must be given"}
	}
	if in.DurationSeconds != 0 && in.DurationSeconds < sessionLeast {
		return nil, &fault{Shape: "ValidationError", Status: http.StatusBadRequest, Message: "durationSeconds must have value greater than or equal to 900"}
	}
	lasts := time.Duration(cmp.Or(in.DurationSeconds, sessionUsual)) * time.Second
	head, _, _ := strings.Cut(in.RoleArn, ":role/")
	name := role[strings.LastIndexByte(role, '/')+1:] // a session's ARN does not tell the path
	arn := strings.Replace(head, ":iam:", ":sts:", 1) + ":assumed-role/" + name + "/" + in.RoleSessionName
	return &assumeRoleOutput{
		Credentials:     sessionCredentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "token", Expiration: c.now.Add(lasts)},
		AssumedRoleUser: assumedRoleUser{Arn: arn, AssumedRoleID: "AROAEXAMPLE:" + in.RoleSessionName},
	}, nil
}
