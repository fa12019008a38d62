package cli

import (
	"fmt"
	"strings"
)

// variables names the variables of the environment that a flag can be set by, the
// strongest first; none for a flag that is no setting.
func variables(flag string) []string {
	own := "CODEXCTL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	switch flag {
	case "originator":
		return []string{own, "LANGCHAIN_CODEX_ORIGINATOR"}
	case "ca-cert":
		return []string{own, "SSL_CERT_FILE"}
	case "no-input":
		return []string{own, "CI"}
	case "session-store":
		return []string{own}
	case "quiet", "verbose", "debug", "color", "auth-file", "base-url", "issuer", "client-version",
		"renew-shared", "no-refresh", "timeout", "connect-timeout", "idle-timeout", "retries",
		"no-stdin", "stdin-timeout", "model", "instructions", "effort", "summary", "verbosity", "tier", "render":
		return []string{own}
	}
	return nil
}

// applyEnvironment sets the flags that did not stand on the line from the
// environment. An empty variable counts as unset. The error is a settingError.
func (inv *invocation) applyEnvironment(flags []flagSpec) error {
	for _, f := range flags {
		if inv.given[f.name] {
			continue
		}
		for _, variable := range variables(f.name) {
			value := inv.env.Getenv(variable)
			if value == "" {
				continue
			}
			if variable == "CI" {
				value = fmt.Sprint(truthy(value))
			}
			if err := f.set(value); err != nil {
				return &settingError{variable, fmt.Errorf("want %s, not %q", f.wants(), value)}
			}
			inv.origin[f.name] = variable
			break
		}
	}
	return nil
}

// truthy reads CI, which tools set to all kinds of values.
func truthy(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// settingError is a setting whose value cannot be used. origin is a variable, or a
// flag with its dashes.
type settingError struct {
	origin string
	err    error
}

func (e *settingError) Error() string { return e.origin + ": " + e.err.Error() }
func (e *settingError) Unwrap() error { return e.err }

// badSetting is a settingError that names where the value of a flag came from.
func (inv *invocation) badSetting(flag string, err error) error {
	if variable := inv.origin[flag]; variable != "" {
		return &settingError{variable, err}
	}
	return &usageError{message: "flag --" + flag + ": " + err.Error()}
}
