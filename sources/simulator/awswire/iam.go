package awswire

import (
	"net/http"
	"slices"
	"strings"

	"warroom/sources/simulator"
)

func policyOperations() []operation {
	return []operation{read("iam", "SimulatePrincipalPolicy", simulatePrincipalPolicy)}
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

// simulatePrincipalPolicy tells what anybody may do: everything, but for what faults deny just now.
func simulatePrincipalPolicy(c *call, in *simulatePolicyInput) (*simulatePolicyOutput, error) {
	if !strings.Contains(in.PolicySourceARN, ":iam::") || len(in.ActionNames) == 0 {
		return nil, &fault{Shape: "InvalidInput", Status: http.StatusBadRequest, Message: "PolicySourceArn must be the ARN of a user, a group or a role, and ActionNames must be given"}
	}
	if !strings.Contains(in.PolicySourceARN, ":iam::"+c.launch.State().Account+":") {
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
