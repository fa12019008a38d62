package proxy

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/chatcompat"
)

// update writes docs/translation.md anew: go test ./internal/proxy -run Translation -update
var update = flag.Bool("update", false, "write docs/translation.md")

// docs/translation.md is made from the tables that the code works by.
func TestTranslationIsDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "translation.md")
	want := translation()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/translation.md is out of date (%v): go test ./internal/proxy -run Translation -update", err)
	}
}

func translation() string {
	var b strings.Builder
	b.WriteString(`# What becomes of each field

Made from the tables that the server works by; a test compares. ` + "`codexctl serve`" + ` tells for each answer what it did:
fields that were dropped are in the header ` + "`x-codexctl-dropped`" + `, those that were obeyed here in
` + "`x-codexctl-emulated`" + `, repairs of a conversation in ` + "`x-codexctl-notes`" + `. With ` + "`--strict`" + `, or the header
` + "`x-codexctl-strict: 1`" + `, a field that would be dropped is an error instead. With ` + "`x-codexctl-as-is: 1`" + ` the body
goes to the backend as it came.

| fate | meaning |
|---|---|
| sent | goes to the backend as it is |
| converted | goes to the backend in the form that it has for it |
| emulated | obeyed here, since the backend does not |
| answered | shapes the answer, and is not sent |
| ignored | left out without a word: nothing is lost |
| dropped | the backend refuses it: left out, and named |
| refused | an error, 400 |

A field that is in neither table is sent as it is.
`)
	table := func(title string, fields []chatcompat.Field) {
		fmt.Fprintf(&b, "\n## %s\n\n| field | fate | |\n|---|---|---|\n", title)
		for _, f := range fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Fate, f.Note)
		}
	}
	table("Responses", NativeFields())
	table("Chat Completions", chatcompat.Fields())
	return b.String()
}

// The table of the Responses form says what is done.
func TestNativeFieldsDoWhatTheTableSays(t *testing.T) {
	s := newStand(t, nil)
	for _, field := range NativeFields() {
		value := map[string]string{
			"model": `"gpt-5.5"`, "input": `"hi"`, "instructions": `"i"`, "stream": "false", "store": "false",
			"previous_response_id": "null",
		}[field.Name]
		if value == "" {
			value = "1"
		}
		body := fmt.Sprintf(`{"model":"gpt-5.5","input":"hi","%s":%s}`, field.Name, value)
		if field.Name == "model" || field.Name == "input" {
			body = hello
		}
		status, header, answer := s.post("/v1/responses", body)
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", field.Name, status, answer)
			continue
		}
		told := strings.Split(header.Get("X-Codexctl-Dropped"), ", ")
		if dropped := slices.Contains(told, field.Name); dropped != (field.Fate == chatcompat.Dropped) {
			t.Errorf("%s is %s, and named as dropped: %v", field.Name, field.Fate, dropped)
		}
		sent := s.sent()
		last := sent[len(sent)-1]
		gone := field.Fate == chatcompat.Dropped || slices.Contains(limitFields(), field.Name) || field.Name == "previous_response_id"
		if there := gjson.Get(last, field.Name).Exists(); there == gone {
			t.Errorf("%s is %s, and in what was sent: %v", field.Name, field.Fate, there)
		}
	}
}
