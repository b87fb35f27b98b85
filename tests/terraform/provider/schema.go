package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed schemas/*.json
var files embed.FS

// What `terraform providers schema -json` prints.
type schemaFile struct {
	ProviderSchemas map[string]struct {
		Provider    *schema           `json:"provider"`
		Resources   map[string]schema `json:"resource_schemas"`
		DataSources map[string]schema `json:"data_source_schemas"`
	} `json:"provider_schemas"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	BlockTypes map[string]nested    `json:"block_types"`
}

type attribute struct {
	Type       json.RawMessage `json:"type"`
	Required   bool            `json:"required"`
	Optional   bool            `json:"optional"`
	Computed   bool            `json:"computed"`
	Sensitive  bool            `json:"sensitive"`
	Deprecated bool            `json:"deprecated"`
	WriteOnly  bool            `json:"write_only"`
}

type nested struct {
	NestingMode string `json:"nesting_mode"`
	MinItems    int64  `json:"min_items"`
	MaxItems    int64  `json:"max_items"`
	Block       block  `json:"block"`
}

// load reads schemas/NAME.schema.json, and the provider's own block from schemas/NAME.provider.json where the first file lacks it.
// It returns the provider's address too.
func load(name string) (*tfprotov6.GetProviderSchemaResponse, string, error) {
	var file schemaFile
	if err := readJSON("schemas/"+name+".schema.json", &file); err != nil {
		return nil, "", err
	}
	for address, provider := range file.ProviderSchemas {
		if provider.Provider == nil {
			provider.Provider = &schema{}
			if err := readJSON("schemas/"+name+".provider.json", provider.Provider); err != nil {
				return nil, "", err
			}
		}
		own, err := provider.Provider.protocol()
		if err != nil {
			return nil, "", err
		}
		resources, err := protocolMap(provider.Resources)
		if err != nil {
			return nil, "", err
		}
		dataSources, err := protocolMap(provider.DataSources)
		if err != nil {
			return nil, "", err
		}
		return &tfprotov6.GetProviderSchemaResponse{
			Provider:          own,
			ResourceSchemas:   resources,
			DataSourceSchemas: dataSources,
		}, address, nil
	}
	return nil, "", fmt.Errorf("no provider in the file")
}

func readJSON(path string, into any) error {
	text, err := files.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func protocolMap(schemas map[string]schema) (map[string]*tfprotov6.Schema, error) {
	all := map[string]*tfprotov6.Schema{}
	for name, schema := range schemas {
		one, err := schema.protocol()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = one
	}
	return all, nil
}

func (s schema) protocol() (*tfprotov6.Schema, error) {
	block, err := s.Block.protocol()
	return &tfprotov6.Schema{Version: s.Version, Block: block}, err
}

func (b block) protocol() (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for _, name := range sorted(b.Attributes) {
		a := b.Attributes[name]
		of, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the one reader of this notation that the library exports
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: of, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, Deprecated: a.Deprecated, WriteOnly: a.WriteOnly,
		})
	}
	for _, name := range sorted(b.BlockTypes) {
		n := b.BlockTypes[name]
		mode, known := nesting[n.NestingMode]
		if !known {
			return nil, fmt.Errorf("%s: nesting mode %q", name, n.NestingMode)
		}
		inner, err := n.Block.protocol()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Nesting: mode, MinItems: n.MinItems, MaxItems: n.MaxItems, Block: inner,
		})
	}
	return out, nil
}

var nesting = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
