package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (s *server) ValidateResourceConfig(
	_ context.Context, call *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	schema := s.schemas.ResourceSchemas[call.TypeName]
	config, err := call.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	found, err := unconfigurable(schema, config)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: found}, err
}

// UpgradeResourceState reads a stored state; there is one version of each schema.
func (s *server) UpgradeResourceState(
	_ context.Context, call *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	schema := s.schemas.ResourceSchemas[call.TypeName]
	value, err := call.RawState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	state, err := packed(schema, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: state}, err
}

// ReadResource answers with the file in the world, whoever wrote it.
func (s *server) ReadResource(_ context.Context, call *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	schema := s.schemas.ResourceSchemas[call.TypeName]
	last, err := call.CurrentState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	now, exists, err := s.world.read(call.TypeName, last)
	if err != nil {
		return nil, err
	}
	if !exists {
		now = tftypes.NewValue(schema.ValueType(), nil)
	}
	state, err := packed(schema, now)
	return &tfprotov6.ReadResourceResponse{NewState: state, Private: call.Private}, err
}

// PlanResourceChange takes what Terraform proposes; what the provider will give to a new resource is unknown, and one that exists keeps it. It
// never asks for a replacement: which changes need one is not in a schema.
func (s *server) PlanResourceChange(
	_ context.Context, call *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	schema := s.schemas.ResourceSchemas[call.TypeName]
	proposed, err := call.ProposedNewState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	prior, err := call.PriorState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	if proposed.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: call.ProposedNewState, PlannedPrivate: call.PriorPrivate}, nil
	}
	plan, err := planned(schema, proposed, prior.IsNull())
	if err != nil {
		return nil, err
	}
	state, err := packed(schema, plan)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: state, PlannedPrivate: call.PriorPrivate}, err
}

// ApplyResourceChange writes the planned state into the world, or removes the resource from it.
func (s *server) ApplyResourceChange(
	_ context.Context, call *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	schema := s.schemas.ResourceSchemas[call.TypeName]
	plan, err := call.PlannedState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	if plan.IsNull() {
		prior, err := call.PriorState.Unmarshal(schema.ValueType())
		if err != nil {
			return nil, err
		}
		return &tfprotov6.ApplyResourceChangeResponse{NewState: call.PlannedState}, s.world.remove(call.TypeName, prior)
	}
	// The same configuration in the same region gets the same values, so that a test's output is the same each time.
	digest := sha256.Sum256([]byte(call.TypeName + s.region + plan.String()))
	full, err := completed(schema, plan, call.TypeName+"-"+hex.EncodeToString(digest[:4]))
	if err != nil {
		return nil, err
	}
	if err := s.world.write(call.TypeName, full); err != nil {
		return nil, err
	}
	state, err := packed(schema, full)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: state, Private: call.PlannedPrivate}, err
}

// ImportResourceState finds a resource of the world by its id.
func (s *server) ImportResourceState(
	_ context.Context, call *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	schema, has := s.schemas.ResourceSchemas[call.TypeName]
	if !has {
		return nil, fmt.Errorf("no resource type %q", call.TypeName)
	}
	fields := map[string]tftypes.Value{}
	for name, of := range schema.ValueType().(tftypes.Object).AttributeTypes {
		fields[name] = tftypes.NewValue(of, nil)
	}
	fields["id"] = tftypes.NewValue(tftypes.String, call.ID)
	value := tftypes.NewValue(schema.ValueType(), fields)
	state, err := packed(schema, value)
	return &tfprotov6.ImportResourceStateResponse{
		ImportedResources: []*tfprotov6.ImportedResource{{TypeName: call.TypeName, State: state}},
	}, err
}
