package cli

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

func configShowCommand() command {
	return command{
		name: "show", summary: "print every setting with its value and origin",
		details:  "Values of headers, passwords in addresses and whatever looks like a secret are masked.",
		examples: []string{"codexctl config show", "codexctl config show --json"},
		result:   always(configShowDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, func(ctx context.Context, _ []string) error { return inv.showConfig(ctx) }
		},
	}
}

// configShowDocument is the JSON result of `config show`.
type configShowDocument struct {
	SchemaVersion int               `json:"schema_version"`
	Type          string            `json:"type"`
	Path          *string           `json:"path"`
	Exists        bool              `json:"exists"`
	Items         []settingDocument `json:"items"`
	Error         *errorDocument    `json:"error"`
}

type settingDocument struct {
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
	Origin originDocument  `json:"origin"`
}

// originDocument is where a value comes from: a flag or a variable by its name, a file by
// its path and line, or the default.
type originDocument struct {
	Kind string  `json:"kind"`
	Name *string `json:"name"`
	Path *string `json:"path"`
	Line *int    `json:"line"`
}

// effective is a setting with what it comes to.
type effective struct {
	name   string
	flag   flagSpec
	texts  []string // as the flag takes them, secrets masked; none for no value
	origin originDocument
	shown  string // the origin, for people
}

func (inv *invocation) showConfig(ctx context.Context) error {
	settings, err := inv.effectiveSettings(ctx)
	if err != nil {
		return err
	}
	if inv.global.wantsDocument() {
		return inv.document(inv.configDocument(settings))
	}
	table := grid{head: []string{"KEY", "VALUE", "ORIGIN"}, wraps: []int{1}}
	for _, s := range settings {
		table.rows = append(table.rows, []string{s.name, s.cell(), s.shown})
	}
	return inv.grid(table)
}

func (inv *invocation) configDocument(settings []effective) configShowDocument {
	path, _ := inv.configPath()
	doc := configShowDocument{SchemaVersion: 1, Type: "config show", Path: stringOrNull(path), Items: []settingDocument{}}
	if _, err := os.Stat(path); err == nil {
		doc.Exists = true
	}
	for _, s := range settings {
		doc.Items = append(doc.Items, settingDocument{s.name, s.json(), s.origin})
	}
	return doc
}

// effectiveSettings are the settings of all commands. A shared one of several commands
// stands there once, and again for each command whose table in the file has it. The error
// is about the first value that its flag, or its command, does not take.
func (inv *invocation) effectiveSettings(ctx context.Context) ([]effective, error) {
	var all []effective
	seen := make(map[string]bool)
	for _, l := range allSettings(inv.env) {
		own := !l.shared
		if _, apart := inv.file.Value(l.command, l.key); apart && l.command != "" {
			own = true
		}
		if l.shared && !seen[l.key+l.flag.name] {
			seen[l.key+l.flag.name] = true
			general := l
			general.command = ""
			value, err := inv.effective(general)
			if err != nil {
				return nil, err
			}
			all = append(all, value)
		}
		if !own || l.command == "" {
			continue
		}
		value, err := inv.effective(l)
		if err != nil {
			return nil, err
		}
		value.name = configTable(l.command) + "." + l.key
		all = append(all, value)
	}
	return all, inv.verifySettings(ctx)
}

// verifySettings checks the settings of every command as the command itself would.
func (inv *invocation) verifySettings(ctx context.Context) error {
	for _, path := range commandPaths() {
		c, _ := commands().find(path)
		if c.setup == nil {
			continue
		}
		trial := &invocation{
			env: inv.env, path: path, global: inv.global, talk: inv.talk, file: inv.file,
			given: make(map[string]bool), origin: make(map[string]found),
		}
		flags, _ := c.setup(trial)
		if trial.verify == nil {
			continue
		}
		if err := trial.applySettings(ctx, nil, flags); err != nil {
			return err
		}
		if err := trial.verify(); err != nil {
			return err
		}
	}
	return nil
}

// effective is what one setting comes to.
func (inv *invocation) effective(l listedSetting) (effective, error) {
	e := effective{name: l.key, flag: l.flag, shown: "default", origin: originDocument{Kind: "default"}}
	if e.name == "" {
		e.name = underscored(l.flag.name)
	}
	e.texts = l.defaults()
	if path, _ := inv.configPath(); l.flag.name == "config" && path != "" {
		e.texts = []string{path}
	}
	value, set := inv.fromEnvironment(l)
	if !set {
		value, set = inv.fromFile(l)
	}
	switch {
	case inv.given[l.flag.name]:
		e.shown = "--" + l.flag.name
		e.origin = originDocument{Kind: "flag", Name: stringOrNull(e.shown)}
		e.texts = nil
		for _, v := range inv.onLine {
			if v.name == l.flag.name {
				e.texts = append(e.texts, v.value)
			}
		}
		if !l.flag.repeats() {
			e.texts = e.texts[len(e.texts)-1:]
		}
	case set:
		// The flag is a fresh one, so this is only a look whether it takes the value.
		if err := value.giveTo(l.flag); err != nil {
			return e, err
		}
		e.texts = value.texts
		e.shown, e.origin = value.describe()
	}
	for i, text := range e.texts {
		e.texts[i] = maskedSetting(l.flag.name, text)
	}
	return e, nil
}

// describe names the origin, for people and for programs.
func (v found) describe() (string, originDocument) {
	if v.variable != "" {
		return v.variable, originDocument{Kind: "variable", Name: stringOrNull(v.variable)}
	}
	at := v.value.Origin
	return at.String(), originDocument{Kind: "file", Path: stringOrNull(at.File), Line: &at.Line}
}

// defaults is what counts when nothing is said. The flag is a fresh one.
func (l listedSetting) defaults() []string {
	if l.fallback != "" {
		return []string{l.fallback}
	}
	if l.flag.repeats() {
		return nil
	}
	var alone flag.FlagSet
	if err := l.flag.flag.Apply(&alone); err != nil {
		return nil
	}
	text := alone.Lookup(l.flag.name).Value.String()
	if _, isTime := l.flag.flag.(*cli.DurationFlag); isTime {
		text = shortTime(text)
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

// shortTime is a duration without the zeros that Go ends it with: 10m, not 10m0s.
func shortTime(text string) string {
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

// cell is the value in a table, on one line and not too long.
func (e effective) cell() string {
	text := strings.Join(e.texts, ", ")
	if len(e.texts) == 0 {
		return "-"
	}
	text = oneLine(text)
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}

// json is the value as JSON: a switch is a boolean, a number a number, a list a list.
func (e effective) json() json.RawMessage {
	var v any
	switch {
	case e.flag.repeats():
		v = nonNil(e.texts)
	case len(e.texts) == 0:
	default:
		v = e.texts[0]
		if plain := e.plain(); plain != nil {
			return plain
		}
	}
	data, err := encode(v)
	if err != nil { // texts can always be encoded
		return json.RawMessage("null")
	}
	return data
}

// plain is a value that JSON has a kind of its own for; nil for a text.
func (e effective) plain() json.RawMessage {
	var alone flag.FlagSet
	switch f := e.flag.flag.(type) {
	case *cli.BoolFlag, *cli.IntFlag, *cli.Uint64Flag:
	case *cli.GenericFlag:
		if _, ok := f.Value.(*decision); !ok {
			return nil
		}
	default:
		return nil
	}
	if e.flag.flag.Apply(&alone) != nil || alone.Set(e.flag.name, e.texts[0]) != nil {
		return nil
	}
	return json.RawMessage(alone.Lookup(e.flag.name).Value.String())
}
