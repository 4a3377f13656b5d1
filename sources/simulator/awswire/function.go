package awswire

import (
	"net/http"

	"warroom/sources/simulator"
)

type functionInput struct {
	Name  string `path:"Name"`
	Stage string `query:"Stage"`
}

// function finds a function by its name. What is in development is the same as what is live.
func (c *call) function(name string) (simulator.EdgeFunction, error) {
	for _, d := range c.launch.State().Distributions {
		if name != "" && d.Function.Name == name {
			return d.Function, nil
		}
	}
	return simulator.EdgeFunction{}, &fault{Shape: "NoSuchFunctionExists", Status: http.StatusNotFound, Message: "The specified function does not exist."}
}

// getFunction gives a function's code, which is the whole answer.
func getFunction(c *call, in *functionInput) (*document, error) {
	f, err := c.function(in.Name)
	if err != nil {
		return nil, err
	}
	return &document{Plain: []byte(f.Code), Type: "application/octet-stream", ETag: f.ETag}, nil
}

func describeFunction(c *call, in *functionInput) (*document, error) {
	f, err := c.function(in.Name)
	if err != nil {
		return nil, err
	}
	stage := in.Stage
	if stage == "" {
		stage = "DEVELOPMENT"
	}
	return &document{Root: "FunctionSummary", ETag: f.ETag, Body: tree("FunctionSummary", leaf("Name", f.Name), leaf("Status", "UNASSOCIATED"),
		tree("FunctionConfig", leaf("Comment", ""), leaf("Runtime", "cloudfront-js-2.0"),
			list("KeyValueStoreAssociations", tree("KeyValueStoreAssociation", leaf("KeyValueStoreARN", f.StoreARN)))),
		tree("FunctionMetadata", leaf("FunctionARN", f.ARN), leaf("Stage", stage), leaf("CreatedTime", f.Modified), leaf("LastModifiedTime", f.Modified)))}, nil
}
