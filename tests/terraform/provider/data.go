package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What data sources answer that modules put into names and policies. Everything else that is computed is invented.
var answers = map[string]string{
	"partition":  "aws",
	"dns_suffix": "amazonaws.com",
}

func (s *server) ValidateDataResourceConfig(
	_ context.Context, call *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	schema := s.schemas.DataSourceSchemas[call.TypeName]
	config, err := call.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	found, err := unconfigurable(schema, config)
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: found}, err
}

func (s *server) ReadDataSource(_ context.Context, call *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	schema := s.schemas.DataSourceSchemas[call.TypeName]
	config, err := call.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	open, err := planned(schema, config, true)
	if err != nil {
		return nil, err
	}
	full, err := tftypes.Transform(open, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() {
			return value, nil
		}
		name := lastName(path)
		answer, has := answers[name]
		switch {
		case !value.Type().Is(tftypes.String):
		case name == "region" && s.region != "":
			return tftypes.NewValue(tftypes.String, s.region), nil
		case name == "account_id":
			return tftypes.NewValue(tftypes.String, s.account), nil
		case has:
			return tftypes.NewValue(tftypes.String, answer), nil
		}
		return invented(value.Type(), name, call.TypeName), nil
	})
	if err != nil {
		return nil, err
	}
	state, err := packed(schema, full)
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}
