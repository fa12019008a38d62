package chatcompat

// The event types that are translated. All others are read over.
//
// Source: OpenAI API reference, "Streaming events"; fact S-2 in docs/protocol.md.
const (
	typeCreated      = "response.created"
	typeInProgress   = "response.in_progress"
	typeItemAdded    = "response.output_item.added"
	typeItemDone     = "response.output_item.done"
	typeTextDelta    = "response.output_text.delta"
	typeTextDone     = "response.output_text.done"
	typeRefusalDelta = "response.refusal.delta"
	typeRefusalDone  = "response.refusal.done"
	typeSummaryDelta = "response.reasoning_summary_text.delta"
	typeSummaryDone  = "response.reasoning_summary_text.done"
	typeThoughtDelta = "response.reasoning_text.delta"
	typeThoughtDone  = "response.reasoning_text.done"
	typeArgsDelta    = "response.function_call_arguments.delta"
	typeArgsDone     = "response.function_call_arguments.done"
	typeInputDelta   = "response.custom_tool_call_input.delta"
	typeInputDone    = "response.custom_tool_call_input.done"
	typeCompleted    = "response.completed"
	typeIncomplete   = "response.incomplete"
	typeFailed       = "response.failed"
)

// textEvent is what an event says about a text. Its slices are parts of the event.
type textEvent struct {
	text         []byte // the JSON of the text, with its quotes; nil when there is none
	output, part int    // the places of the item and of the part in it
}

// readText reads the field called name, and the places. It is all that is done for
// most events of a stream, and so it goes through the event once and keeps nothing.
func readText(data []byte, name string) textEvent {
	var t textEvent
	s := scanner{data: data}
	for s.next() {
		switch string(s.key) {
		case name:
			t.text = s.value
		case "output_index":
			t.output = s.number()
		case "content_index", "summary_index":
			t.part = s.number()
		}
	}
	return t
}

// scanner goes through the fields of a JSON object that is known to be valid. Of
// anything else it gives some fields or none.
type scanner struct {
	data       []byte
	at         int
	key, value []byte // the key without its quotes
}

func (s *scanner) next() bool {
	s.skip()
	if s.at >= len(s.data) || s.data[s.at] != '{' && s.data[s.at] != ',' {
		return false
	}
	s.at++
	s.skip()
	key := s.take()
	if len(key) < 2 || key[0] != '"' {
		return false
	}
	s.key = key[1 : len(key)-1]
	s.skip()
	if s.at >= len(s.data) || s.data[s.at] != ':' {
		return false
	}
	s.at++
	s.skip()
	s.value = s.take()
	return len(s.value) > 0
}

func (s *scanner) skip() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take reads a value: a string, an object or list with all that is in it, or a word.
func (s *scanner) take() []byte {
	begin, depth := s.at, 0
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			s.string()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			if depth == 0 {
				return s.data[begin:s.at]
			}
			depth--
			s.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.data[begin:s.at]
			}
			s.at++
			continue
		default:
			s.at++
			continue
		}
		if depth == 0 {
			return s.data[begin:s.at]
		}
	}
	return s.data[begin:s.at]
}

// string passes over a string.
func (s *scanner) string() {
	for s.at++; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return
		}
	}
	s.at = len(s.data)
}

// number is the value as a whole number; 0 for what is none, or too big for a place.
func (s *scanner) number() int {
	const most = 1 << 30
	n := 0
	for _, c := range s.value {
		if c < '0' || c > '9' || n > most/10 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
