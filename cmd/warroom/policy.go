package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/awsread"
)

const policyLong = `Print the smallest IAM policy for what the config names: the operations that this program signs for it, on those
resources. "*" stands where IAM cannot limit an operation to resources, as with most that describe; in an ARN it
stands for an account or a region that is not known. Nothing is asked of AWS.

--read is for who watches (aws.profile), --write for who acts (actions.profile, or else the same). Where the config
has a role that acts (actions.role), --write is for the role alone: it changes, and looks at nothing. --read then
also holds what planning asks and the right to take that role, for the profiles.`

func (p *process) policyCommand() *cobra.Command {
	var path, account string
	var read, write bool
	c := &cobra.Command{
		Use:   "iam-policy",
		Short: "Print the smallest IAM policy for the config",
		Long:  policyLong,
		Example: `  warroom iam-policy --read --account 123456789012 > read.json
  aws iam put-user-policy --user-name oncall --policy-name warroom-read --policy-document file://read.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if account != "" && !accountNumber.MatchString(account) {
				return usage("--account %s: want the twelve digits of an account", sources.Clean(account))
			}
			found, err := p.findConfig(path)
			if err != nil {
				return err
			}
			config, err := loadConfig(found)
			if err != nil {
				return err
			}
			text, err := config.policy(read || !write, write || !read, account)
			if err == nil {
				p.printf("%s", text)
			}
			return err
		},
	}
	configFlag(c, &path)
	c.Flags().BoolVar(&read, "read", false, "only what watching needs")
	c.Flags().BoolVar(&write, "write", false, "only what acting needs")
	c.Flags().StringVar(&account, "account", "", "the account's number, for the ARNs")
	return c
}

var accountNumber = regexp.MustCompile(`^[0-9]{12}$`)

// statement is one of a policy: actions that are needed on the same resources.
type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// policy is the JSON of an IAM policy for who watches, who acts, or one who does both.
func (c *config) policy(read, write bool, account string) ([]byte, error) {
	needs := map[string][]string{}
	resources := literal(c.watch)
	looks, acts := awswrite.Permissions(awswrite.Options{Resources: resources, Region: c.AWS.Region, Role: c.Actions.Role}, account)
	if read {
		add(needs, awsread.Permissions(resources, c.AWS.Region, account))
	}
	if write {
		add(needs, acts)
	}
	if planner := c.Actions.Role != "" && read || c.Actions.Role == "" && write; planner {
		add(needs, looks)
	}
	var out bytes.Buffer
	encode := json.NewEncoder(&out)
	encode.SetEscapeHTML(false)
	encode.SetIndent("", "  ")
	err := encode.Encode(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements(needs)})
	return bytes.ReplaceAll(out.Bytes(), []byte(`"arn:aws:`), []byte(`"arn:`+partition(c.AWS.Region)+":")), err
}

// add adds what is needed by a part of the program.
func add(to, needs map[string][]string) {
	for action, on := range needs {
		all := slices.Concat(to[action], on)
		slices.Sort(all)
		to[action] = slices.Compact(all)
	}
}

// statements are as few as there are sets of resources, in an order that does not change.
func statements(needs map[string][]string) []statement {
	by := map[string]*statement{}
	var out []statement
	for _, action := range slices.Sorted(maps.Keys(needs)) {
		key := strings.Join(needs[action], " ")
		if by[key] == nil {
			by[key] = &statement{Effect: "Allow", Resource: needs[action]}
		}
		by[key].Action = append(by[key].Action, action)
	}
	for _, s := range by {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b statement) int { return strings.Compare(a.Action[0], b.Action[0]) })
	return out
}

// literal are the resources with ids that mean themselves in a policy, where * ? and $ mean more.
func literal(resources []sources.Resource) []sources.Resource {
	out := slices.Clone(resources)
	for i := range out {
		out[i].ID = strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(out[i].ID)
	}
	return out
}

// partition is the part of AWS in which a region lies: no account reaches out of its own.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
