package cli

import (
	"context"
	_ "embed" // the scripts of the shells
	"fmt"
	"io"
	"strings"
)

//go:embed shells/codexctl.bash
var bashScript string

//go:embed shells/codexctl.zsh
var zshScript string

//go:embed shells/codexctl.fish
var fishScript string

//go:embed shells/codexctl.ps1
var powershellScript string

// shellScript is the completion script of a shell.
func shellScript(shell string) (script string, ok bool) {
	switch shell {
	case "bash":
		return bashScript, true
	case "zsh":
		return zshScript, true
	case "fish":
		return fishScript, true
	case "powershell":
		return powershellScript, true
	}
	return "", false
}

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func completionCommand() command {
	return command{
		name: "completion", summary: "print a completion script for a shell", args: "bash|zsh|fish|powershell",
		details: `The script asks codexctl what may be typed: commands, flags, their values, files, models
of the last list that was fetched, kept conversations. Nothing goes over the network.

  bash        codexctl completion bash > ~/.local/share/bash-completion/completions/codexctl
              or, without the package bash-completion, in ~/.bashrc:
              eval "$(codexctl completion bash)"
  zsh         codexctl completion zsh > FOLDER/_codexctl, a folder of $fpath
              or in ~/.zshrc, behind compinit: eval "$(codexctl completion zsh)"
  fish        codexctl completion fish > ~/.config/fish/completions/codexctl.fish
  powershell  in $PROFILE: codexctl completion powershell | Out-String | Invoke-Expression`,
		examples: []string{
			`eval "$(codexctl completion bash)"`,
			"codexctl completion fish > ~/.config/fish/completions/codexctl.fish",
		},
		result: always(completionDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, func(_ context.Context, args []string) error { return inv.completion(args) }
		},
	}
}

// completionDocument is the JSON result of `completion`.
type completionDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Shell         string         `json:"shell"`
	Script        string         `json:"script"`
	Error         *errorDocument `json:"error"`
}

func (inv *invocation) completion(args []string) error {
	if len(args) != 1 {
		return &usageError{
			message: "completion wants one shell: bash, zsh, fish or powershell",
			hint:    "codexctl completion bash",
		}
	}
	script, ok := shellScript(args[0])
	if !ok {
		e := &usageError{
			message: fmt.Sprintf("there is no completion for %q, only for %s", args[0], strings.Join(shells(), ", ")),
			hint:    "codexctl completion bash",
		}
		if near, ok := closest(args[0], shells()); ok {
			e.hint = "codexctl completion " + near
		}
		return e
	}
	if inv.global.wantsDocument() {
		return inv.document(completionDocument{1, "completion", args[0], script, nil})
	}
	_, err := io.WriteString(inv.out, script)
	return err
}
