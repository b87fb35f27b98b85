package main

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers the calls of the protocol that configurations with these schemas lead to. The embedded interface is nil: it stands for the
// calls that cannot come, since these schemas have no functions, ephemeral resources or identities.
type server struct {
	tfprotov6.ProviderServer
	name    string
	schemas *tfprotov6.GetProviderSchemaResponse
	world   world
	region  string
	account string
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	answer := &tfprotov6.GetMetadataResponse{}
	for _, name := range sorted(s.schemas.ResourceSchemas) {
		answer.Resources = append(answer.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for _, name := range sorted(s.schemas.DataSourceSchemas) {
		answer.DataSources = append(answer.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.schemas, nil
}

func (s *server) GetResourceIdentitySchemas(
	context.Context, *tfprotov6.GetResourceIdentitySchemasRequest,
) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{}, nil
}

func (s *server) ValidateProviderConfig(
	_ context.Context, call *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: call.Config}, nil
}

// roleARN is the ARN of a role, with its account.
var roleARN = regexp.MustCompile(`arn:aws:iam::(\d{12}):role/`)

// ConfigureProvider remembers what data sources tell: the region, and the account of a role that is assumed.
func (s *server) ConfigureProvider(
	_ context.Context, call *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	config, err := call.Config.Unmarshal(s.schemas.Provider.ValueType())
	if err != nil {
		return nil, err
	}
	fields := map[string]tftypes.Value{}
	if err := config.As(&fields); err != nil {
		return nil, err
	}
	if region, has := fields["region"]; has && region.IsKnown() && !region.IsNull() {
		if err := region.As(&s.region); err != nil {
			return nil, err
		}
	}
	s.account = "111122223333"
	if role, has := fields["assume_role"]; has {
		if found := roleARN.FindStringSubmatch(role.String()); found != nil {
			s.account = found[1]
		}
	}
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// packed is a value as it travels.
func packed(schema *tfprotov6.Schema, value tftypes.Value) (*tfprotov6.DynamicValue, error) {
	dynamic, err := tfprotov6.NewDynamicValue(schema.ValueType(), value)
	return &dynamic, err
}
