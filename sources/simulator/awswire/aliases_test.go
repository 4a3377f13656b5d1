package awswire

import (
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// The few types of these clients that tests name.
type (
	autoscalingFilter   = autoscalingtypes.Filter
	rdsFilterType       = rdstypes.Filter
	rdsCapacity         = rdstypes.ServerlessV2ScalingConfiguration
	rdsClusterNotFound  = rdstypes.DBClusterNotFoundFault
	rdsInstanceNotFound = rdstypes.DBInstanceNotFoundFault
)
