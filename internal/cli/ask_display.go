package cli

import (
	"errors"
	"strconv"
	"strings"

	"github.com/kballard/go-shellquote"

	"github.com/codexctl/codexctl/pkg/responses"
)

// displayOptions are the flags of `ask` about what a person sees besides the text, and
// how the text looks to a person.
type displayOptions struct {
	usage         bool
	hideReasoning bool
	render        renderOption
}

func (o *displayOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("usage,u", &o.usage, "say on stderr what it cost"),
		boolFlag("hide-reasoning,R", &o.hideReasoning, "do not show the summary of the reasoning on stderr"),
		{
			name: "render", flag: genericFlag("render", &o.render),
			usage: "format Markdown on a terminal; $CODEXCTL_RENDER may name a command, such as 'glow -'",
		},
	}
}

// renderOption is a switch that may name a command instead of being on.
type renderOption struct {
	on      bool
	command string
}

// Set takes a truth value, or else a command.
func (r *renderOption) Set(value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		*r = renderOption{true, value}
		return nil
	}
	*r = renderOption{on: on}
	return nil
}

func (r *renderOption) String() string { return r.command }

// words are the command's; none for the renderer that is built in.
func (r *renderOption) words() ([]string, error) {
	words, err := shellquote.Split(r.command)
	if err == nil && r.on && r.command != "" && len(words) == 0 {
		err = errors.New("it holds no command")
	}
	return words, err
}

// shape asks for a summary of the reasoning if it will be shown.
func (o *displayOptions) shape(r *responses.Request, inv *invocation) {
	if o.showsReasoning(inv) && r.Reasoning.Summary == "" {
		r.Reasoning.Summary = "auto"
	}
}

// showsReasoning says whether a person sees the summary of the reasoning.
func (o *displayOptions) showsReasoning(inv *invocation) bool {
	g := &inv.global
	return inv.env.StderrTerminal && !g.quiet && !o.hideReasoning && !g.wantsDocument() && !g.jsonl
}

// display is what a person sees on stderr while the answer comes. nil shows nothing.
type display struct {
	talk      *talk
	out       *destination
	reasoning bool // the summary is shown
	shared    bool // stdout is a terminal too, so likely the same one
	speaking  bool // a summary has begun and not ended
	spinner   *spinner
	spin      func() *spinner // starts another one
}

func (o *displayOptions) begin(inv *invocation, out *destination) *display {
	d := &display{talk: inv.talk, out: out, reasoning: o.showsReasoning(inv), shared: inv.env.StdoutTerminal}
	d.spin = func() *spinner {
		if !inv.spins() {
			return nil
		}
		return startSpinner(inv.talk, spinnerFrames(inv.env.speaksUTF8()))
	}
	d.spinner = d.spin()
	out.before = d.pause
	return d
}

// rest leaves the terminal to somebody else until wake is called.
func (d *display) rest() (wake func()) {
	d.spinner.stop()
	return func() { d.spinner = d.spin() }
}

// speaks says whether an event makes the display write.
func (d *display) speaks(e responses.Event) bool {
	return d != nil && d.reasoning && e.ReasoningDelta() != ""
}

// event shows what an event brings.
func (d *display) event(e responses.Event) {
	switch {
	case d == nil || !d.reasoning || d.shared && d.out.taken:
	case d.speaking && strings.HasSuffix(e.Type, "_part.added") && strings.Contains(e.Type, ".reasoning_"):
		d.talk.pour("\n\n")
	case e.ReasoningDelta() != "":
		d.spinner.stop()
		if !d.speaking && d.shared && d.out.midline {
			d.talk.pour("\n")
		}
		d.speaking = true
		d.talk.pour(e.ReasoningDelta())
	}
}

// pause makes room for text on stdout.
func (d *display) pause() {
	if d == nil {
		return
	}
	d.spinner.stop()
	if !d.speaking {
		return
	}
	d.speaking = false
	d.talk.freshLine()
	if d.shared {
		d.talk.pour("\n")
	}
}

// end takes away what is not to stay. Calling it again does nothing.
func (d *display) end() {
	if d == nil {
		return
	}
	d.spinner.stop()
	d.speaking = false
	d.talk.freshLine()
}
