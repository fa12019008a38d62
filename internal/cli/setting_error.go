package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// settingError is a setting whose value cannot be used. origin is a variable, or a
// flag with its dashes.
type settingError struct {
	origin string
	err    error
}

func (e *settingError) Error() string { return e.origin + ": " + e.err.Error() }
func (e *settingError) Unwrap() error { return e.err }

// badSetting is an error about a flag's value that names where the value came from.
func (inv *invocation) badSetting(flag string, err error) error { return inv.badItem(flag, 0, err) }

// badItem is badSetting for one value of a list, by its index.
func (inv *invocation) badItem(flag string, item int, err error) error {
	from, set := inv.origin[flag]
	switch {
	case !set:
		return &usageError{message: "flag --" + flag + ": " + err.Error()}
	case from.variable != "":
		return &settingError{from.variable, err}
	}
	refused := from.value.Refuse(item, "")
	refused.Reason, refused.Err = err.Error(), err
	return refused
}

// blame turns bad usage into a badSetting if the flag did not stand on the line.
func (inv *invocation) blame(flag string, err error) error {
	var usage *usageError
	if _, set := inv.origin[flag]; !set || !errors.As(err, &usage) {
		return err
	}
	return inv.badSetting(flag, errors.New(strings.TrimLeft(strings.TrimPrefix(usage.message, "--"+flag), ": ")))
}

// verifyTime refuses a time below zero.
func (inv *invocation) verifyTime(flag string, limit time.Duration) error {
	if limit < 0 {
		return inv.badSetting(flag, fmt.Errorf("want no negative time, not %s", limit))
	}
	return nil
}

// isConfigError says whether an error is about a setting, and not about the line.
func isConfigError(err error) bool {
	var usage *usageError
	return err != nil && !errors.As(err, &usage) && meaning(err).exit == exitConfig
}
