package cli

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// line is the argument list, sorted: which command, which flags, what is left.
//
// Flags may stand anywhere before a lone --, at any level, short ones in clusters. No
// library allows all of that, so the walk is ours; what comes out are values that a
// library can parse.
type line struct {
	path    []string    // the command
	global  []flagValue // global flags, in the order of the line
	local   []flagValue // the command's own flags, likewise
	args    []string    // everything that is no flag, without the command's names
	given   map[string]bool
	help    bool
	version bool
	dashed  bool // a lone -- ended the flags
}

// flagValue is a flag on the line, by its full name; a switch has a value too.
type flagValue struct{ name, value string }

// flagsOf gives the flags of a command. chosen is true once, for the command that is
// meant; otherwise somebody only wants to know what a flag looks like.
type flagsOf func(path []string, c command, chosen bool) []flagSpec

// lineParser walks the arguments, once.
type lineParser struct {
	line
	root    command
	globals []flagSpec
	locals  []flagSpec // of the command, once it is found
	flagsOf flagsOf
	current command
	found   bool // a command with flags of its own is found

	// early are flags that stood before the command they belong to.
	early []earlyFlag

	last flagSpec // the flag that was added last
}

type earlyFlag struct{ spelled, name, value string }

// parseLine sorts args. The error is a usageError; the line then holds what was
// understood before.
func parseLine(root command, globals []flagSpec, flags flagsOf, args []string) (line, error) {
	p := &lineParser{root: root, globals: globals, current: root, flagsOf: flags, line: line{given: make(map[string]bool)}}
	err := p.walk(args)
	return p.line, err
}

func lookup(flags []flagSpec, name string) (flagSpec, bool) {
	for _, f := range flags {
		if f.name == name || slices.Contains(f.aliases, name) {
			return f, true
		}
	}
	return flagSpec{}, false
}

func (p *lineParser) walk(args []string) error {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		used := 0
		var err error
		switch {
		case arg == "--":
			p.dashed = true
			p.args = append(p.args, args[i+1:]...)
			return p.settle()
		case strings.HasPrefix(arg, "--"):
			used, err = p.long(arg, args[i+1:])
		case len(arg) > 1 && arg[0] == '-':
			used, err = p.short(arg, args[i+1:])
		default:
			err = p.word(arg)
		}
		if err != nil {
			return err
		}
		i += used
	}
	return p.settle()
}

// word takes a command's name, or an argument once the command is known.
func (p *lineParser) word(arg string) error {
	if p.found {
		p.args = append(p.args, arg)
		return nil
	}
	sub, ok := p.current.sub(arg)
	if !ok {
		return unknownCommand(p.current, p.path, arg)
	}
	p.path, p.current = append(p.path, arg), sub
	if sub.setup == nil {
		return nil
	}
	p.found = true
	p.locals = p.flagsOf(p.path, sub, true)
	for _, e := range p.early {
		f, global, err := p.flag(e.name, e.spelled)
		if err != nil {
			return err
		}
		p.add(f, global, e.value)
	}
	p.early = nil
	return nil
}

// settle checks what is left over against the command.
func (p *lineParser) settle() error {
	switch {
	case p.help:
		return nil
	case len(p.early) > 0:
		return unknownFlag(p.path, p.globals, p.early[0].spelled)
	case len(p.args) == 0 || p.current.args != "":
		return nil
	case p.current.setup != nil:
		return usagef("%s takes no arguments, not %q", strings.Join(p.path, " "), p.args[0])
	}
	return unknownCommand(p.current, p.path, p.args[0])
}

// long takes --name, --name=value or --name value.
func (p *lineParser) long(arg string, next []string) (used int, err error) {
	name, value, attached := strings.Cut(arg[2:], "=")
	f, global, err := p.flag(name, "--"+name)
	if err != nil {
		return 0, err
	}
	switch {
	case p.special(f):
		return 0, nil
	case f.isSwitch():
		if !attached {
			value = "true"
		}
	case !attached && len(next) == 0:
		return 0, usagef("flag --%s wants a value: --%s %s", f.name, f.name, f.value)
	case !attached:
		value, used = next[0], 1
	}
	p.add(f, global, value)
	return used, nil
}

// short takes -x, -xvalue, -x value, and clusters of switches such as -xu.
func (p *lineParser) short(arg string, next []string) (used int, err error) {
	if name, _, _ := strings.Cut(arg[1:], "="); len(name) > 1 {
		if _, ok := lookup(slices.Concat(p.locals, p.globals), name); ok {
			return 0, usagef("flag %s: a long flag has two dashes: --%s", arg, arg[1:])
		}
	}
	for rest := arg[1:]; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		letter := rest[:size]
		rest = rest[size:]
		f, global, err := p.flag(letter, "-"+letter)
		if err != nil {
			return 0, err
		}
		if p.special(f) {
			continue
		}
		if f.isSwitch() {
			if strings.HasPrefix(rest, "=") {
				p.add(f, global, rest[1:])
				return 0, nil
			}
			p.add(f, global, "true")
			continue
		}
		switch {
		case rest != "":
			p.add(f, global, strings.TrimPrefix(rest, "="))
			return 0, nil
		case len(next) == 0:
			return 0, usagef("flag -%s wants a value: -%s %s", letter, letter, f.value)
		}
		p.add(f, global, next[0])
		return 1, nil
	}
	return 0, nil
}

// flag finds a flag: the command's own first, then the global ones. Before the command
// is known any command's flag will do: all have the same shape under the same name.
func (p *lineParser) flag(name, spelled string) (f flagSpec, global bool, err error) {
	if f, ok := lookup(p.locals, name); ok {
		return f, false, nil
	}
	if f, ok := lookup(p.globals, name); ok {
		return f, true, nil
	}
	if !p.found {
		if f, ok := p.anywhere(p.current, p.path, name); ok {
			return f, false, nil
		}
	}
	return flagSpec{}, false, unknownFlag(p.path, slices.Concat(p.locals, p.globals), spelled)
}

// anywhere looks for a flag among all commands below c.
func (p *lineParser) anywhere(c command, path []string, name string) (flagSpec, bool) {
	if c.setup != nil {
		return lookup(p.flagsOf(path, c, false), name)
	}
	for _, sub := range c.subs {
		if f, ok := p.anywhere(sub, append(slices.Clone(path), sub.name), name); ok {
			return f, true
		}
	}
	return flagSpec{}, false
}

// special takes the two flags that stand for a command of their own.
func (p *lineParser) special(f flagSpec) bool {
	switch f.name {
	case "help":
		p.help = true
	case "version":
		p.version = true
	default:
		return false
	}
	return true
}

func (p *lineParser) add(f flagSpec, global bool, value string) {
	p.last = f
	if !global && !p.found {
		p.early = append(p.early, earlyFlag{"--" + f.name, f.name, value})
		return
	}
	p.given[f.name] = true
	if global {
		p.global = append(p.global, flagValue{f.name, value})
		return
	}
	p.local = append(p.local, flagValue{f.name, value})
}
