package cli

import (
	"fmt"
	"slices"
	"strings"
)

// line is the argument list, sorted: which command, which flags, what is left.
//
// The flag library stops at the first argument, wants global flags before the
// command and knows no attached values. Here flags may stand anywhere before a
// lone --, at any level, short ones in clusters; what comes out is an order that
// the library takes.
type line struct {
	path    []string // the command
	global  []string // global flags as --name=value
	local   []string // the command's own flags, likewise
	args    []string // everything that is no flag, without the command's names
	given   map[string]bool
	help    bool
	version bool
	dashed  bool // a lone -- ended the flags
}

// lineParser walks the arguments.
type lineParser struct {
	line
	root    command
	globals []flagSpec
	locals  []flagSpec // of the command that was found
	current command
	fixed   bool // the command is found, or is known to be absent
}

// parseLine sorts args. setup builds the flags of the command that they name. The
// error is a usageError.
func parseLine(root command, globals []flagSpec, setup func(path []string, c command) []flagSpec, args []string) (line, error) {
	path, found := commandPath(root, globals, args)
	p := &lineParser{root: root, globals: globals, current: root, line: line{given: make(map[string]bool)}}
	if len(path) > 0 && found.setup != nil {
		p.locals = setup(path, found)
	}
	err := p.walk(args)
	return p.line, err
}

// commandPath finds which command is meant, without knowing its flags yet: the
// first words that name one. The value of a global flag is not such a word.
func commandPath(root command, globals []flagSpec, args []string) ([]string, command) {
	var path []string
	current := root
	for i := 0; i < len(args) && len(current.subs) > 0; i++ {
		arg := args[i]
		if arg == "--" {
			break
		}
		if len(arg) > 1 && arg[0] == '-' {
			if takesNext(globals, arg) {
				i++
			}
			continue
		}
		if sub, ok := current.sub(arg); ok {
			path, current = append(path, arg), sub
		} else if len(path) > 0 {
			break
		}
	}
	return path, current
}

// takesNext says whether arg is a flag of the list whose value is the next argument.
func takesNext(flags []flagSpec, arg string) bool {
	name, _, attached := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if attached || !strings.HasPrefix(arg, "--") && len(arg) != 2 {
		return false
	}
	f, ok := lookup(flags, name)
	return ok && !f.isSwitch()
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
		switch {
		case arg == "--":
			p.fixed, p.dashed = true, true
			p.args = append(p.args, args[i+1:]...)
			return p.settle()
		case strings.HasPrefix(arg, "--"):
			used, err := p.long(arg, args[i+1:])
			if err != nil {
				return err
			}
			i += used
		case len(arg) > 1 && arg[0] == '-':
			used, err := p.short(arg, args[i+1:])
			if err != nil {
				return err
			}
			i += used
		default:
			p.word(arg)
		}
	}
	return p.settle()
}

// word takes a command's name, or an argument once the command is known.
func (p *lineParser) word(arg string) {
	if !p.fixed {
		if sub, ok := p.current.sub(arg); ok {
			p.path, p.current = append(p.path, arg), sub
			p.fixed = len(sub.subs) == 0
			return
		}
		p.fixed = true
	}
	p.args = append(p.args, arg)
}

// settle checks what is left over against the command.
func (p *lineParser) settle() error {
	switch {
	case len(p.args) == 0 || p.help || p.current.args != "":
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
		letter := rest[:1]
		rest = rest[1:]
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

// flag finds a flag: the command's own first, then the global ones.
func (p *lineParser) flag(name, spelled string) (f flagSpec, global bool, err error) {
	if f, ok := lookup(p.locals, name); ok {
		return f, false, nil
	}
	if f, ok := lookup(p.globals, name); ok {
		return f, true, nil
	}
	return flagSpec{}, false, unknownFlag(p.path, slices.Concat(p.locals, p.globals), spelled)
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
	p.given[f.name] = true
	text := fmt.Sprintf("--%s=%s", f.name, value)
	if global {
		p.global = append(p.global, text)
		return
	}
	p.local = append(p.local, text)
}
