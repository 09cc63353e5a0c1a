// Renders a chart as `helm template` does, as far as this chart needs it: Go's own templates with Sprig's functions, and
// Helm's include, toYaml, fail and required. For machines that have no helm.
//
//	go run render.go CHART RELEASE NAMESPACE < values.json    (values: those of the chart and of the user, merged)
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func toYaml(value interface{}) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func main() {
	chart, release, namespace := os.Args[1], os.Args[2], os.Args[3]
	input, err := io.ReadAll(os.Stdin)
	check(err)
	var values map[string]interface{}
	check(json.Unmarshal(input, &values))
	text, err := os.ReadFile(filepath.Join(chart, "Chart.yaml"))
	check(err)
	var about map[string]interface{}
	check(yaml.Unmarshal(text, &about))

	root := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, fmt.Errorf("%s", message)
		}
		return value, nil
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := root.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	root.Funcs(functions)

	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	sort.Strings(files)
	for _, file := range files {
		source, err := os.ReadFile(file)
		check(err)
		_, err = root.New(filepath.Base(file)).Parse(string(source))
		check(err)
	}
	chartValues := map[string]interface{}{}
	for key, value := range about {
		chartValues[strings.ToUpper(key[:1])+key[1:]] = value
	}
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   chartValues,
		"Release": map[string]interface{}{"Name": release, "Namespace": namespace, "Service": "Helm"},
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var out bytes.Buffer
		check(root.ExecuteTemplate(&out, name, data))
		if strings.HasSuffix(name, ".txt") || strings.TrimSpace(out.String()) == "" {
			continue
		}
		fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimSpace(strings.ReplaceAll(out.String(), "<no value>", "")))
	}
}
