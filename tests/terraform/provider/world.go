package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// world holds the resources that exist: one JSON file each, TYPE.ID.json, one attribute a line, so that a test can change or remove it.
// Without a folder nothing is kept, and what was read last still holds.
type world struct{ folder string }

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func (w world) path(resource, id string) string {
	return filepath.Join(w.folder, resource+"."+unsafe.ReplaceAllString(id, "_")+".json")
}

// read returns the resource as it is now; false when there is none any more.
func (w world) read(resource string, last tftypes.Value) (tftypes.Value, bool, error) {
	if w.folder == "" {
		return last, true, nil
	}
	text, err := os.ReadFile(w.path(resource, identity(last)))
	if errors.Is(err, fs.ErrNotExist) {
		return last, false, nil
	}
	if err != nil {
		return last, false, err
	}
	now, err := tftypes.ValueFromJSON(text, last.Type())
	return now, true, err
}

func (w world) write(resource string, value tftypes.Value) error {
	if w.folder == "" {
		return nil
	}
	plain, err := plain(value)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(plain, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(w.path(resource, identity(value)), text, 0o600)
}

func (w world) remove(resource string, value tftypes.Value) error {
	if w.folder == "" {
		return nil
	}
	err := os.Remove(w.path(resource, identity(value)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// identity is the attribute `id`; empty when the resource has none.
func identity(value tftypes.Value) string {
	var id string
	fields := map[string]tftypes.Value{}
	if value.As(&fields) == nil {
		if given, has := fields["id"]; has && given.Type().Is(tftypes.String) && given.IsKnown() && !given.IsNull() {
			_ = given.As(&id)
		}
	}
	return id
}

// plain is a known value as encoding/json takes it.
func plain(value tftypes.Value) (any, error) {
	if value.IsNull() {
		return nil, nil
	}
	of := value.Type()
	switch {
	case of.Is(tftypes.String):
		var text string
		err := value.As(&text)
		return text, err
	case of.Is(tftypes.Bool):
		var truth bool
		err := value.As(&truth)
		return truth, err
	case of.Is(tftypes.Number):
		number := new(big.Float)
		err := value.As(&number)
		return json.Number(number.Text('f', -1)), err
	case of.Is(tftypes.Map{}), of.Is(tftypes.Object{}):
		return plainFields(value)
	}
	return plainElements(value)
}

func plainFields(value tftypes.Value) (any, error) {
	fields, out := map[string]tftypes.Value{}, map[string]any{}
	if err := value.As(&fields); err != nil {
		return nil, err
	}
	for name, field := range fields {
		one, err := plain(field)
		if err != nil {
			return nil, err
		}
		out[name] = one
	}
	return out, nil
}

func plainElements(value tftypes.Value) (any, error) {
	elements, out := []tftypes.Value{}, []any{}
	if err := value.As(&elements); err != nil {
		return nil, err
	}
	for _, element := range elements {
		one, err := plain(element)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}
