package chatcompat

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden answers anew; read the difference before you keep it")

// The golden answers: what becomes of NAME.sse as chunks and as an object, if
// NAME.chat.json asked for it. Reasoning is in tags unless the name ends in -field.
func TestAnswerGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "chat", "*.sse"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden answers: %v", err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".sse")
		t.Run(filepath.Base(base), func(t *testing.T) {
			o := Options{}
			if strings.HasSuffix(base, "-field") {
				o.Reasoning = ReasoningField
			}
			p := plan(t, string(read(t, base+".chat.json")), o)
			all := eventsOf(t, read(t, file))
			both(t, p, all, endOf(all))

			frames, c := stream(p, all, endOf(all))
			if p.IncludeUsage {
				frames = string(UsageChunk([]byte(frames), []*Choice{c}))
			}
			golden(t, base+".chunks", frames+DoneFrame())
			object, _ := collect(p, all, endOf(all))
			golden(t, base+".completion.json", indented(t, object))
		})
	}
}

// The golden plans: what Parse makes of NAME.chat.json.
func TestPlanGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "chat", "*.chat.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden plans: %v", err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".chat.json")
		t.Run(filepath.Base(base), func(t *testing.T) {
			p := plan(t, string(read(t, file)), Options{})
			body := p.Body
			p.Body = nil
			out, err := json.Marshal(struct {
				*Plan
				Body json.RawMessage
			}{p, body})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, base+".plan.json", indented(t, string(out)))
		})
	}
}

func indented(t *testing.T, document string) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(json.RawMessage(document)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is missing; make it with -update", filepath.Base(file))
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(file), diff)
	}
}
