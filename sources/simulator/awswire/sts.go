package awswire

func identityOperations() []operation {
	return []operation{read("sts", "GetCallerIdentity", getCallerIdentity)}
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
