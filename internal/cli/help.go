package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/codexctl/codexctl/internal/terminal"
)

func helpCommand() command {
	return command{
		name: "help", summary: "show help for a command or a topic", args: "[COMMAND… | TOPIC]",
		details:  "Topics: environment, exit-codes.",
		examples: []string{"codexctl help ask", "codexctl help exit-codes"},
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, func(_ context.Context, args []string) error { return inv.help(args) }
		},
	}
}

func (inv *invocation) help(args []string) error {
	if len(args) == 1 && args[0] == "exit-codes" {
		return inv.exitCodes()
	}
	if len(args) == 1 && args[0] == "environment" {
		return inv.helpEnvironment()
	}
	root := commands()
	if _, ok := root.find(args); !ok {
		return &usageError{message: fmt.Sprintf("no help on %q", strings.Join(args, " ")), hint: "codexctl help"}
	}
	return inv.showHelp(root, args)
}

// exitCodes prints the table of exit codes, from the one in the code.
func (inv *invocation) exitCodes() error {
	if inv.global.wantsDocument() {
		doc := exitCodesDocument{SchemaVersion: 1, Type: "help", Items: []exitCodeDocument{}}
		for _, row := range exitMeanings() {
			doc.Items = append(doc.Items, exitCodeDocument{row.code, strings.FieldsFunc(row.codes, func(r rune) bool { return r == ',' || r == ' ' }), row.when})
		}
		return inv.document(doc)
	}
	return inv.table(func(w io.Writer) {
		fmt.Fprintln(w, "CODE\tERROR.CODE\tWHEN")
		for _, row := range exitMeanings() {
			fmt.Fprintf(w, "%d\t%s\t%s\n", row.code, row.codes, row.when)
		}
	})
}

// exitCodesDocument is the JSON form of the table of exit codes.
type exitCodesDocument struct {
	SchemaVersion int                `json:"schema_version"`
	Type          string             `json:"type"`
	Items         []exitCodeDocument `json:"items"`
}

type exitCodeDocument struct {
	Code       int      `json:"code"`
	ErrorCodes []string `json:"error_codes"`
	When       string   `json:"when"`
}

func (inv *invocation) table(rows func(io.Writer)) error {
	w := tabwriter.NewWriter(inv.out, 0, 8, 2, ' ', 0)
	rows(w)
	return w.Flush()
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
	section(&b, palette, "Commands", c.subLines())
	if c.setup != nil {
		flags, _ := c.setup(inv)
		section(&b, palette, "Flags", flagLines(strings.Join(path, " "), flags))
	}
	if len(path) == 0 {
		section(&b, palette, "Flags of every command", flagLines("", inv.global.flags()))
	} else {
		b.WriteString("\nFlags of every command: codexctl --help\n")
	}
	if inv.global.wantsDocument() {
		return inv.document(helpDocument{1, "help", full, b.String()})
	}
	return inv.out.styled(b.String())
}

// helpDocument is the JSON form of a help text.
type helpDocument struct {
	SchemaVersion int    `json:"schema_version"`
	Type          string `json:"type"`
	Command       string `json:"command"`
	Text          string `json:"text"`
}

func (c command) usageLine(full string) string {
	if len(c.subs) > 0 {
		return full + " COMMAND [flags]"
	}
	return strings.Join(strings.Fields(full+" [flags] "+c.args), " ")
}

func (c command) subLines() string {
	return columns(func(w io.Writer) {
		for _, sub := range c.subs {
			fmt.Fprintf(w, "  %s\t%s\n", sub.name, sub.summary)
		}
	})
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

func flagLines(command string, flags []flagSpec) string {
	return columns(func(w io.Writer) {
		for _, f := range flags {
			usage := f.usage
			if s, ok := settingOf(command, f.name); ok && len(s.variables) > 0 {
				usage += " [$" + strings.Join(s.variables, ", $") + "]"
			}
			fmt.Fprintf(w, "  %s\t%s\n", f.spelled(), usage)
		}
	})
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

func columns(rows func(io.Writer)) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	rows(w)
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
