package cli

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// completeWord is the hidden first word with which the scripts of `completion` ask what
// may stand at the cursor:
//
//	codexctl __complete zsh|fish WORD… CURRENT
//	codexctl __complete powershell WORD… =CURRENT
//	codexctl __complete bash LINE BREAKS
//
// The words are those behind the program's name, without their quotes, and CURRENT is
// the last one up to the cursor; bash hands in its line and $COMP_WORDBREAKS.
//
// The first line of the answer is what the shell itself is to offer, and the text before
// it that belongs to the same word, behind a tab: see [shellPart]. Each further line is
// one suggestion, the whole word and, behind a tab, what it is.
//
// It is no command of the tree: whatever is wrong with the line, the settings or the
// login, nothing is said, since it would be said into the middle of what is being typed.
const completeWord = "__complete"

// suggestion is a word that may stand at the cursor.
type suggestion struct{ word, about string }

// shellPart is what a shell knows better than we do.
type shellPart string

const (
	shellNothing  shellPart = "none"
	shellFiles    shellPart = "files"
	shellFolders  shellPart = "folders"
	shellCommands shellPart = "commands" // a program
	shellLine     shellPart = "line"     // a program's whole command line
)

// suggestions is what may stand at the cursor.
type suggestions struct {
	words []suggestion

	// part is what the shell adds, and before the text of the current word in front of
	// it. For shellLine it is how many words stand in front.
	part   shellPart
	before string
}

// behind is s for a word that begins with a text which was looked at already.
func (s suggestions) behind(text string) suggestions {
	s.words = slices.Clone(s.words)
	for i := range s.words {
		s.words[i].word = text + s.words[i].word
	}
	if s.part != shellLine {
		s.before = text + s.before
	}
	return s
}

// completer finds out what may stand at the cursor.
type completer struct {
	inv     *invocation
	ctx     context.Context
	parser  *lineParser
	current string // the word at the cursor, up to the cursor
	ahead   int    // how many words stand in front of it
}

// suggest is what may stand in the place of the last word.
func (inv *invocation) suggest(ctx context.Context, words []string) suggestions {
	if len(words) == 0 {
		words = []string{""}
	}
	flags := func(_ []string, c command, _ bool) []flagSpec {
		flags, _ := c.setup(&invocation{env: inv.env})
		return flags
	}
	root := commands()
	c := &completer{
		inv: inv, ctx: ctx, ahead: len(words) - 1, current: words[len(words)-1],
		parser: &lineParser{
			root: root, current: root, globals: inv.global.flags(), flagsOf: flags,
			line: line{given: make(map[string]bool)},
		},
	}
	return c.suggest(words)
}

func (c *completer) suggest(words []string) suggestions {
	wanting, ok := c.read(words)
	switch {
	case !ok:
		return suggestions{}
	case wanting != nil:
		return c.values(*wanting, c.current)
	case c.parser.dashed:
		return c.argument()
	case strings.HasPrefix(c.current, "--"):
		if name, value, attached := strings.Cut(c.current, "="); attached {
			return c.attached(name, value)
		}
		return suggestions{words: c.flagNames()}
	case c.current == "-":
		return suggestions{words: c.flagNames()}
	case strings.HasPrefix(c.current, "-"):
		return c.cluster()
	}
	return c.argument()
}

// read takes the words in front of the cursor. wanting is the flag whose value stands at
// the cursor, if one does; ok is false if nothing is known about the place.
func (c *completer) read(words []string) (wanting *flagSpec, ok bool) {
	p, last := c.parser, len(words)-1
	for i := 0; i < last; i++ {
		word := words[i]
		used := 0
		var err error
		switch {
		case word == "--":
			p.dashed = true
			p.args = append(p.args, words[i+1:last]...)
			return nil, true
		case strings.HasPrefix(word, "--"):
			used, err = p.long(word, words[i+1:])
		case len(word) > 1 && word[0] == '-':
			used, err = p.short(word, words[i+1:])
		default:
			if p.word(word) != nil && !p.found {
				return nil, false
			}
		}
		// An unknown flag is for the command itself to complain about.
		if err == nil && i+used == last {
			return &p.last, true
		}
		i += used
	}
	return nil, true
}

// attached is the value behind --name=.
func (c *completer) attached(spelled, value string) suggestions {
	f, _, err := c.parser.flag(strings.TrimPrefix(spelled, "--"), spelled)
	switch {
	case err != nil || f.name == "help" || f.name == "version":
		return suggestions{}
	case f.isSwitch():
		return matching(value, plain("true", "false")).behind(spelled + "=")
	}
	return c.values(f, value).behind(spelled + "=")
}

// cluster is what may follow one letter or several behind a dash.
func (c *completer) cluster() suggestions {
	about := ""
	for rest := c.current[1:]; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		f, _, err := c.parser.flag(rest[:size], "-"+rest[:size])
		if err != nil {
			return suggestions{}
		}
		rest = rest[size:]
		c.parser.given[f.name] = true
		if about = f.usage; f.isSwitch() {
			continue
		}
		value := strings.TrimPrefix(rest, "=")
		found := c.values(f, value)
		if len(found.words) == 0 && found.part == "" && value == "" {
			found.words = []suggestion{{"", about}}
		}
		return found.behind(strings.TrimSuffix(c.current, value))
	}
	found := []suggestion{{c.current, about}}
	for _, f := range c.unused() {
		for _, name := range append([]string{f.name}, f.aliases...) {
			if len(name) == 1 {
				found = append(found, suggestion{c.current + name, f.usage})
				break
			}
		}
	}
	return suggestions{words: found}
}

// unused is the flags that may still stand on the line.
func (c *completer) unused() []flagSpec {
	p := c.parser
	var flags []flagSpec
	for _, f := range slices.Concat(p.locals, p.globals) {
		early := slices.ContainsFunc(p.early, func(e earlyFlag) bool { return e.name == f.name })
		if f.repeats() || !early && !p.given[f.name] {
			flags = append(flags, f)
		}
	}
	return flags
}

// flagNames is the flags whose names begin as the current word does. Another long name
// of a flag is offered only if its first one does not fit.
func (c *completer) flagNames() []suggestion {
	var found []suggestion
	for _, f := range c.unused() {
		short, long := "", ""
		for _, name := range append([]string{f.name}, f.aliases...) {
			switch {
			case len(name) == 1:
				if short == "" && c.current == "-" {
					short = "-" + name
				}
			case long == "" && strings.HasPrefix("--"+name, c.current):
				long = "--" + name
			}
		}
		for _, name := range []string{long, short} {
			if name != "" {
				found = append(found, suggestion{name, f.usage})
			}
		}
	}
	return found
}

// argument is what may stand where no flag does: the name of a command, or what the
// command takes.
func (c *completer) argument() suggestions {
	p := c.parser
	switch {
	case p.found:
		return c.arguments(p.current)
	case p.dashed:
		return suggestions{}
	}
	return matching(c.current, subcommands(p.current))
}

func subcommands(in command) []suggestion {
	var found []suggestion
	for _, sub := range in.subs {
		found = append(found, suggestion{sub.name, sub.summary})
	}
	return found
}

// matching is the suggestions that begin with what is typed.
func matching(typed string, among []suggestion) suggestions {
	var s suggestions
	for _, one := range among {
		if strings.HasPrefix(one.word, typed) {
			s.words = append(s.words, one)
		}
	}
	return s
}

func plain(words ...string) []suggestion {
	all := make([]suggestion, len(words))
	for i, word := range words {
		all[i].word = word
	}
	return all
}
