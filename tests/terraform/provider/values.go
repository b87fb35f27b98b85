package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attributeAt finds the attribute that a path ends at; nil for a block, an element, or a part of an attribute's own value.
func attributeAt(block *tfprotov6.SchemaBlock, path *tftypes.AttributePath) *tfprotov6.SchemaAttribute {
	steps := path.Steps()
	for i, step := range steps {
		name, isName := step.(tftypes.AttributeName)
		if !isName {
			continue // an element of a list or set of blocks
		}
		for _, attribute := range block.Attributes {
			if attribute.Name == string(name) {
				if i == len(steps)-1 {
					return attribute
				}
				return nil
			}
		}
		inner := nestedBlock(block, string(name))
		if inner == nil {
			return nil
		}
		block = inner
	}
	return nil
}

func nestedBlock(block *tfprotov6.SchemaBlock, name string) *tfprotov6.SchemaBlock {
	for _, nested := range block.BlockTypes {
		if nested.TypeName == name {
			return nested.Block
		}
	}
	return nil
}

// planned makes each computed attribute without a value unknown where the resource is new, and takes out those that are only written.
func planned(schema *tfprotov6.Schema, proposed tftypes.Value, isNew bool) (tftypes.Value, error) {
	return tftypes.Transform(proposed, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		attribute := attributeAt(schema.Block, path)
		switch {
		case attribute == nil:
			return value, nil
		case attribute.WriteOnly:
			return tftypes.NewValue(value.Type(), nil), nil
		case isNew && attribute.Computed && value.IsNull():
			return tftypes.NewValue(value.Type(), tftypes.UnknownValue), nil
		}
		return value, nil
	})
}

// completed gives each unknown value of a resource one that names where it comes from; `about` makes those of two resources differ. What
// a configuration may set and does not set is null, unless it is an `id` or `arn`: so a test can assert that something is not set.
func completed(schema *tfprotov6.Schema, value tftypes.Value, about string) (tftypes.Value, error) {
	return tftypes.Transform(value, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() {
			return value, nil
		}
		name := lastName(path)
		attribute := attributeAt(schema.Block, path)
		if attribute != nil && attribute.Optional && name != "id" && name != "arn" {
			return tftypes.NewValue(value.Type(), nil), nil
		}
		return invented(value.Type(), name, about), nil
	})
}

func lastName(path *tftypes.AttributePath) string {
	steps := path.Steps()
	for i := len(steps) - 1; i >= 0; i-- {
		if name, isName := steps[i].(tftypes.AttributeName); isName {
			return string(name)
		}
	}
	return ""
}

func invented(of tftypes.Type, name, about string) tftypes.Value {
	switch {
	case of.Is(tftypes.String) && name == "id":
		return tftypes.NewValue(of, identifier(about))
	case of.Is(tftypes.String) && strings.HasSuffix(name, "arn"):
		return tftypes.NewValue(of, "arn:aws:test:eu-central-1:111122223333:"+about+"/"+name)
	case of.Is(tftypes.String):
		return tftypes.NewValue(of, about+"/"+name)
	case of.Is(tftypes.Number):
		return tftypes.NewValue(of, 0)
	case of.Is(tftypes.Bool):
		return tftypes.NewValue(of, false)
	case of.Is(tftypes.List{}), of.Is(tftypes.Set{}):
		return tftypes.NewValue(of, []tftypes.Value{})
	case of.Is(tftypes.Map{}):
		return tftypes.NewValue(of, map[string]tftypes.Value{})
	}
	return tftypes.NewValue(of, nil)
}

// identifier has the shape that identifiers of the provider have; `about` begins with the type of the resource.
func identifier(about string) string {
	about = strings.ReplaceAll(about, "_", "-")
	switch {
	case strings.HasPrefix(about, "azurerm-"):
		return "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test/providers/Microsoft.Test/" + about
	case strings.HasPrefix(about, "oci-"):
		return "ocid1.test.oc1.eu-frankfurt-1." + about
	}
	return about
}

// unconfigurable names the attributes that only the provider may set and that a configuration sets. Terraform leaves this to providers.
func unconfigurable(schema *tfprotov6.Schema, config tftypes.Value) ([]*tfprotov6.Diagnostic, error) {
	var found []*tfprotov6.Diagnostic
	err := tftypes.Walk(config, func(path *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		attribute := attributeAt(schema.Block, path)
		if attribute != nil && attribute.Computed && !attribute.Optional && !value.IsNull() {
			found = append(found, &tfprotov6.Diagnostic{
				Severity:  tfprotov6.DiagnosticSeverityError,
				Summary:   fmt.Sprintf("%q cannot be set", attribute.Name),
				Detail:    "Only the provider gives it a value.",
				Attribute: path,
			})
		}
		return true, nil
	})
	return found, err
}
