package cli

import (
	"context"
	"strings"

	"github.com/codexctl/codexctl/internal/config"
	"github.com/codexctl/codexctl/pkg/auth"
)

// command describes one command, or a group of them.
type command struct {
	name     string
	summary  string        // one line, no full stop
	args     string        // what stands behind the name, such as [PROMPT…|-]
	details  string        // paragraphs of the help, already wrapped
	more     func() string // more of them, made only when they are shown
	examples []string
	subs     []command

	// result is the JSON document of the command, as it is before anything is known; the
	// line may choose among several. nil for a group, and where the result is not ours.
	result func(line) any

	// setup gives the command's flags and what it does; nil for a group. It is
	// called only for the command that is run or asked about, so that the others
	// cost nothing.
	setup func(*invocation) ([]flagSpec, action)
}

// action does a command's work with what is left of the arguments.
type action func(ctx context.Context, args []string) error

// commands is the whole tree.
func commands() command {
	return command{
		name:    "codexctl",
		summary: "use a ChatGPT subscription from shells, pipes, CI scripts and programs",
		examples: []string{
			`codexctl ask "why is the sky blue?"`,
			`git diff | codexctl ask "write a commit message"`,
			`codexctl respond --stream "tell me a story"`,
			`codexctl serve`,
			`codexctl emulator exec -- codexctl ask "try it without an account"`,
		},
		subs: []command{
			askCommand(),
			respondCommand(),
			batchCommand(),
			sessionsCommand(),
			authCommand(),
			modelsCommand(),
			usageCommand(),
			serveCommand(),
			emulatorCommand(),
			doctorCommand(),
			configCommand(),
			completionCommand(),
			manCommand(),
			versionCommand(),
			helpCommand(),
		},
	}
}

// sub is the command of that name in a group.
func (c command) sub(name string) (command, bool) {
	for _, sub := range c.subs {
		if sub.name == name {
			return sub, true
		}
	}
	return command{}, false
}

// find follows a path of names from the top.
func (c command) find(path []string) (command, bool) {
	for _, name := range path {
		var ok bool
		if c, ok = c.sub(name); !ok {
			return command{}, false
		}
	}
	return c, true
}

func (c command) subNames() []string {
	all := make([]string, len(c.subs))
	for i, sub := range c.subs {
		all[i] = sub.name
	}
	return all
}

// invocation is one run of the program: what it was given, and what its commands
// share.
type invocation struct {
	env    *Env
	path   []string // the command's names, such as auth, status
	typed  line     // the arguments, sorted, as far as they could be read
	global globalOptions
	out    *output
	talk   *talk
	source *auth.Source // the login in use; nil before it is needed

	// given names the flags that stood on the line, by their full names, and onLine has
	// their values; origin is what has set a flag which did not.
	given  map[string]bool
	onLine []flagValue
	origin map[string]found

	// verify says what is wrong with the values of the command's own settings, wherever
	// they come from; nil for a command that takes any.
	verify func() error

	// file is the configuration file, nil when there is none; unsettled is what is wrong
	// with the settings, the file's included.
	file      *config.File
	unsettled error

	// conversation is the name by which the backend knows the conversation of the call;
	// empty when there is none.
	conversation string

	remarked bool     // what is odd about the login has been said
	atEnd    []func() // what is to be tidied up

	// stdinFlag is the flag that reads stdin, such as --payload -; empty when stdin is
	// the prompt's.
	stdinFlag string

	// dashed is true when a -- stood before the arguments.
	dashed bool
}

// commandName is what was typed for the command, such as "auth status".
func (inv *invocation) commandName() string { return strings.Join(inv.path, " ") }
