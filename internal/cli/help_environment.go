package cli

import (
	"fmt"
	"io"
	"strings"
)

// environmentDocument is the JSON form of `help environment`.
type environmentDocument struct {
	SchemaVersion int                `json:"schema_version"`
	Type          string             `json:"type"`
	Items         []variableDocument `json:"items"`
	Error         *errorDocument     `json:"error"`
}

// variableDocument is a setting, or variables that are no flag's.
type variableDocument struct {
	Command   *string  `json:"command"`
	Flag      *string  `json:"flag"`
	Variables []string `json:"variables"`
	Key       *string  `json:"key"`
	Default   *string  `json:"default"`
	About     string   `json:"about"`
}

// otherVariable is a variable that is read and is no flag's.
type otherVariable struct{ name, about string }

// otherVariables are all of them. A test looks for others in the code.
func otherVariables() []otherVariable {
	return []otherVariable{
		{"CODEXCTL_ACCESS_TOKEN", "a ready access token, for CI: used as it is, never renewed or stored"},
		{"CODEXCTL_ACCOUNT_ID", "the account of CODEXCTL_ACCESS_TOKEN, if the token does not say"},
		{"CODEX_ACCESS_TOKEN", "the same as the official Codex CLI reads it; CODEXCTL_ACCESS_TOKEN goes before"},
		{"CODEX_HOME", "folder of the official Codex CLI's auth.json, instead of ~/.codex"},
		{"CODEXCTL_SERVE_KEY", "the key that callers of `codexctl serve` must show; --api-key-file goes before"},
		{"CODEXCTL_ALLOW_HTTP", "1 allows plain http to other machines: a mock in a CI network"},
		{"HTTPS_PROXY", "proxy for https addresses; https_proxy as well. Never for this machine"},
		{"HTTP_PROXY", "proxy for http addresses; http_proxy as well"},
		{"ALL_PROXY", "proxy for both, where they have none of their own; all_proxy as well"},
		{"NO_PROXY", "hosts that are reached without a proxy, with commas between them; no_proxy as well"},
		{"REQUEST_METHOD", "set by web servers for CGI programs: HTTP_PROXY does not count then"},
		{"XDG_CONFIG_HOME", "folder of codexctl/config.toml, instead of ~/.config"},
		{"XDG_STATE_HOME", "folder of codexctl's conversations and rescued logins, instead of ~/.local/state"},
		{"XDG_CACHE_HOME", "folder of codexctl's list of models, instead of ~/.cache"},
		{"SOURCE_DATE_EPOCH", "the date of `codexctl man`, in seconds since 1970, for builds that give the same bytes"},
		{"BROWSER", "how sign-in starts a browser, if --browser-command does not say"},
		{"TERM", "dumb: no colours, no moving cursor"},
		{"SSH_CONNECTION", "set in an SSH session: sign-in tells how to do without a browser; SSH_TTY as well"},
		{"SSH_TTY", "the same"},
		{"DISPLAY", "a screen: sign-in may start a browser over SSH as well; WAYLAND_DISPLAY as well"},
		{"WAYLAND_DISPLAY", "the same"},
		{"LC_ALL", "what `codexctl doctor` tells the terminal's characters by; then LC_CTYPE, then LANG"},
		{"LC_CTYPE", "the same"},
		{"LANG", "the same"},
	}
}

// helpEnvironment prints all settings and variables.
func (inv *invocation) helpEnvironment() error {
	rows := environmentRows(inv.env)
	if inv.global.wantsDocument() {
		return inv.document(environmentDocument{1, "help", rows, nil})
	}
	return inv.table(func(w io.Writer) {
		fmt.Fprintln(w, "Stronger first: flag, variable, key of the configuration file, default. An empty\nvariable counts as unset. `codexctl config show` tells what counts now.")
		fmt.Fprintln(w, "\nFLAG\tVARIABLE\tKEY\tDEFAULT")
		for _, r := range rows {
			if r.Flag != nil {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", *r.Flag, orDash(strings.Join(r.Variables, ", ")), orDash(orEmpty(r.Key)), orDash(orEmpty(r.Default)))
			}
		}
		fmt.Fprintln(w, "\nVARIABLE WITHOUT A FLAG\tMEANING")
		for _, r := range rows {
			if r.Flag == nil {
				fmt.Fprintf(w, "%s\t%s\n", r.Variables[0], r.About)
			}
		}
	})
}

// environmentRows are the settings and then the variables that are no flag's. A shared
// setting stands there once, with the first command that has it.
func environmentRows(env *Env) []variableDocument {
	var rows []variableDocument
	seen := make(map[string]bool)
	for _, l := range allSettings(env) {
		if l.shared && seen[l.flag.name] {
			continue
		}
		seen[l.flag.name] = seen[l.flag.name] || l.shared
		row := variableDocument{
			Flag: stringOrNull("--" + l.flag.name), Variables: nonNil(l.variables),
			Default: stringOrNull(strings.Join(l.defaults(), ", ")), About: l.flag.usage,
		}
		if l.key != "" {
			row.Key = stringOrNull(l.name())
		}
		if !l.shared {
			row.Command = stringOrNull(l.command)
			row.Flag = stringOrNull(l.command + " --" + l.flag.name)
		}
		rows = append(rows, row)
	}
	for _, v := range otherVariables() {
		rows = append(rows, variableDocument{Variables: []string{v.name}, About: v.about})
	}
	return rows
}
