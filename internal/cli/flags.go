package cli

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// flagSpec is one flag: what the argument pass and the help must know of it, and
// the library's flag that parses its value.
//
// Of the library only its types of flags are used. Its App and its Command bring a
// template engine with them, and that makes the binary an eighth larger: see
// docs/decisions/0009-no-templates.md. Its own aliases, environment variables and lists stay unused: aliases
// set a repeatable flag twice, an empty variable erases a default, a list is split
// at commas. Here an alias becomes the name before parsing, settings.go reads the
// environment, and [repeated] is the list.
type flagSpec struct {
	name    string
	aliases []string // other names; one letter is a short flag
	value   string   // what the help calls the value; empty for a switch
	usage   string
	flag    cli.Flag
}

func (f flagSpec) isSwitch() bool { return f.value == "" }

// set gives the flag a value. What stood there before counts only for a flag that
// may be repeated.
func (f flagSpec) set(value string) error {
	var alone flag.FlagSet
	if err := f.flag.Apply(&alone); err != nil {
		return err
	}
	return alone.Set(f.name, value)
}

// repeats says whether the flag may stand several times.
func (f flagSpec) repeats() bool {
	generic, ok := f.flag.(*cli.GenericFlag)
	if !ok {
		return false
	}
	_, ok = generic.Value.(*repeated)
	return ok
}

// wants says what values a flag takes.
func (f flagSpec) wants() string {
	switch f.flag.(type) {
	case *cli.BoolFlag:
		return "true or false, or no value"
	case *cli.DurationFlag:
		return "a time such as 5s, 2m or 1h30m"
	case *cli.IntFlag, *cli.Uint64Flag:
		return "a whole number"
	case *cli.GenericFlag:
		if f.value == "PCT" {
			return "a percentage from 0 to 100"
		}
	}
	if f.isSwitch() {
		return "true or false, or no value"
	}
	return f.value
}

// names splits "model,m" into a flag's name and its aliases.
func names(spec string) (string, []string) {
	all := strings.Split(spec, ",")
	return all[0], all[1:]
}

func boolFlag(spec string, to *bool, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, "", usage, &cli.BoolFlag{Name: name, Destination: to}}
}

func stringFlag(spec, value string, to *string, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, value, usage, &cli.StringFlag{Name: name, Destination: to, Value: *to}}
}

func intFlag(spec, value string, to *int, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, value, usage, &cli.IntFlag{Name: name, Destination: to, Value: *to}}
}

func uintFlag(spec, value string, to *uint64, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, value, usage, &cli.Uint64Flag{Name: name, Destination: to, Value: *to}}
}

func durationFlag(spec string, to *time.Duration, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, "DUR", usage, &cli.DurationFlag{Name: name, Destination: to, Value: *to}}
}

// genericFlag is the library's flag for a value of our own.
func genericFlag(name string, to cli.Generic) cli.Flag {
	return &cli.GenericFlag{Name: name, Value: to}
}

func repeatedFlag(spec, value string, to *repeated, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, value, usage, &cli.GenericFlag{Name: name, Value: to}}
}

// decision is a switch of which it counts whether anything has set it.
type decision struct{ made, yes bool }

// Set takes true or false.
func (d *decision) Set(value string) error {
	yes, err := strconv.ParseBool(value)
	if err == nil {
		d.made, d.yes = true, yes
	}
	return err
}

func (d *decision) String() string { return strconv.FormatBool(d.yes) }

func decisionFlag(spec string, to *decision, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, "", usage, &cli.GenericFlag{Name: name, Value: to}}
}

// repeated gathers the values of a flag that may stand several times.
type repeated []string

// Set adds a value as it is.
func (r *repeated) Set(value string) error {
	*r = append(*r, value)
	return nil
}

func (r *repeated) String() string { return fmt.Sprint([]string(*r)) }

// list is where a flag that may stand several times gathers its values; nil for another.
func (f flagSpec) list() *repeated {
	if generic, ok := f.flag.(*cli.GenericFlag); ok {
		if list, ok := generic.Value.(*repeated); ok {
			return list
		}
	}
	return nil
}

func (f flagSpec) isList() bool { return f.list() != nil }

// clear takes away what such a flag has gathered.
func (f flagSpec) clear() {
	if list := f.list(); list != nil {
		*list = nil
	}
}

// optional is a string whose absence differs from its being empty.
type optional struct {
	given bool
	text  string
}

// Set takes the value.
func (o *optional) Set(value string) error {
	o.given, o.text = true, value
	return nil
}

func (o *optional) String() string { return o.text }

func optionalFlag(spec, value string, to *optional, usage string) flagSpec {
	name, aliases := names(spec)
	return flagSpec{name, aliases, value, usage, &cli.GenericFlag{Name: name, Value: to}}
}

func percentFlag(name string, to *percentage, usage string) flagSpec {
	return flagSpec{name, nil, "PCT", usage, &cli.GenericFlag{Name: name, Value: to}}
}
