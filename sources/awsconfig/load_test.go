package awsconfig_test

import (
	"testing"

	"github.com/aws/smithy-go/logging"

	"warroom/sources/awsconfig"
)

// TestTheSDKSaysNothingOnTheScreen: what the SDK remarks by itself, such as that it falls back to IMDSv1, would be printed
// over the screen.
func TestTheSDKSaysNothingOnTheScreen(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	cfg, err := awsconfig.Load(t.Context(), awsconfig.Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, silent := cfg.Logger.(logging.Nop); !silent {
		t.Errorf("remarks go to a %T", cfg.Logger)
	}
}
