package chatcompat

import (
	"github.com/tidwall/sjson"
)

// Reasoning says where a summary of the model's reasoning goes.
type Reasoning int

// The places for a summary of reasoning.
const (
	// ReasoningTags puts it in front of the content, inside <reasoning> and </reasoning>, with
	// a newline behind.
	ReasoningTags Reasoning = iota

	// ReasoningField puts it into reasoning_content, beside the content.
	ReasoningField

	// ReasoningOff leaves it out.
	ReasoningOff
)

// Options say how a server answers chat requests.
type Options struct {
	// Reasoning is where a summary of the reasoning goes.
	Reasoning Reasoning

	// Strict makes an error of a field that would be left out.
	Strict bool

	// Kept says that a kept conversation comes first. The output of a call that the
	// messages do not hold then stays, since the call may be there. A request with
	// previous_response_id is taken so without being told.
	Kept bool
}

// Plan is a Chat Completions request taken apart: what is sent, and what becomes of
// the answer. It is not changed after [Parse], so that its choices can work at the
// same time.
type Plan struct {
	// Body is a Responses body. What the backend refuses is not in it any more.
	Body []byte

	// Model is the model as asked for; empty when absent.
	Model string

	// Stream says whether the answer is to be chunks.
	Stream bool

	// IncludeUsage says whether a stream ends with a chunk that has the usage.
	IncludeUsage bool

	// PreviousResponseID names the kept conversation that the request continues; empty
	// when it names none. It is not in Body.
	PreviousResponseID string

	// N is the number of choices, 1 to 8.
	N int

	// AskedForSummary says that reasoning.summary was not the client's wish. A model
	// that refuses it is asked again, with WithoutSummary.
	AskedForSummary bool

	// FullHistory says that the messages hold an assistant message or a call, and so
	// replace a kept conversation, unless PreviousResponseID names what they continue.
	FullHistory bool

	// Dropped names the refused fields that were left out, sorted.
	Dropped []string

	// Emulated names the fields that are obeyed here and not by the backend, as the
	// client spelled them, sorted.
	Emulated []string

	// Notes are the repairs, one sentence each, such as "messages.4: an output without
	// its call is left out".
	Notes []string

	answer answer
}

// WithoutSummary is the body without reasoning.summary.
func (p *Plan) WithoutSummary() []byte {
	body, err := sjson.DeleteBytes(p.Body, "reasoning.summary")
	if err != nil {
		return p.Body
	}
	return body
}

// answer is what the request says about its answer.
type answer struct {
	model     string
	reasoning Reasoning
	usage     bool              // every chunk has a usage field
	legacy    bool              // the request has functions, not tools
	limit     int               // text deltas that are given out; 0 is no limit
	stops     []stop            // what ends the text
	names     map[string]string // the client's names of tools, by the names sent
}
