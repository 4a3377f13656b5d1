package awswrite

import (
	"context"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"warroom/runbooks"
)

// reads are the operations that may always be signed, as "client.operation", each with its IAM action.
var reads = map[string]string{
	"STS.GetCallerIdentity":                                 "sts:GetCallerIdentity",
	"IAM.GetRole":                                           "iam:GetRole",
	"IAM.SimulatePrincipalPolicy":                           "iam:SimulatePrincipalPolicy",
	"Auto Scaling.DescribeAutoScalingGroups":                "autoscaling:DescribeAutoScalingGroups",
	"Auto Scaling.DescribeInstanceRefreshes":                "autoscaling:DescribeInstanceRefreshes",
	"Auto Scaling.DescribeScalingActivities":                "autoscaling:DescribeScalingActivities",
	"Auto Scaling.DescribeScheduledActions":                 "autoscaling:DescribeScheduledActions",
	"Elastic Load Balancing v2.DescribeLoadBalancers":       "elasticloadbalancing:DescribeLoadBalancers",
	"Elastic Load Balancing v2.DescribeCapacityReservation": "elasticloadbalancing:DescribeCapacityReservation",
	"Elastic Load Balancing v2.DescribeListeners":           "elasticloadbalancing:DescribeListeners",
	"Elastic Load Balancing v2.DescribeRules":               "elasticloadbalancing:DescribeRules",
	"Elastic Load Balancing v2.DescribeTargetGroups":        "elasticloadbalancing:DescribeTargetGroups",
	"Elastic Load Balancing v2.DescribeTargetHealth":        "elasticloadbalancing:DescribeTargetHealth",
	"CodeDeploy.BatchGetDeployments":                        "codedeploy:BatchGetDeployments",
	"CodeDeploy.GetDeployment":                              "codedeploy:GetDeployment",
	"CodeDeploy.GetDeploymentGroup":                         "codedeploy:GetDeploymentGroup",
	"CodeDeploy.ListDeployments":                            "codedeploy:ListDeployments",
	"RDS.DescribeDBClusters":                                "rds:DescribeDBClusters",
	"RDS.DescribeDBInstances":                               "rds:DescribeDBInstances",
	"CloudFront.GetDistribution":                            "cloudfront:GetDistribution",
	"CloudFront.GetDistributionConfig":                      "cloudfront:GetDistributionConfig",
	"CloudFront.DescribeFunction":                           "cloudfront:DescribeFunction",
	"CloudFront.GetFunction":                                "cloudfront:GetFunction",
	"CloudFront.GetInvalidation":                            "cloudfront:GetInvalidation",
	"CloudFront KeyValueStore.DescribeKeyValueStore":        "cloudfront-keyvaluestore:DescribeKeyValueStore",
	"CloudFront KeyValueStore.GetKey":                       "cloudfront-keyvaluestore:GetKey",
	"CloudFront.ListInvalidations":                          "cloudfront:ListInvalidations",
	"WAFV2.GetWebACL":                                       "wafv2:GetWebACL",
	"WAFV2.ListWebACLs":                                     "wafv2:ListWebACLs",
}

// writes are the operations that may be signed for a confirmed plan only. To become another role is one of them: the
// role's session bears the operator's name and is opened for an action.
var writes = map[string]string{
	"STS.AssumeRole":                                      "sts:AssumeRole",
	"Auto Scaling.RollbackInstanceRefresh":                "autoscaling:RollbackInstanceRefresh",
	"Auto Scaling.UpdateAutoScalingGroup":                 "autoscaling:UpdateAutoScalingGroup",
	"CodeDeploy.StopDeployment":                           "codedeploy:StopDeployment",
	"Elastic Load Balancing v2.ModifyCapacityReservation": "elasticloadbalancing:ModifyCapacityReservation",
	"Elastic Load Balancing v2.ModifyListener":            "elasticloadbalancing:ModifyListener",
	"RDS.ModifyDBCluster":                                 "rds:ModifyDBCluster",
	"CloudFront KeyValueStore.PutKey":                     "cloudfront-keyvaluestore:PutKey",
	"CloudFront.UpdateDistribution":                       "cloudfront:UpdateDistribution",
	"CloudFront.CreateInvalidation":                       "cloudfront:CreateInvalidation",
	"WAFV2.UpdateWebACL":                                  "wafv2:UpdateWebACL",
}

// RefusedError says that an operation may not be signed: it is none that the hands know, or it is a write without a
// confirmed plan. Nothing was sent.
type RefusedError struct {
	Service   string // the SDK's name of the service
	Operation string
	Write     bool // it would have been allowed for a confirmed plan
}

// Error names the operation.
func (e *RefusedError) Error() string {
	if e.Write {
		return fmt.Sprintf("%s %s refused before it was signed: no confirmed plan asks for it", e.Service, e.Operation)
	}
	return fmt.Sprintf("%s %s refused before it was signed: it is not among the operations of awswrite", e.Service, e.Operation)
}

// guard stands where requests are signed. It holds for every client made from the session's configuration, whoever
// calls it and with whatever credentials.
type guard struct{}

// ID is the name of the guard in the middleware stack.
func (guard) ID() string { return "warroom:Guard" }

// HandleFinalize refuses what is not allowed.
func (guard) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	client, operation := awsmiddleware.GetServiceID(ctx), middleware.GetOperationName(ctx)
	name := client + "." + operation
	_, reading := reads[name]
	_, writing := writes[name]
	if !reading && (!writing || !runbooks.Permitted(ctx)) {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, &RefusedError{Service: client, Operation: operation, Write: writing}
	}
	return next.HandleFinalize(ctx, in)
}

// addGuard puts the guard before credentials are fetched and the request is signed: for what is refused, no role is
// assumed either.
func addGuard(stack *middleware.Stack) error {
	return stack.Finalize.Insert(guard{}, "GetIdentity", middleware.Before)
}
