package cli

import (
	"context"
	"strings"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/responses"
)

// setting is how a flag gets a value when it does not stand on the line.
type setting struct {
	// key is its name in the configuration file; empty if it has none there.
	key string

	// shared is true if the key may stand at the top of the file, for every command that
	// has the flag. Keys of global flags stand nowhere else, and the other shared ones
	// in a command's table as well.
	shared bool

	// variables of the environment, the strongest first.
	variables []string

	// rivals are the flags that say something else about the same matter. One that is
	// set by something stronger silences this one.
	rivals []string

	// fallback is what counts when nothing is set, if the flag itself does not say so.
	fallback string

	pairs bool // each value is NAME=VALUE: a table in the file
	path  bool // the value is the name of a file
}

// settingOf is the one table of settings: ok is false for a flag that can only stand on
// the line. command is empty for a global flag, which is one of every command.
//
// The variable of a command's own setting has the command in its name, since some names,
// such as port, are those of several. Lists have none: a variable holds one text.
func settingOf(command, flag string) (s setting, ok bool) {
	s = setting{key: underscored(flag), shared: true, variables: []string{variableOf("", flag)}}
	switch flag {
	// For every command.
	case "debug", "connect-timeout", "idle-timeout", "timeout", "retries", "renew-shared", "no-refresh", "no-stdin", "stdin-timeout":
	case "quiet":
		s.rivals = []string{"verbose"}
	case "verbose":
		s.rivals = []string{"quiet"}
	case "color":
		s.variables = append(s.variables, "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "CLICOLOR")
	case "no-input":
		s.variables = append(s.variables, "CI")
	case "auth-file":
		s.path = true
	case "base-url":
		s.fallback = responses.DefaultBaseURL
	case "issuer":
		s.fallback = auth.DefaultIssuer
	case "originator":
		s.variables = append(s.variables, "LANGCHAIN_CODEX_ORIGINATOR")
		s.rivals, s.fallback = []string{"no-originator"}, responses.DefaultOriginator
	case "no-originator":
		s.rivals = []string{"originator"}
	case "client-version":
		s.fallback = responses.DefaultClientVersion
	case "header":
		s.variables = nil
	case "ca-cert":
		s.variables, s.path = append(s.variables, "SSL_CERT_FILE"), true
	case "config":
		s.key, s.path = "", true

	// For the commands that have them.
	case "effort", "summary", "verbosity", "tier", "web-search", "hide-reasoning", "strict", "session-store", "render":
	case "model":
		s.fallback = defaultModel
	case "model-alias":
		s.variables, s.pairs = nil, true
	case "instructions":
		s.rivals = []string{"instructions-file"}
	case "instructions-file":
		s.rivals, s.path = []string{"instructions"}, true
	case "log":
		s.rivals, s.fallback = []string{"no-log"}, "auto" // neither true nor false: see sessionOptions.keeps
	default:
		return ownSetting(command, flag)
	}
	return s, true
}

// ownSetting is a setting of one command: its key stands in the command's table.
func ownSetting(command, flag string) (s setting, ok bool) {
	s = setting{key: underscored(flag), variables: []string{variableOf(command, flag)}}
	switch command + " --" + flag {
	case "ask --usage", "batch --jobs", "batch --rpm",
		"auth login --no-browser", "auth login --browser-command", "auth login --wait", "auth login-device --wait",
		"serve --instructions-mode", "serve --reasoning", "serve --max-concurrent", "serve --drain", "serve --log-format":
	case "auth login --port":
		s.fallback = "1455"
	case "serve --host":
		s.rivals = []string{"unix"}
	case "serve --port":
		s.rivals = []string{"unix"}
	case "serve --unix":
		s.rivals, s.path = []string{"host", "port"}, true
	case "serve --api-key-file", "serve --log-file":
		s.path = true
	case "serve --allow-host", "serve --cors":
		s.variables = nil
	case "serve --session-ttl":
		s.fallback = "24h"
	case "serve --no-store":
		s.rivals = []string{"session-store"}
	default:
		return setting{}, false
	}
	return s, true
}

// underscored is a flag's name as the configuration file and the records of a batch have it.
func underscored(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// variableOf is the variable of a flag, of a command's own or of all.
func variableOf(command, flag string) string {
	name := strings.TrimSpace(command + " " + flag)
	return "CODEXCTL_" + strings.ToUpper(underscored(strings.ReplaceAll(name, " ", "_")))
}

// listedSetting is a setting of the command tree.
type listedSetting struct {
	command string // empty for a global flag
	flag    flagSpec
	setting
}

// name is how `config show` calls the setting: its key with its table.
func (l listedSetting) name() string {
	if l.shared || l.command == "" {
		return l.key
	}
	return configTable(l.command) + "." + l.key
}

// configTable is a command's table in the configuration file.
func configTable(command string) string { return strings.ReplaceAll(command, " ", ".") }

// allSettings are those of every command, the global ones first. A shared one stands
// there once for each command that has it. The flags are fresh: nothing has set them.
func allSettings(env *Env) []listedSetting {
	globals := defaultGlobals()
	all := settingsAmong("", globals.flags())
	var walk func(command, []string)
	walk = func(c command, path []string) {
		if c.setup != nil {
			flags, _ := c.setup(&invocation{env: env})
			all = append(all, settingsAmong(strings.Join(path, " "), flags)...)
		}
		for _, sub := range c.subs {
			walk(sub, append(path[:len(path):len(path)], sub.name))
		}
	}
	walk(commands(), nil)
	return all
}

func settingsAmong(command string, flags []flagSpec) []listedSetting {
	all := make([]listedSetting, 0, len(flags))
	for _, f := range flags {
		if s, ok := settingOf(command, f.name); ok {
			all = append(all, listedSetting{command, f, s})
		}
	}
	return all
}

// applySettings sets the flags that did not stand on the line: from the environment, else
// from the configuration file. All that can be set is set, and the first error, a
// settingError or a [*config.Error], is returned.
func (inv *invocation) applySettings(ctx context.Context, globals, locals []flagSpec) error {
	all := append(settingsAmong("", globals), settingsAmong(inv.commandName(), locals)...)
	var first error
	apply := func(look func(listedSetting) (found, bool)) {
		for _, l := range all {
			value, ok := look(l)
			if !ok {
				continue
			}
			inv.origin[l.flag.name] = value
			if err := value.giveTo(l.flag); err != nil && first == nil {
				first = err
			}
		}
	}
	apply(inv.fromEnvironment)
	if inv.readsNoFile() {
		return first
	}
	var err error
	if inv.file, err = inv.loadFile(ctx); err != nil {
		if first == nil {
			first = err
		}
		return first
	}
	apply(inv.fromFile)
	return first
}

// fromEnvironment is what the environment says about a setting that does not stand on
// the line. An empty variable counts as unset.
func (inv *invocation) fromEnvironment(l listedSetting) (found, bool) {
	if inv.given[l.flag.name] {
		return found{}, false
	}
	for _, rival := range l.rivals {
		if inv.given[rival] {
			return found{}, false
		}
	}
	for _, variable := range l.variables {
		if text := readVariable(variable, inv.env.Getenv(variable)); text != "" {
			return found{texts: []string{text}, variable: variable}, true
		}
	}
	return found{}, false
}

// fromFile is what the configuration file says about a setting that nothing stronger
// sets.
func (inv *invocation) fromFile(l listedSetting) (found, bool) {
	look := inv.file.Setting
	if !l.shared {
		look = inv.file.Value
	}
	value, ok := look(l.command, l.key)
	if !ok || l.key == "" {
		return found{}, false
	}
	stronger := append([]string{l.flag.name}, l.rivals...)
	for _, flag := range stronger {
		s, ok := settingOf(l.command, flag)
		other := listedSetting{command: l.command, flag: flagSpec{name: flag}, setting: s}
		if _, set := inv.fromEnvironment(other); inv.given[flag] || ok && set {
			return found{}, false
		}
	}
	texts := value.Texts
	if l.path {
		texts = inv.besideFile(texts)
	}
	return found{texts: texts, value: value}, true
}

// readVariable is what a variable says to its flag; empty if nothing. Those that we
// share with other tools have words of their own.
func readVariable(variable, text string) string {
	switch variable {
	case "CI":
		if text != "" && !truthy(text) {
			return "false"
		} else if text != "" {
			return "true"
		}
	case "NO_COLOR":
		if text != "" {
			return "never"
		}
	case "CLICOLOR_FORCE", "FORCE_COLOR":
		if text != "" && text != "0" {
			return "always"
		}
		return ""
	case "CLICOLOR":
		if text == "0" {
			return "never"
		}
		return ""
	}
	return text
}

// truthy reads CI, which tools set to all kinds of values.
func truthy(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}
