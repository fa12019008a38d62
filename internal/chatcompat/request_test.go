package chatcompat

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codexctl/codexctl/pkg/responses"
)

// The golden pairs: NAME.chat.json and the NAME.responses.json it becomes.
func TestRequestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "chat", "*.chat.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden pairs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			chat := read(t, file)
			want := read(t, strings.TrimSuffix(file, ".chat.json")+".responses.json")
			got, err := Request(chat)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, want), decode(t, got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

func TestRequestLeavesOtherBodiesAlone(t *testing.T) {
	for _, body := range []string{`{"input":"hi"}`, `{}`, `{ "model" : "x" }`, `[1]`, `not JSON`} {
		got, err := Request([]byte(body))
		if err != nil || string(got) != body {
			t.Errorf("%s became %s, %v", body, got, err)
		}
	}
}

func TestRequestNamesTheField(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"both forms at once", `{"messages":[],"input":"x"}`, "field input: want nothing beside messages"},
		{"messages no list", `{"messages":"hi"}`, "field messages: want a list"},
		{"unknown role", `{"messages":[{"role":"robot","content":"x"}]}`, "field messages.0.role"},
		{"content of a wrong type", `{"messages":[{"role":"user","content":7}]}`, "field messages.0.content"},
		{"audio", `{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]}`, "field messages.0.content.0.type: want text, image_url or file: the backend takes no audio"},
		{"unknown part", `{"messages":[{"role":"user","content":[{"type":"smell"}]}]}`, "field messages.0.content.0.type"},
		{"tool output without a call", `{"messages":[{"role":"tool","content":"x"}]}`, "field messages.0.tool_call_id"},
		{"unknown kind of call", `{"messages":[{"role":"assistant","tool_calls":[{"type":"x"}]}]}`, "field messages.0.tool_calls.0.type"},
		{"tools no list", `{"messages":[],"tools":{}}`, "field tools"},
		{"function no object", `{"messages":[],"tools":[{"type":"function","function":1}]}`, "field tools.0"},
		{"format no object", `{"messages":[],"response_format":"json"}`, "field response_format"},
		{"schema no object", `{"messages":[],"response_format":{"type":"json_schema","json_schema":1}}`, "field response_format.json_schema"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Request([]byte(tt.body))
			if !errors.Is(err, responses.ErrBadRequest) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q in it", err, tt.want)
			}
		})
	}
}
