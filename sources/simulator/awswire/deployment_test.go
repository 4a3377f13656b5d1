package awswire

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
)

// TestDeploymentFaults spells the refusals so that the SDK knows them.
func TestDeploymentFaults(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	stop := func(id string) error {
		_, err := c.codedeploy.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: aws.String(id)})
		return err
	}
	list := func(application, group string) error {
		_, err := c.codedeploy.ListDeployments(t.Context(), &codedeploy.ListDeploymentsInput{ApplicationName: aws.String(application), DeploymentGroupName: aws.String(group)})
		return err
	}
	for what, ok := range map[string]bool{
		"one that has ended":  errors.As(stop("d-ENDED0001"), new(*types.DeploymentAlreadyCompletedException)),
		"one that is not":     errors.As(stop("d-NOWHERE01"), new(*types.DeploymentDoesNotExistException)),
		"no id of its kind":   errors.As(stop("42"), new(*types.InvalidDeploymentIdException)),
		"another application": errors.As(list("food", "web"), new(*types.ApplicationDoesNotExistException)),
		"another group":       errors.As(list("shop", "api"), new(*types.DeploymentGroupDoesNotExistException)),
	} {
		if !ok {
			t.Errorf("%s: another error", what)
		}
	}
	_, err := c.cloudfront.GetFunction(t.Context(), &cloudfront.GetFunctionInput{Name: aws.String("other")})
	if !errors.As(err, new(*cloudfronttypes.NoSuchFunctionExists)) {
		t.Errorf("another function: %v", err)
	}
}

// TestAStoppedDeploymentNamesItsRollback follows a stop by the ids that AWS gives.
func TestAStoppedDeploymentNamesItsRollback(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	out, err := c.codedeploy.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: aws.String("d-RUNNING01"), AutoRollbackEnabled: aws.Bool(true)})
	if err != nil || out.Status != types.StopStatusSucceeded {
		t.Fatal(err, out)
	}
	got, err := c.codedeploy.GetDeployment(t.Context(), &codedeploy.GetDeploymentInput{DeploymentId: aws.String("d-RUNNING01")})
	if err != nil || got.DeploymentInfo.Status != types.DeploymentStatusStopped || aws.ToString(got.DeploymentInfo.RollbackInfo.RollbackDeploymentId) != "d-BACK00001" ||
		got.DeploymentInfo.ErrorInformation.Code != types.ErrorCodeManualStop {
		t.Errorf("%v, %+v", err, got)
	}
}
