package awsread

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
)

// Where the SDK says that credentials came from, beyond what its packages export.
const (
	fromFile        = "SharedConfigCredentials" // and ": " and the file
	fromEnvironment = config.CredentialsSourceName
)

// readAgain ends the ways of renewing that need nothing but a person.
const readAgain = "; they are read again by themselves"

// renewal is how a person renews the credentials, as far as it is known where they come from.
func (s *session) renewal() string {
	s.mu.Lock()
	source, shared := s.source, sharedConfig(s.config)
	s.mu.Unlock()
	if s.options.Credentials != nil {
		return "renew them where they come from" + readAgain
	}
	profile := shared.Profile
	if profile == "" {
		profile = s.profile()
	}
	if source == "" || source == stscreds.ProviderName {
		source = expected(shared)
	}
	kind, file, _ := strings.Cut(source, ": ")
	switch kind {
	case ssocreds.ProviderName:
		return fmt.Sprintf("run `aws sso login --profile %s`%s", profile, readAgain)
	case fromFile:
		return fmt.Sprintf("write new keys for profile %q into %s%s", profile, file, readAgain)
	case fromEnvironment:
		return "start the room again with new keys in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)"
	case ec2rolecreds.ProviderName:
		return "the instance's metadata service gives them: check the instance's role" + readAgain
	case endpointcreds.ProviderName:
		return "the container's credentials endpoint gives them: check the task's role" + readAgain
	case processcreds.ProviderName:
		return fmt.Sprintf("check the credential_process of profile %q%s", profile, readAgain)
	}
	return "renew them where they come from" + readAgain
}

// sharedConfig is what the profile's files say, of a profile that takes its credentials from another one the
// other's. It is empty where no file was read.
func sharedConfig(c aws.Config) config.SharedConfig {
	for _, from := range c.ConfigSources {
		if shared, ok := from.(config.SharedConfig); ok {
			for shared.Source != nil {
				shared = *shared.Source
			}
			return shared
		}
	}
	return config.SharedConfig{}
}

// expected is where a profile's credentials would come from, before any have come.
func expected(c config.SharedConfig) string {
	switch {
	case c.SSOSessionName != "" || c.SSOStartURL != "":
		return ssocreds.ProviderName
	case c.Credentials.HasKeys():
		return c.Credentials.Source
	case c.CredentialProcess != "":
		return processcreds.ProviderName
	}
	return ""
}
