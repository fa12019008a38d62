package cli

import "github.com/codexctl/codexctl/pkg/responses"

// displayOptions are the flags of `ask` about what a person sees besides the text.
type displayOptions struct {
	usage bool
}

func (o *displayOptions) flags() []flagSpec {
	return []flagSpec{boolFlag("usage,u", &o.usage, "say on stderr what it cost")}
}

// display is what a person sees on stderr while the answer comes. nil shows nothing.
type display struct{}

func (o *displayOptions) begin(*invocation) *display { return nil }

// event shows what an event brings.
func (d *display) event(responses.Event) {}

// end takes away what is not to stay. Calling it again does nothing.
func (d *display) end() {}
