package cli

import (
	"strings"
	"testing"
)

// cli.md 6: text with a byte order mark is decoded, and what is no text is refused.
func TestDecodeText(t *testing.T) {
	tests := []struct{ name, data, want, fault string }{
		{"UTF-8", "hé😀", "hé😀", ""},
		{"UTF-8 with a mark", "\xEF\xBB\xBFhé", "hé", ""},
		{"UTF-8 with the sign for what is no text", "a\uFFFD", "a\uFFFD", ""},
		{"nothing", "", "", ""},
		{"UTF-16, little end first", "\xFF\xFEh\x00\xe9\x00\x3d\xd8\x00\xde", "hé😀", ""},
		{"UTF-16, big end first", "\xFE\xFF\x00h\x00\xe9\xd8\x3d\xde\x00", "hé😀", ""},
		{"UTF-16 with the sign for what is no text", "\xFE\xFF\xff\xfd", "\uFFFD", ""},
		{"UTF-16, a mark alone", "\xFF\xFE", "", ""},
		{"UTF-32, little end first", "\xFF\xFE\x00\x00h\x00\x00\x00\x00\xf6\x01\x00", "h😀", ""},
		{"UTF-32, big end first", "\x00\x00\xFE\xFF\x00\x00\x00h\x00\x01\xf6\x00", "h😀", ""},
		{"UTF-32, a mark alone", "\x00\x00\xFE\xFF", "", ""},

		{"not UTF-8", "\x89PNG\xFF", "", "is not UTF-8"},
		{"UTF-16, half a character", "\xFF\xFEh\x00\xe9", "", "byte order mark"},
		{"UTF-16, the first of a pair at the end", "\xFE\xFF\xd8\x3d", "", "byte order mark"},
		{"UTF-16, the first of a pair alone", "\xFE\xFF\xd8\x3d\x00h", "", "byte order mark"},
		{"UTF-16, the second of a pair alone", "\xFE\xFF\xde\x00\x00h", "", "byte order mark"},
		{"UTF-32, half a character", "\x00\x00\xFE\xFF\x00\x00", "", "byte order mark"},
		{"UTF-32, beyond the last character", "\x00\x00\xFE\xFF\x00\x11\x00\x00", "", "byte order mark"},
		{"UTF-32, far beyond it", "\x00\x00\xFE\xFF\xff\xff\xff\xff", "", "byte order mark"},
		{"UTF-32, half of a pair", "\x00\x00\xFE\xFF\x00\x00\xd8\x00", "", "byte order mark"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeText([]byte(tt.data))
			switch {
			case tt.fault == "" && (err != nil || got != tt.want):
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			case tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)):
				t.Errorf("%q, %v, want an error with %q", got, err, tt.fault)
			}
		})
	}
}
