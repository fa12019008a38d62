package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// cli.md 5: what the spinner draws it takes away, and its goroutine ends with it.
func TestSpinnerLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var screen lockedBuffer
	talk := &talk{w: &screen}
	s := startSpinner(talk, []string{"|", "/"})
	for end := time.Now().Add(20 * time.Second); screen.Len() == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	talk.say("a line")
	s.stop()
	s.stop()
	got := screen.String()
	if !strings.HasPrefix(got, "\r| waiting") || !strings.Contains(got, "\r\x1b[Ka line\n") {
		t.Errorf("the screen got %q", got)
	}
	if last := got[strings.LastIndex(got, "\r"):]; !strings.HasPrefix(last, "\r\x1b[K") {
		t.Errorf("a line is left: %q", got)
	}
}

// An answer that is there at once sees no spinner.
func TestSpinnerStoppedAtOnce(t *testing.T) {
	var screen lockedBuffer
	startSpinner(&talk{w: &screen}, []string{"|"}).stop()
	(*spinner)(nil).stop()
	if screen.Len() > 0 {
		t.Errorf("the screen got %q", screen.String())
	}
}

// POSIX: LC_ALL is asked before LC_CTYPE, and that before LANG; an empty one is none.
func TestSpinnerFrames(t *testing.T) {
	tests := []struct {
		name      string
		variables map[string]string
		ascii     bool
	}{
		{"nothing is set", nil, true},
		{"LANG", map[string]string{"LANG": "de_DE.UTF-8"}, false},
		{"spelled otherwise", map[string]string{"LC_CTYPE": "C.utf8"}, false},
		{"LC_ALL is stronger", map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, true},
		{"an empty one is none", map[string]string{"LC_ALL": "", "LANG": "de_DE.UTF-8"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := &Env{Getenv: func(name string) string { return tt.variables[name] }}
			frames := spinnerFrames(env.speaksUTF8())
			if got := slices.Contains(frames, "|"); got != tt.ascii {
				t.Errorf("ASCII: %t, want %t", got, tt.ascii)
			}
		})
	}
}
