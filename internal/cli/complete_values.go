package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/responses"
)

// values is what may stand as a flag's value. It follows from what the help calls the
// value and from the flag's description, so a new flag needs nothing here:
//
//	FILE, DIR, CMD     a file, a folder, a program
//	@FILE, SPEC        a file behind an @
//	auto|never         one of these words
//	FORM, LEVEL, …     one of the words that the description lists
//	MODEL              a model; NAME for a flag called model; what follows OLD=
//	SESSION            a conversation; NAME for a flag called session
//
// PATH is a file too, but for --transform and for PATH=VALUE.
func (c *completer) values(f flagSpec, typed string) suggestions {
	var s suggestions
	for form := range strings.SplitSeq(strings.Trim(f.value, "'"), "|") {
		form, _, _ = strings.Cut(form, "[")
		c.add(&s, f, form, typed)
	}
	return s
}

// add adds what fits one form of a value.
func (c *completer) add(s *suggestions, f flagSpec, form, typed string) {
	var words []suggestion
	switch {
	case form == "FILE", form == "PATH" && f.name != "transform":
		s.part = shellFiles
	case form == "DIR":
		s.part = shellFolders
	case form == "CMD":
		s.part = shellCommands
	case form == "@FILE", form == "SPEC":
		if strings.HasPrefix(typed, "@") {
			s.part, s.before = shellFiles, "@"
		}
	case form == "OLD=NEW" && strings.HasPrefix(f.name, "model"):
		if old, name, ok := strings.Cut(typed, "="); ok {
			found := matching(name, c.models()).behind(old + "=")
			words = found.words
		}
	case form == "MODEL", f.name == "model":
		words = c.models()
	case form == "SESSION", f.name == "session":
		words = c.sessions()
	case f.name == "effort":
		words = c.efforts()
	case f.name == "scene":
		words = scenes()
	case isChoice(form):
		words = plain(listedWords(f.usage)...)
	case form == "-" && f.value == "-", len(form) > 1 && strings.Trim(form, "abcdefghijklmnopqrstuvwxyz-") == "":
		words = plain(form)
	}
	s.words = append(s.words, matching(typed, words).words...)
}

// isChoice says whether a value is one of a few words, which the description lists.
func isChoice(form string) bool {
	return slices.Contains([]string{"CHOICE", "FORM", "FORMAT", "HOW", "KIND", "LEVEL", "MODE", "WHEN", "WHICH"}, form)
}

// listedWords finds the words to choose from in a description, such as
// "form of the file: langchain, codex or flat (default langchain)".
func listedWords(usage string) []string {
	usage, _, _ = strings.Cut(usage, " (")
	usage = strings.NewReplacer("; ", ", ", ", or ", ", ", " or ", ", ").Replace(usage)
	var words []string
	for item := range strings.SplitSeq(usage, ", ") {
		item = strings.TrimPrefix(item, "such as ")
		// A colon ends what is being described, or begins what the word means.
		front, back, ok := strings.Cut(item, ": ")
		for _, candidate := range []string{item, back, front} {
			if candidate == "" || strings.Trim(candidate, "abcdefghijklmnopqrstuvwxyz-") != "" {
				continue
			}
			if candidate == item || ok {
				words = append(words, candidate)
				break
			}
		}
	}
	return words
}

// arguments is what a command takes where no flag stands. It follows from what the help
// calls the arguments, as with values.
func (c *completer) arguments(of command) suggestions {
	taken := c.parser.args
	if of.name == "help" || of.name == "man" {
		return c.commandPath(of.name == "help", taken)
	}
	if strings.HasPrefix(of.args, "--") {
		switch {
		case !c.parser.dashed:
			return matching(c.current, plain("--"))
		case len(taken) == 0:
			return suggestions{part: shellCommands}
		}
		return suggestions{part: shellLine, before: fmt.Sprint(c.ahead - len(taken))}
	}
	if len(taken) > 0 && !strings.Contains(of.args, "…") {
		return suggestions{}
	}
	var s suggestions
	forms := strings.FieldsFunc(of.args, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' })
	for _, form := range forms {
		if c.parser.path[0] == "sessions" && (form == "ID" || form == "NAME") {
			form = "SESSION"
		}
		c.add(&s, flagSpec{}, form, c.current)
	}
	return s
}

// commandPath is the commands below those that are named, and the topics of the help.
func (c *completer) commandPath(topics bool, path []string) suggestions {
	in, ok := c.parser.root.find(path)
	if !ok {
		return suggestions{}
	}
	found := subcommands(in)
	if topics && len(path) == 0 {
		for _, t := range helpTopics() {
			found = append(found, suggestion{t.name, t.summary})
		}
	}
	return matching(c.current, found)
}

func scenes() []suggestion {
	var found []suggestion
	for _, scene := range emulator.SceneNames() {
		found = append(found, suggestion{scene.Name, scene.About})
	}
	return found
}

// models is the account's models as an earlier command has stored their list. Nobody is
// asked, and no login is renewed.
func (c *completer) models() []suggestion {
	if models := c.catalogue(); models != nil {
		return named(catalogue.Slugs(models))
	}
	return plain(defaultModel)
}

// efforts is the levels that the account's models have, in their order.
func (c *completer) efforts() []suggestion {
	var levels []string
	for _, m := range c.catalogue() {
		for _, level := range texts(m.Entry, "supported_reasoning_levels.#.effort") {
			if !slices.Contains(levels, level) {
				levels = append(levels, level)
			}
		}
	}
	if len(levels) == 0 {
		return plain("none", "low", "medium", "high", "xhigh")
	}
	return named(levels)
}

// catalogue is the stored list of models; nil if there is none.
func (c *completer) catalogue() []responses.Model {
	c.settle()
	env, g := c.inv.env, &c.inv.global
	login, err := c.inv.locator().Find(c.ctx, env.Now())
	folder := c.inv.cacheDir()
	if err == nil && folder != "" {
		key := catalogue.Key{BaseURL: g.baseURL, Account: login.Credential.AccountID, ClientVersion: g.clientVersion}
		if key.ClientVersion == "" {
			key.ClientVersion = responses.DefaultClientVersion
		}
		addresses := []string{g.baseURL}
		if g.baseURL == "" {
			addresses = append(addresses, responses.DefaultBaseURL)
		}
		for _, address := range addresses {
			key.BaseURL = address
			list := &catalogue.Catalogue{Folder: folder, Key: func() catalogue.Key { return key }, Now: env.Now}
			if models, _, ok := list.Cached(); ok {
				return models
			}
		}
	}
	return nil
}

// named is names from elsewhere as suggestions. One that a shell could take for more
// than a name is left out.
func named(names []string) []suggestion {
	var found []suggestion
	for _, name := range names {
		if strings.IndexFunc(name, func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-/:", r)
		}) < 0 {
			found = append(found, suggestion{word: name})
		}
	}
	return found
}

// sessions is the conversations that `ask` keeps, the latest first.
func (c *completer) sessions() []suggestion {
	kept, err := c.inv.openSessions(false)
	if err != nil {
		return nil
	}
	list, err := kept.list(c.ctx)
	if err != nil {
		return nil
	}
	var found []suggestion
	for _, s := range list {
		for _, one := range named([]string{s.ID}) {
			one.about = fmt.Sprintf("exchanges: %d, model: %s, last: %s", s.Exchanges, s.Model, s.Used.Local().Format("2006-01-02 15:04"))
			found = append(found, one)
		}
	}
	return found
}

// settle gives the global options the values of the line and of the environment. What is
// wrong with them the command itself will say.
func (c *completer) settle() {
	_ = setFlags(c.parser.globals, c.parser.global)
	for _, v := range c.parser.global {
		c.inv.given[v.name] = true
	}
	_ = c.inv.applySettings(c.ctx, c.parser.globals, nil)
}
