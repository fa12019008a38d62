package chatcompat

import (
	"encoding/json"
	"iter"
)

// Fate is what becomes of a field of a request.
type Fate string

// The fates.
const (
	// Sent goes to the backend as it is.
	Sent Fate = "sent"

	// Converted goes to the backend in the form that the Responses API has for it.
	Converted Fate = "converted"

	// Emulated is obeyed here, since the backend does not.
	Emulated Fate = "emulated"

	// Answered shapes the answer, and is not sent.
	Answered Fate = "answered"

	// Ignored is left out without a word: nothing is lost by it.
	Ignored Fate = "ignored"

	// Dropped is left out, and named in [Plan.Dropped]; an error if [Options] are
	// strict.
	Dropped Fate = "dropped"

	// Refused is an error.
	Refused Fate = "refused"
)

// Field is one row of the table that [Parse] works by.
type Field struct {
	// Name is the field's name in a Chat Completions request.
	Name string

	// Fate is what becomes of it.
	Fate Fate

	// Note says more, as a sentence; empty when the fate says all.
	Note string
}

// Fields is the table that [Parse] works by, in the order of its work. All other
// fields are sent as they are.
func Fields() []Field {
	var out []Field
	for r := range rules() {
		out = append(out, r.Field)
	}
	return out
}

// rule is a row with the function that carries it out; nil when the fate says all.
type rule struct {
	Field
	apply func(p *parsing, name string, value json.RawMessage) error
}

// rules is the table. `messages` comes last: what becomes of them depends on the tools
// and on the format of the answer. It takes no memory, since each request needs it.
//
// Source: OpenAI API reference, "Create chat completion"; fact R-7 in
// docs/protocol.md for what the backend refuses.
func rules() iter.Seq[rule] {
	return func(yield func(rule) bool) {
		for _, r := range [...]rule{
			{Field{"model", Sent, "Chosen by the server when absent."}, (*parsing).model},
			{Field{"stream", Answered, "The backend is always asked for a stream."}, (*parsing).stream},
			{Field{"stream_options", Answered, "include_usage is obeyed, all else is left out."}, (*parsing).streamOptions},
			{Field{"previous_response_id", Answered, "Names the kept conversation that the request continues."}, (*parsing).previous},
			{Field{"n", Emulated, "1 to 8 choices, by as many calls."}, (*parsing).choices},
			{Field{"stop", Emulated, "The text is cut at the first of up to four sequences."}, (*parsing).stop},
			{Field{"max_tokens", Emulated, "A cap on the text deltas; reasoning does not count. The first of the three that is given wins."}, (*parsing).limit},
			{Field{"max_completion_tokens", Emulated, "As max_tokens."}, (*parsing).limit},
			{Field{"max_output_tokens", Emulated, "As max_tokens."}, (*parsing).limit},
			{Field{"modalities", Refused, "Unless it is text alone: the backend gives no audio."}, (*parsing).modalities},
			{Field{"audio", Refused, "The backend gives no audio."}, (*parsing).audio},
			{Field{"response_format", Converted, "Becomes text.format."}, (*parsing).format},
			{Field{"reasoning_effort", Converted, "Becomes reasoning.effort."}, (*parsing).effort},
			{Field{"verbosity", Converted, "Becomes text.verbosity."}, (*parsing).verbosity},
			{Field{"service_tier", Converted, "fast becomes priority; auto and default are left out, as they ask for nothing."}, (*parsing).serviceTier},
			{Field{"prompt_cache_key", Sent, ""}, nil},
			{Field{"tools", Converted, "The objects are flattened. Names that the backend refuses are changed, and restored in the answer."}, (*parsing).addTools},
			{Field{"functions", Converted, "Becomes tools; the answer then has function_call."}, (*parsing).addFunctions},
			{Field{"web_search_options", Converted, "Becomes the tool web_search."}, (*parsing).addWebSearch},
			{Field{"tool_choice", Converted, "The object is flattened."}, (*parsing).toolChoice},
			{Field{"function_call", Converted, "Becomes tool_choice."}, (*parsing).functionChoice},
			{Field{"parallel_tool_calls", Sent, "Left out when there are no tools."}, nil},
			{Field{"store", Ignored, "The backend stores nothing; the server keeps conversations itself."}, nil},
			{Field{"background", Dropped, ""}, nil},
			{Field{"context_management", Dropped, ""}, nil},
			{Field{"conversation", Dropped, ""}, nil},
			{Field{"frequency_penalty", Dropped, ""}, nil},
			{Field{"generate", Dropped, ""}, nil},
			{Field{"logit_bias", Dropped, ""}, nil},
			{Field{"logprobs", Dropped, "The backend gives no log probabilities."}, nil},
			{Field{"max_tool_calls", Dropped, ""}, nil},
			{Field{"metadata", Dropped, ""}, nil},
			{Field{"moderation", Dropped, ""}, nil},
			{Field{"prediction", Dropped, "The Responses API has nothing like it."}, nil},
			{Field{"presence_penalty", Dropped, ""}, nil},
			{Field{"prompt_cache_options", Dropped, ""}, nil},
			{Field{"prompt_cache_retention", Dropped, ""}, nil},
			{Field{"safety_identifier", Dropped, ""}, nil},
			{Field{"seed", Dropped, ""}, nil},
			{Field{"temperature", Dropped, ""}, nil},
			{Field{"top_logprobs", Dropped, "The backend gives no log probabilities."}, nil},
			{Field{"top_p", Dropped, ""}, nil},
			{Field{"truncation", Dropped, ""}, nil},
			{Field{"user", Dropped, ""}, nil},
			{Field{"messages", Converted, "Becomes input."}, (*parsing).messages},
		} {
			if !yield(r) {
				return
			}
		}
	}
}
