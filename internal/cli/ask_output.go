package cli

// outputOptions are the flags of `ask` about where the text goes and how it ends.
type outputOptions struct {
	noStream, exact bool
}

func (o *outputOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("no-stream", &o.noStream, "write the answer when it is complete"),
		boolFlag("exact", &o.exact, "add no final newline"),
	}
}

// destination is where the text of an answer goes.
type destination struct{ *output }

// open makes sure that the answer can be written, before anything is asked.
func (o *outputOptions) open(inv *invocation) (*destination, error) {
	return &destination{inv.out}, nil
}

// close ends the text; err is what ended the answer.
func (d *destination) close(err error) error { return err }
