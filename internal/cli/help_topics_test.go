package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/schema"
)

// cli.md 1: `help TOPIC`. The examples of the topic can be pasted: each runs, and prints
// something.
func TestFormattingExamplesRun(t *testing.T) {
	for _, example := range formattingExamples() {
		line := readBashLine(example.name, "")
		p := newProgram(t)
		if code := p.run(line.words...); code != exitOK || p.out.Len() < 2 {
			t.Errorf("%s: exit %d, stdout %q, stderr %s", example.name, code, &p.out, &p.talk)
		}
		if !strings.Contains(formattingText(), "\n  "+example.name+"\n") {
			t.Errorf("%s is not in the topic", example.name)
		}
	}
}

// The short forms that the topic shows are ones, and strict as it says.
func TestShortSchemasAreSchemas(t *testing.T) {
	for _, example := range shortSchemas() {
		s, err := schema.Parse(example.name)
		if err != nil {
			t.Errorf("%q: %v", example.name, err)
			continue
		}
		if faults := s.Strict(); len(faults) > 0 {
			t.Errorf("%q is not strict: %v", example.name, faults)
		}
		if faults := s.Multi().Strict(); len(faults) > 0 {
			t.Errorf("a list of %q is not strict: %v", example.name, faults)
		}
	}
}

func TestHelpTopics(t *testing.T) {
	p := newProgram(t)
	p.run("help")
	p.run("help", "help")
	listed := p.out.String()
	for _, topic := range helpTopics() {
		if !strings.Contains(listed, "  "+topic.name+" ") {
			t.Errorf("`help help` does not list %s", topic.name)
		}
		if code := p.run("help", topic.name); code != exitOK || p.out.Len() < 100 {
			t.Errorf("help %s: exit %d, %d bytes", topic.name, code, p.out.Len())
		}
		for line := range strings.SplitSeq(p.out.String(), "\n") {
			if topic.name != "exit-codes" && topic.name != "environment" && len([]rune(line)) > 92 {
				t.Errorf("help %s: a line of %d characters: %s", topic.name, len([]rune(line)), line)
			}
		}
		if code := p.run("help", topic.name, "--json"); code != exitOK || !json.Valid(p.out.Bytes()) || gjson.GetBytes(p.out.Bytes(), "type").Str != "help" {
			t.Errorf("help %s --json: exit %d, %s", topic.name, code, &p.out)
		}
	}
	tests := []struct{ name, args, hint string }{
		{"a topic misspelled", "help formating", "codexctl help formatting"},
		{"a command misspelled", "help aks", "codexctl help ask"},
		{"a command of a group misspelled", "help auth logn", "codexctl help auth login"},
		{"nothing near", "help zzzzzzzz", "codexctl help"},
	}
	for _, tt := range tests {
		if code := p.run(strings.Fields(tt.args)...); code != exitUsage || !strings.Contains(p.talk.String(), "hint: "+tt.hint+"\n") {
			t.Errorf("%s: exit %d, %s; want 2 and the hint %q", tt.name, code, &p.talk, tt.hint)
		}
	}
}

// The lines of a help text fit the terminal, or 80 columns where there is none.
func TestHelpFits(t *testing.T) {
	for _, columns := range []int{0, 60, 100} {
		p := newProgram(t)
		p.Size = func() (int, int) { return columns, 40 }
		limit := columns
		if limit == 0 {
			limit = 80
		}
		for _, path := range commandPaths() {
			p.run(append([]string{"help"}, path...)...)
			_, lists, _ := strings.Cut(p.out.String(), "\nFlags\n")
			lists, _, _ = strings.Cut(lists, "\nFlags of every command: ")
			for line := range strings.SplitSeq(lists, "\n") {
				// An address or a path is one word.
				if len([]rune(line)) > limit && len(strings.Fields(line)) > 1 && strings.HasPrefix(strings.TrimSpace(line), "-") {
					t.Errorf("help %s at %d columns: a line of %d: %s", strings.Join(path, " "), columns, len([]rune(line)), line)
				}
			}
		}
	}
}
