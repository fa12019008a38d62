package cli

import (
	"time"

	"github.com/tidwall/gjson"
)

// stringOrNull is s; an empty one is null in JSON.
func stringOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// orEmpty is what s holds; null is empty.
func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// instant is t in the form of every JSON result: RFC 3339, UTC; nil for the zero time.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return stringOrNull(t.UTC().Format(time.RFC3339))
}

// numberOrNull is a whole number; nil for anything else.
func numberOrNull(v gjson.Result) *int64 {
	if v.Type != gjson.Number {
		return nil
	}
	n := v.Int()
	return &n
}

// nonNil is list, so that JSON has [] and not null.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
