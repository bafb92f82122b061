// Checks Grafana dashboards against Grafana's own schema: each field has to be known, and each that is required has to be there.
// (What a target may hold depends on its datasource: it is checked where the target has `datasource.type`.)
//
// usage: dashcheck FILE...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// lost names what `before` says that `after` does not. That a field is false, 0 or empty need not be said.
func lost(path string, before, after any) error {
	switch value := before.(type) {
	case map[string]any:
		other, _ := after.(map[string]any)
		var errs []error
		for name := range value {
			errs = append(errs, lost(path+"."+name, value[name], other[name]))
		}
		return errors.Join(errs...)
	case []any:
		other, _ := after.([]any)
		if len(other) != len(value) && len(value) > 0 {
			return fmt.Errorf("%s: unknown", path)
		}
		var errs []error
		for i := range value {
			errs = append(errs, lost(fmt.Sprintf("%s[%d]", path, i), value[i], other[i]))
		}
		return errors.Join(errs...)
	case nil:
		return nil
	}
	if after == nil && before != false && before != 0.0 && before != "" {
		return fmt.Errorf("%s: unknown", path)
	}
	return nil
}

func check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var read dashboard.Dashboard
	if err := read.UnmarshalJSONStrict(text); err != nil {
		return err
	}
	if err := read.Validate(); err != nil {
		return err
	}
	for _, panel := range read.Panels {
		if panel.Panel == nil {
			continue
		}
		// The options of an unknown one go unchecked.
		if _, known := cog.NewRuntime().ConfigForPanelcfgVariant(panel.Panel.Type); !known {
			return fmt.Errorf("%s is no type of panel", panel.Panel.Type)
		}
	}
	// Not all of the above is as strict as its name: in a field's configuration an unknown name is passed over.
	written, err := json.Marshal(read)
	if err != nil {
		return err
	}
	var before, after any
	if err := errors.Join(json.Unmarshal(text, &before), json.Unmarshal(written, &after)); err != nil {
		return err
	}
	return lost("dashboard", before, after)
}

func main() {
	plugins.RegisterDefaultPlugins()
	status := 0
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			status = 1
			fmt.Printf("%s: %v\n", path, err)
		}
	}
	os.Exit(status)
}
