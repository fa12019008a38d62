package terminal

import (
	"bytes"
	"strings"
	"testing"
)

// What a terminal without a name is asked, and which answers are a yes. The rest of
// this is in cmd/codexctl/prompts_test.go, on a pseudo-terminal.
func TestPlainConfirm(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \r\n": true, "y": true,
		"n\n": false, "\n": false, "": false, "yes please\n": false, "no\n": false, "1\n": false,
	} {
		var out bytes.Buffer
		got, err := plainConfirm(strings.NewReader(answer), &out, "Replace it?")
		if got != want || err != nil {
			t.Errorf("%q is %t, %v, want %t", answer, got, err, want)
		}
		if out.String() != "Replace it? [y/N] " {
			t.Errorf("it asked %q", &out)
		}
	}
}
