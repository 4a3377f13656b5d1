package awswire

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"warroom/sources/simulator"
)

func policyOperations() []operation {
	return []operation{read("iam", "SimulatePrincipalPolicy", simulatePrincipalPolicy), read("iam", "GetRole", getRole)}
}

type getRoleInput struct{ RoleName string }

type getRoleOutput struct{ Role role }

type role struct {
	Path       string
	RoleName   string
	RoleID     string `xml:"RoleId"`
	Arn        string
	CreateDate time.Time
}

// roleCreated is when every role was made: long before any launch.
var roleCreated = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// getRole knows every role that anybody asks for. That of the caller alone lies under a path, as one of an SSO does.
func getRole(c *call, in *getRoleInput) (*getRoleOutput, error) {
	if in.RoleName == "" || strings.Contains(in.RoleName, "/") {
		return nil, &fault{Shape: "ValidationError", Status: http.StatusBadRequest, Message: "RoleName must be a role's name without its path"}
	}
	arn := c.roleNamed(in.RoleName)
	_, full, _ := strings.Cut(arn, ":role")
	return &getRoleOutput{role{strings.TrimSuffix(full, in.RoleName), in.RoleName, "AROAEXAMPLE", arn, roleCreated}}, nil
}

// roleNamed is the ARN of a role, with its path.
func (c *call) roleNamed(name string) string {
	st := c.launch.State()
	if strings.HasSuffix(st.CallerRole, "/"+name) {
		return st.CallerRole
	}
	return "arn:aws:iam::" + st.Account + ":role/" + name
}

type simulatePolicyInput struct {
	PolicySourceARN string `form:"PolicySourceArn"`
	ActionNames     []string
	ResourceARNs    []string `form:"ResourceArns"`
}

type simulatePolicyOutput struct {
	IsTruncated       bool
	EvaluationResults []evaluation `xml:"EvaluationResults>member"`
}

type evaluation struct {
	EvalActionName   string
	EvalResourceName string
	EvalDecision     string
}

// simulatePrincipalPolicy tells what anybody may do: everything, but for what faults deny just now. It knows nobody of another
// account, and no role by a name without its path.
func simulatePrincipalPolicy(c *call, in *simulatePolicyInput) (*simulatePolicyOutput, error) {
	if !strings.Contains(in.PolicySourceARN, ":iam::") || len(in.ActionNames) == 0 {
		return nil, &fault{Shape: "InvalidInput", Status: http.StatusBadRequest, Message: "PolicySourceArn must be the ARN of a user, a group or a role, and ActionNames must be given"}
	}
	role, ofRole := strings.CutPrefix(in.PolicySourceARN[strings.LastIndexByte(in.PolicySourceARN, ':')+1:], "role/")
	lost := ofRole && c.roleNamed(role[strings.LastIndexByte(role, '/')+1:]) != in.PolicySourceARN
	if lost || !strings.Contains(in.PolicySourceARN, ":iam::"+c.launch.State().Account+":") {
		return nil, &fault{Shape: "NoSuchEntity", Status: http.StatusNotFound, Message: "The principal " + in.PolicySourceARN + " cannot be found."}
	}
	on := in.ResourceARNs
	if len(on) == 0 {
		on = []string{"*"}
	}
	out := &simulatePolicyOutput{}
	for _, action := range in.ActionNames {
		for _, arn := range on {
			out.EvaluationResults = append(out.EvaluationResults, evaluation{action, arn, c.decision(action)})
		}
	}
	return out, nil
}

// decision is whether an action would be answered with AccessDenied now. The server's lock is held.
func (c *call) decision(action string) string {
	service, _, ok := strings.Cut(action, ":")
	denied := func(f simulator.Fault) bool {
		return f.Kind == simulator.Denied && (f.Service == "" || f.Service == apiName(service)) && (f.Key == "" || f.Key == c.key)
	}
	if !ok || slices.ContainsFunc(c.server.faults(c.now), denied) {
		return "implicitDeny"
	}
	return "allowed"
}
