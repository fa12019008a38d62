package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/codexctl/codexctl/internal/config"
)

// found is a value that a setting has been given, and by what.
type found struct {
	texts    []string     // for the flag to parse
	variable string       // of the environment; empty for the file
	value    config.Value // of the file
}

// giveTo sets a flag to the value.
func (v found) giveTo(f flagSpec) error {
	for i, text := range v.texts {
		if f.set(text) == nil {
			continue
		}
		wants := strings.TrimSuffix(f.wants(), ", or no value")
		if v.variable != "" {
			return &settingError{v.variable, fmt.Errorf("want %s, not %q", wants, text)}
		}
		return v.value.Refuse(i, wants)
	}
	return nil
}

// configPath is the configuration file, and whether somebody has named it. It is empty
// when there is no place for one.
//
// Source: XDG Base Directory Specification; a relative value is not valid.
func (inv *invocation) configPath() (path string, named bool) {
	if inv.global.config != "" {
		return inv.global.config, true
	}
	if dir := inv.env.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "codexctl", "config.toml"), false
	}
	if inv.env.Home == "" {
		return "", false
	}
	return filepath.Join(inv.env.Home, ".config", "codexctl", "config.toml"), false
}

// loadFile reads the configuration file; nil is none. Where there is no file it costs
// one look.
func (inv *invocation) loadFile(ctx context.Context) (*config.File, error) {
	path, named := inv.configPath()
	if path == "" {
		return nil, nil
	}
	load := func() (*config.File, error) {
		return config.Load(path, config.Options{
			Required: named,
			Sections: func() []config.Section { return configSections(allSettings(inv.env)) },
		})
	}
	if !named {
		return load() // which opens a regular file alone
	}
	return untilEnd(ctx, load)
}

// configSections are the keys that a configuration file may have.
func configSections(settings []listedSetting) []config.Section {
	sections := []config.Section{{}}
	at := map[string]int{"": 0}
	top := make(map[string]bool)
	for _, l := range settings {
		if l.key == "" {
			continue
		}
		key := config.Key{Name: l.key, Shape: l.shape()}
		if l.shared && !top[l.key] {
			top[l.key] = true
			sections[0].Keys = append(sections[0].Keys, key)
		}
		if l.command == "" {
			continue
		}
		if _, known := at[l.command]; !known {
			at[l.command] = len(sections)
			sections = append(sections, config.Section{Name: l.command})
		}
		sections[at[l.command]].Keys = append(sections[at[l.command]].Keys, key)
	}
	return sections
}

// shape is what values the key of a setting takes.
func (l listedSetting) shape() config.Shape {
	switch {
	case l.pairs:
		return config.Pairs
	case l.flag.repeats():
		return config.Many
	}
	return config.One
}

// besideFile is the names of files that stand in the configuration file: ~/ is the home
// directory, and a relative name starts from the file's own folder.
func (inv *invocation) besideFile(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		rest, inHome := strings.CutPrefix(filepath.ToSlash(name), "~/")
		switch {
		case inHome && inv.env.Home != "":
			name = filepath.Join(inv.env.Home, filepath.FromSlash(rest))
		case !filepath.IsAbs(name):
			name = filepath.Join(filepath.Dir(inv.file.Path), name)
		}
		out[i] = name
	}
	return out
}

// fileHint is what to do about a configuration file.
func (inv *invocation) fileHint(e *config.Error) string {
	named := "give --config another file, or leave it out"
	if from := inv.origin["config"].variable; from != "" {
		named = "correct or unset " + from
	}
	switch path, isNamed := inv.configPath(); {
	case e.Line > 0:
		return fmt.Sprintf("correct line %d of %s; for all keys see: codexctl help environment", e.Line, e.File)
	case isNamed || errors.Is(e, fs.ErrNotExist):
		return named
	default:
		return "make it a file that you can read, or name another: --config FILE; it is looked for at " + path
	}
}
