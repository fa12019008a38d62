package chatcompat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validator checks documents against the public API description; where that is not at
// hand it checks nothing.
type validator struct {
	t     *testing.T
	known map[string]*jsonschema.Schema // nil without the description
}

// schemas are compiled once: that is most of the work.
var schemas = sync.OnceValue(compileSchemas)

func newValidator(t *testing.T) *validator { return &validator{t, schemas()} }

func compileSchemas() map[string]*jsonschema.Schema {
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "openapi", "openai-schemas.json"))
	if err != nil {
		return nil
	}
	defer file.Close()
	description, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("api.json", description); err != nil {
		panic(err)
	}
	known := make(map[string]*jsonschema.Schema)
	for _, name := range []string{"CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"} {
		known[name] = compiler.MustCompile("api.json#/components/schemas/" + name)
	}
	return known
}

func (v *validator) check(name, document string) {
	v.t.Helper()
	if v.known == nil {
		return
	}
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		v.t.Fatalf("%v in %s", err, document)
	}
	if err := v.known[name].Validate(value); err != nil {
		v.t.Errorf("no valid %s: %v\n%s", name, err, document)
	}
}
