package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"warroom/runbooks"
	"warroom/sources/awsconfig"
)

// Check asks AWS whether it would allow a plan's call: of the role that acts, and whether we may take it; or of ourselves.
func (w *Writer) Check(ctx context.Context, p runbooks.Plan) runbooks.Readiness {
	questions, err := w.questions(ctx, p)
	if err != nil {
		return runbooks.Readiness{Unknown: err.Error()}
	}
	var asked sync.WaitGroup
	answers, errs := make([]string, len(questions)), make([]error, len(questions))
	for i, q := range questions {
		asked.Go(func() { answers[i], errs[i] = w.simulate(ctx, q) })
	}
	asked.Wait()
	var out runbooks.Readiness
	for i := range questions {
		if errs[i] != nil {
			out.Unknown = errs[i].Error()
		}
		if answers[i] != "" {
			out.Missing = append(out.Missing, answers[i])
		}
	}
	return out
}

// question is whether somebody may do something to a resource.
type question struct {
	who    string // ARN of a user or a role
	action string
	on     string // ARN
}

func (w *Writer) questions(ctx context.Context, p runbooks.Plan) ([]question, error) {
	r, err := w.resource(p.Action.Resource)
	if err != nil {
		return nil, err
	}
	arn, err := w.session.caller(ctx)
	if err != nil {
		return nil, err
	}
	me, err := principal(arn)
	if err != nil {
		return nil, err
	}
	on := p.On
	if name := limits[p.Call]; on == "" && name != nil {
		if all := name(r, homeOf(r, p.Region), cmp.Or(p.Account, awsconfig.AccountOf(arn))); len(all) > 0 {
			on = all[0]
		}
	}
	me = w.session.fullName(me)
	if role := w.session.options.Role; role != "" {
		return []question{{role, p.Call, on}, {me, "sts:AssumeRole", role}}, nil
	}
	return []question{{me, p.Call, on}}, nil
}

// principal is whose policies hold for an identity: a user's own, and those of the role behind a session.
func principal(arn string) (string, error) {
	head, session, assumed := strings.Cut(arn, ":assumed-role/")
	switch {
	case assumed:
		role, _, _ := strings.Cut(session, "/")
		return strings.Replace(head, ":sts:", ":iam:", 1) + ":role/" + role, nil
	case strings.Contains(arn, ":user/"):
		return arn, nil
	}
	return "", fmt.Errorf("AWS simulates the policies of users and roles only, and we are %s", arn)
}

// simulate asks one question. What it answers is the permission that is missing, "" where none is. Our own role, where AWS
// does not know it, lies under a path, such as one of an SSO: it is asked about by its full name then.
func (w *Writer) simulate(ctx context.Context, q question) (missing string, err error) {
	out, err := w.evaluate(ctx, q)
	if unknown(err) && q.who != w.session.options.Role && strings.Contains(q.who, ":role/") {
		if q.who, err = w.session.underPath(ctx, q.who); err == nil {
			out, err = w.evaluate(ctx, q)
		}
	}
	switch {
	case unknown(err):
		return "", fmt.Errorf("AWS knows no %s: its policies are not looked at; the name of a role under a path has the path in it", q.who)
	case err != nil:
		return "", err
	case len(out.EvaluationResults) == 0:
		return "", errors.New("AWS answered nothing")
	}
	return q.missing(&out.EvaluationResults[0]), nil
}

// evaluate has AWS answer one question.
func (w *Writer) evaluate(ctx context.Context, q question) (out *iam.SimulatePrincipalPolicyOutput, err error) {
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(q.who), ActionNames: []string{q.action}}
	if q.on != "" {
		in.ResourceArns = []string{q.on}
	}
	err = w.session.look(ctx, func() (err error) {
		out, err = w.session.iam().SimulatePrincipalPolicy(ctx, in)
		return err
	})
	return out, err
}

// unknown tells whether AWS answered that it knows nobody of a name.
func unknown(err error) bool {
	_, is := errors.AsType[*types.NoSuchEntityException](err)
	return is
}

// missing words a refusal; "" where there is none.
func (q *question) missing(r *types.EvaluationResult) string {
	var why []string
	switch {
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed:
		return ""
	case r.OrganizationsDecisionDetail != nil && !r.OrganizationsDecisionDetail.AllowedByOrganizations:
		why = append(why, "the organization's policies do not allow it")
	case r.PermissionsBoundaryDecisionDetail != nil && !r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary:
		why = append(why, "its boundary does not allow it")
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		why = append(why, "a policy denies it")
	}
	if strings.Contains(q.on, "*") {
		why = append(why, "as far as can be told without the resource's full name")
	}
	if len(why) == 0 {
		return q.action
	}
	return q.action + " (" + strings.Join(why, "; ") + ")"
}
