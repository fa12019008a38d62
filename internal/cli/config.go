package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
)

func configCommand() command {
	return command{
		name: "config", summary: "the settings: what counts, and where it is said",
		details: "Stronger first: a flag on the line, a variable of the environment, the configuration\nfile, the default. All settings: codexctl help environment.",
		examples: []string{
			"codexctl config show",
			`codexctl config show --json --transform 'items.#(key=="model").value' -r`,
			`"${EDITOR:-vi}" "$(codexctl config path)"`,
		},
		subs: []command{configShowCommand(), configPathCommand()},
	}
}

func configPathCommand() command {
	return command{
		name: "path", summary: "print the path of the configuration file",
		details:  "It is printed as well when there is no such file, or when the file cannot be used.",
		examples: []string{"codexctl config path"},
		result:   always(configPathDocument{}),
		setup:    func(inv *invocation) ([]flagSpec, action) { return nil, inv.showConfigPath },
	}
}

// configPathDocument is the JSON result of `config path`.
type configPathDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Path          string         `json:"path"`
	Exists        bool           `json:"exists"`
	Error         *errorDocument `json:"error"`
}

func (inv *invocation) showConfigPath(context.Context, []string) error {
	path, _ := inv.configPath()
	if path == "" {
		return &settingError{"HOME", errors.New("it is not set, so the configuration file has no place; name one: --config FILE")}
	}
	_, err := os.Stat(path)
	switch {
	case err != nil:
		inv.talk.note("codexctl: there is no configuration file yet; the path is where it would be read from")
	case inv.unsettled != nil:
		inv.talk.warn("%v", inv.unsettled)
	}
	if inv.global.wantsDocument() {
		return inv.document(configPathDocument{1, "config path", path, err == nil, nil})
	}
	_, err = fmt.Fprintln(inv.out, path)
	return err
}
