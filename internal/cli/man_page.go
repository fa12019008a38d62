package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// manPage is the page of a command.
func (inv *invocation) manPage(path []string) (string, bool) {
	root := commands()
	c, ok := root.find(path)
	if !ok {
		return "", false
	}
	full := strings.Join(append([]string{"codexctl"}, path...), " ")
	name := pageName(path)
	r := &roff{}
	r.title(strings.ToUpper(name), inv.manDate(), "codexctl "+readBuild().Version)
	r.section("NAME")
	r.text(name + " - " + c.summary)
	r.section("SYNOPSIS")
	r.b.WriteString(`\fB` + escapeRoff(full) + `\fR` + escapeRoff(strings.TrimPrefix(c.usageLine(full), full)) + "\n")
	r.describe(c, path)
	r.flags(inv, c, path)
	r.exits()
	if len(path) == 0 {
		r.environment(inv)
		r.files()
	}
	if len(c.examples) > 0 {
		r.section("EXAMPLES")
		r.verbatim(c.examples)
	}
	r.seeAlso(root, c, path)
	return r.b.String(), true
}

// manDate is the date of the program, or for one that has none the date that packagers
// set for builds that can be repeated, or today.
//
// Source: https://reproducible-builds.org/specs/source-date-epoch/
func (inv *invocation) manDate() string {
	if built := readBuild().Date; built != nil && len(*built) >= len(time.DateOnly) {
		return (*built)[:len(time.DateOnly)]
	}
	at := inv.env.Now()
	if seconds, err := strconv.ParseInt(inv.env.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		at = time.Unix(seconds, 0)
	}
	return at.UTC().Format(time.DateOnly)
}

func (r *roff) describe(c command, path []string) {
	r.section("DESCRIPTION")
	switch {
	case c.details != "":
		r.prose(c.details)
	case len(path) == 0:
		r.text("It talks to the Codex backend, OpenAI's Responses API behind a ChatGPT login.\n" +
			"Standard output is the answer and nothing else; what is meant for people is on standard error.")
	default:
		r.text(strings.ToUpper(c.summary[:1]) + c.summary[1:] + ".")
	}
	if c.more != nil {
		r.paragraph()
		r.prose(c.more())
	}
	if len(c.subs) == 0 {
		return
	}
	r.section("COMMANDS")
	for _, sub := range c.subs {
		r.item(sub.name, sub.summary)
	}
}

// flags writes the flags of a command, and on the program's own page those of all.
func (r *roff) flags(inv *invocation, c command, path []string) {
	r.section("OPTIONS")
	if c.setup != nil {
		flags, _ := c.setup(&invocation{env: inv.env})
		r.flagItems(strings.Join(path, " "), flags)
	}
	if len(path) > 0 {
		r.paragraph()
		r.text("The flags of every command are described in codexctl(1):")
		var names []string
		for _, f := range inv.global.flags() {
			names = append(names, "--"+f.name)
		}
		r.text(strings.Join(names, ", ") + ".")
		return
	}
	r.text("These may stand before, between and after the arguments of every command; a lone -- ends them.")
	r.flagItems("", inv.global.flags())
}

func (r *roff) flagItems(command string, flags []flagSpec) {
	for _, f := range flags {
		about := f.usage
		if from := flagVariables(command, f.name); len(from) > 0 {
			about += "\nEnvironment: " + strings.Join(from, ", ") + "."
		}
		r.item(f.spelled(), about)
	}
}

func (r *roff) exits() {
	r.section("EXIT STATUS")
	for _, row := range exitMeanings() {
		about := row.when
		if row.codes != "" {
			about += "\n(" + row.codes + ")"
		}
		r.item(fmt.Sprint(row.code), about)
	}
}

func (r *roff) environment(inv *invocation) {
	r.section("ENVIRONMENT")
	r.text("A flag goes before its variable, and a variable before the configuration file. An empty variable counts as unset.")
	seen := make(map[string]bool)
	list := func(command string, flags []flagSpec) {
		for _, f := range flags {
			for _, variable := range flagVariables(command, f.name) {
				if !seen[variable] {
					seen[variable] = true
					r.item(variable, "see --"+f.name)
				}
			}
		}
	}
	list("", inv.global.flags())
	root := commands()
	for _, path := range commandPaths() {
		if c, _ := root.find(path); c.setup != nil {
			flags, _ := c.setup(&invocation{env: inv.env})
			list(strings.Join(path, " "), flags)
		}
	}
	for _, v := range otherVariables() {
		r.item(v.name, v.about)
	}
}

func (r *roff) files() {
	r.section("FILES")
	for _, f := range []labelled{
		{"~/.langchain/chatgpt-auth.json", "the login that codexctl auth login writes"},
		{"$CODEX_HOME/auth.json, ~/.codex/auth.json", "the login of the official Codex CLI; read only, unless --renew-shared is given"},
		{"$XDG_STATE_HOME/codexctl, ~/.local/state/codexctl", "conversations, and logins that could not be stored"},
		{"$XDG_CACHE_HOME/codexctl, ~/.cache/codexctl", "lists of models"},
	} {
		r.item(f.name, f.about)
	}
}

// seeAlso names the pages around this one: the group's, its own commands', its siblings'.
func (r *roff) seeAlso(root, c command, path []string) {
	var pages []string
	if len(path) > 0 {
		pages = append(pages, "codexctl(1)")
		parent := path[:len(path)-1]
		if len(parent) > 0 {
			pages = append(pages, pageName(parent)+"(1)")
			group, _ := root.find(parent)
			for _, sub := range group.subs {
				if sub.name != c.name {
					pages = append(pages, pageName(parent)+"-"+sub.name+"(1)")
				}
			}
		}
	}
	for _, sub := range c.subs {
		pages = append(pages, pageName(append(path[:len(path):len(path)], sub.name))+"(1)")
	}
	r.section("SEE ALSO")
	r.text(strings.Join(pages, ", "))
}
