package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/codexctl/codexctl/internal/terminal"
)

func helpCommand() command {
	return command{
		name: "help", summary: "show help for a command or a topic", args: "[COMMAND… | TOPIC]",
		more:     topicHelp,
		examples: []string{"codexctl help ask", "codexctl help auth login", "codexctl help exit-codes"},
		result: func(l line) any {
			if t, ok := helpTopicOf(l.args); ok {
				return t.result
			}
			return helpDocument{}
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, func(_ context.Context, args []string) error { return inv.help(args) }
		},
	}
}

func (inv *invocation) help(args []string) error {
	if t, ok := helpTopicOf(args); ok {
		return t.show(inv)
	}
	root := commands()
	if _, ok := root.find(args); !ok {
		return unknownHelp("help", args)
	}
	return inv.showHelp(root, args)
}

// showHelp prints the help of a command: what to paste first, then the flags.
func (inv *invocation) showHelp(root command, path []string) error {
	c, ok := root.find(path)
	if !ok {
		c, path = root, nil
	}
	palette := terminal.Palette{On: !inv.global.wantsDocument() && terminal.Colour(inv.global.color, inv.env.Getenv, inv.out.terminal)}
	var b strings.Builder
	full := strings.Join(append([]string{"codexctl"}, path...), " ")
	fmt.Fprintf(&b, "%s: %s\n", full, c.summary)
	section(&b, palette, "Examples", indent(c.examples))
	section(&b, palette, "Usage", "  "+c.usageLine(full)+"\n")
	if c.details != "" {
		fmt.Fprintf(&b, "\n%s\n", c.details)
	}
	if c.more != nil {
		fmt.Fprintf(&b, "\n%s\n", c.more())
	}
	section(&b, palette, "Commands", c.subLines(inv.helpColumns()))
	if c.setup != nil {
		flags, _ := c.setup(inv)
		section(&b, palette, "Flags", flagLines(strings.Join(path, " "), flags, inv.helpColumns()))
	}
	if len(path) == 0 {
		section(&b, palette, "Flags of every command", flagLines("", inv.global.flags(), inv.helpColumns()))
	} else {
		b.WriteString("\nFlags of every command: codexctl --help\n")
	}
	if inv.global.wantsDocument() {
		return inv.document(helpDocument{1, "help", full, b.String(), nil})
	}
	return inv.out.styled(b.String())
}

// helpDocument is the JSON form of a help text.
type helpDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Command       string         `json:"command"`
	Text          string         `json:"text"`
	Error         *errorDocument `json:"error"`
}

func (c command) usageLine(full string) string {
	if len(c.subs) > 0 {
		return full + " COMMAND [flags]"
	}
	return strings.Join(strings.Fields(full+" [flags] "+c.args), " ")
}

func (c command) subLines(width int) string {
	var rows []labelled
	for _, sub := range c.subs {
		rows = append(rows, labelled{sub.name, sub.summary})
	}
	return layRows(rows, width)
}

func section(b *strings.Builder, p terminal.Palette, title, body string) {
	if body != "" {
		fmt.Fprintf(b, "\n%s\n%s", p.Strong(title), body)
	}
}

func indent(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}

func flagLines(command string, flags []flagSpec, width int) string {
	var rows []labelled
	for _, f := range flags {
		usage := f.usage
		if from := flagVariables(command, f.name); len(from) > 0 {
			usage += " [$" + strings.Join(from, ", $") + "]"
		}
		rows = append(rows, labelled{f.spelled(), usage})
	}
	return layRows(rows, width)
}

// spelled is all the ways to write a flag, short ones first.
func (f flagSpec) spelled() string {
	var short, long []string
	for _, name := range append([]string{f.name}, f.aliases...) {
		if len(name) == 1 {
			short = append(short, "-"+name)
		} else {
			long = append(long, "--"+name)
		}
	}
	return strings.TrimSpace(strings.Join(append(short, long...), ", ") + " " + f.value)
}
