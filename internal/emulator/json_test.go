package emulator

import (
	"encoding/json"
	"testing"
)

// mergeJSON puts the fields of changes over those of base.
func mergeJSON(t testing.TB, base, changes string) string {
	t.Helper()
	fields := map[string]json.RawMessage{}
	for _, text := range []string{base, changes} {
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return string(encode(fields))
}

// without removes a field.
func without(t testing.TB, body, field string) string {
	t.Helper()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, field)
	return string(encode(fields))
}
