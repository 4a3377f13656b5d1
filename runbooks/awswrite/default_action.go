package awswrite

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// defaultAction is what a listener does with a request that no rule takes: it forwards to target groups, or answers itself.
type defaultAction struct {
	fixed  string // status of the listener's own answer, "" where it forwards
	groups []weightedGroup
	sticky int32 // seconds for which a visitor stays with a target group, 0 for none
}

type weightedGroup struct {
	name, arn string
	weight    int32
}

// sorry is what visitors get from a listener that answers itself. It stands in the plan's call as it is.
const sorry = `<!doctype html><meta charset="utf-8"><title>Back soon</title><p>We are busy. Please come back in a few minutes.`

const itself = "503" // what a listener in maintenance answers

// text is the action in words; two that differ in anything have other words.
func (d *defaultAction) text() string {
	if d.fixed != "" {
		return "answer " + d.fixed + " itself"
	}
	text := "forward to " + d.forward()
	if d.sticky > 0 {
		text += fmt.Sprintf(", sticky %d s", d.sticky)
	}
	return text
}

// forward writes the target groups as they are asked for: "web:90 green:10".
func (d *defaultAction) forward() string {
	parts := make([]string, len(d.groups))
	for i, g := range d.groups {
		parts[i] = fmt.Sprintf("%s:%d", g.name, g.weight)
	}
	return strings.Join(parts, " ")
}

// actions are the action as AWS takes it.
func (d *defaultAction) actions() []types.Action {
	if d.fixed != "" {
		return []types.Action{{Type: types.ActionTypeEnumFixedResponse, Order: aws.Int32(1), FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String(d.fixed), ContentType: aws.String("text/html"), MessageBody: aws.String(sorry),
		}}}
	}
	config := &types.ForwardActionConfig{TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(d.sticky > 0)}}
	if d.sticky > 0 {
		config.TargetGroupStickinessConfig.DurationSeconds = aws.Int32(d.sticky)
	}
	for _, g := range d.groups {
		config.TargetGroups = append(config.TargetGroups, types.TargetGroupTuple{TargetGroupArn: aws.String(g.arn), Weight: aws.Int32(g.weight)})
	}
	return []types.Action{{Type: types.ActionTypeEnumForward, Order: aws.Int32(1), ForwardConfig: config}}
}

// understood reads a listener's default action, or says why it is none that can be put back as it was.
func understood(actions []types.Action) (*defaultAction, error) {
	if len(actions) != 1 {
		return nil, fmt.Errorf("its default action has %d steps, of which this program can put back none", len(actions))
	}
	switch a := actions[0]; a.Type {
	case types.ActionTypeEnumFixedResponse:
		if a.FixedResponseConfig == nil || aws.ToString(a.FixedResponseConfig.StatusCode) == "" {
			return nil, fmt.Errorf("its default action answers without a status")
		}
		return &defaultAction{fixed: aws.ToString(a.FixedResponseConfig.StatusCode)}, nil
	case types.ActionTypeEnumForward:
		return forwarding(a)
	default:
		return nil, fmt.Errorf("its default action is %s, which this program cannot put back", a.Type)
	}
}

func forwarding(a types.Action) (*defaultAction, error) {
	d := &defaultAction{}
	if a.ForwardConfig == nil || len(a.ForwardConfig.TargetGroups) == 0 {
		a.ForwardConfig = &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn, Weight: aws.Int32(1)}}}
	}
	for _, t := range a.ForwardConfig.TargetGroups {
		arn := aws.ToString(t.TargetGroupArn)
		name := balancerName(arn)
		if name == "" || name == arn {
			return nil, fmt.Errorf("its default action forwards to %q, which is no target group", arn)
		}
		weight := int32(1)
		if t.Weight != nil {
			weight = *t.Weight
		}
		d.groups = append(d.groups, weightedGroup{name: name, arn: arn, weight: weight})
	}
	if s := a.ForwardConfig.TargetGroupStickinessConfig; s != nil && aws.ToBool(s.Enabled) {
		d.sticky = aws.ToInt32(s.DurationSeconds)
	}
	return d, nil
}

// parsed reads target groups as they are written: "web", or "web:90 green:10".
func parsed(text string) ([]weightedGroup, error) {
	var out []weightedGroup
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		name, share, weighed := strings.Cut(word, ":")
		weight := int64(1)
		if weighed {
			var err error
			if weight, err = strconv.ParseInt(share, 10, 32); err != nil || weight < 0 || weight > 999 {
				return nil, fmt.Errorf("forward: %q has no weight from 0 to 999", word)
			}
		}
		out = append(out, weightedGroup{name: name, weight: int32(weight)})
	}
	if !slices.ContainsFunc(out, func(g weightedGroup) bool { return g.weight > 0 }) {
		return nil, fmt.Errorf("forward: %q sends visitors nowhere; write target groups, with weights where there are several: web:90 green:10", text)
	}
	return out, nil
}

// element is any part of an answer, also of what is newer than this program.
type element struct {
	XMLName xml.Name
	Text    string    `xml:",chardata"`
	Kids    []element `xml:",any"`
}

func (e *element) kid(name string) *element {
	for i := range e.Kids {
		if e.Kids[i].XMLName.Local == name {
			return &e.Kids[i]
		}
	}
	return &element{}
}

// actionWords are the parts of a default action that can be put back as they were.
var actionWords = map[string]bool{
	"Type": true, "Order": true, "TargetGroupArn": true, "ForwardConfig": true, "ForwardConfig.TargetGroups": true,
	"ForwardConfig.TargetGroups.member": true, "ForwardConfig.TargetGroups.member.TargetGroupArn": true, "ForwardConfig.TargetGroups.member.Weight": true,
	"ForwardConfig.TargetGroupStickinessConfig": true, "ForwardConfig.TargetGroupStickinessConfig.Enabled": true,
	"ForwardConfig.TargetGroupStickinessConfig.DurationSeconds": true,
	"FixedResponseConfig": true, "FixedResponseConfig.StatusCode": true, "FixedResponseConfig.ContentType": true, "FixedResponseConfig.MessageBody": true,
}

// foreign names a part of a listener's default action, as it came, that this program would lose; "" where there is none.
func foreign(answer []byte, listener string) (string, error) {
	var root element
	if err := xml.Unmarshal(answer, &root); err != nil {
		return "", fmt.Errorf("the answer cannot be read: %w", err)
	}
	for _, l := range root.kid("DescribeListenersResult").kid("Listeners").Kids {
		if strings.TrimSpace(l.kid("ListenerArn").Text) != listener {
			continue
		}
		for _, a := range l.kid("DefaultActions").Kids {
			if name := unknownIn(&a, ""); name != "" {
				return name, nil
			}
		}
		return "", nil
	}
	return "", fmt.Errorf("the answer is without the listener %s", listener)
}

func unknownIn(e *element, path string) string {
	for i := range e.Kids {
		k := &e.Kids[i]
		name := strings.TrimPrefix(path+"."+k.XMLName.Local, ".")
		if !actionWords[name] && (len(k.Kids) > 0 || strings.TrimSpace(k.Text) != "") {
			return name
		}
		if found := unknownIn(k, name); found != "" {
			return found
		}
	}
	return ""
}
