package responses

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// The estimate against what the backend counted: docs/protocol.md, fact N-1.
func TestEstimateAgainstRecordings(t *testing.T) {
	for name, stream := range recordings(t) {
		data, err := os.ReadFile(filepath.Join("../../../shared/recordings", strings.TrimSuffix(name, "sse")+"json"))
		if err != nil {
			t.Fatal(err)
		}
		var r Request
		if err := json.Unmarshal([]byte(gjson.GetBytes(data, "request").Raw), &r); err != nil {
			t.Fatal(err)
		}
		last := stream[strings.LastIndex(string(stream), "data: ")+len("data: "):]
		counted := int(gjson.GetBytes(last, "response.usage.input_tokens").Int())
		got := r.EstimateTokens()
		t.Logf("%s: counted %d, estimated %d", filepath.Base(name), counted, got)
		if got*5 < counted*4 || got*5 > counted*6 {
			t.Errorf("%s: estimated %d, want within a fifth of %d", name, got, counted)
		}
	}
}
