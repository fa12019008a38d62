package chatcompat

import (
	"github.com/tidwall/gjson"
)

// call is a call of a tool on its way.
type call struct {
	number    int // among the calls of the choice
	announced bool
	custom    bool
	given     bool   // some of the arguments were given
	complete  bool   // all of them were
	early     []byte // arguments that came before the name
}

func isCall(item gjson.Result) bool {
	kind := item.Get("type").Str
	return kind == "function_call" || kind == "custom_tool_call"
}

func (c *Choice) callAt(index int) *call {
	if c.calls[index] == nil {
		c.calls[index] = &call{}
	}
	return c.calls[index]
}

// announce gives the id and the name of a call once both are known. The id is the
// call_id, that the client's output must name; the item's own id stays here.
func (c *Choice) announce(made *call, item gjson.Result) {
	id, name := item.Get("call_id").Str, item.Get("name").Str
	if made.announced || id == "" || name == "" {
		return
	}
	if known, ok := c.answer.names[name]; ok {
		name = known
	}
	made.announced, made.number = true, c.count
	made.custom = item.Get("type").Str == "custom_tool_call"
	c.count++
	if c.hidden(made) {
		return
	}
	c.giveCall(made, id, name)
}

// hidden says whether there is no room for the call: the form that came before
// tool_calls has one.
func (c *Choice) hidden(made *call) bool { return c.answer.legacy && made.number > 0 }

func (c *Choice) argumentsDelta(data []byte) {
	event := readText(data, "delta")
	made := c.callAt(event.output)
	text := inside(event.text)
	switch {
	case made.complete || len(text) == 0:
	case made.announced:
		c.arguments(made, text)
	default:
		made.early = append(made.early, text...)
	}
}

func (c *Choice) argumentsDone(data []byte, field string) {
	event := readText(data, field)
	text := inside(event.text)
	made := c.callAt(event.output)
	switch {
	case text == nil || made.complete:
	case made.announced:
		c.allArguments(made, text)
	default:
		made.early = append(made.early[:0], text...)
	}
}

// wholeCall takes what a finished item has and its events have not brought.
func (c *Choice) wholeCall(made *call, item gjson.Result) {
	c.announce(made, item)
	if !made.announced || made.complete {
		return
	}
	field := "arguments"
	if made.custom {
		field = "input"
	}
	text := inside([]byte(item.Get(field).Raw))
	if text == nil {
		text = made.early
	}
	c.allArguments(made, text)
}

// allArguments gives the arguments unless deltas have done so.
func (c *Choice) allArguments(made *call, text []byte) {
	if !made.given && len(text) > 0 {
		c.arguments(made, text)
	}
	made.complete = true
}

func (c *Choice) arguments(made *call, text []byte) {
	made.given = true
	if !c.hidden(made) {
		c.giveArguments(made, text)
	}
}
