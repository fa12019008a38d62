package emulator

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// reasoning appends a reasoning item.
func (c *composer) reasoning(t thought) {
	index := len(c.output)
	item := reasoningItem{ID: "rs_" + randomHex(c.rng, 50), Type: "reasoning", Summary: []summaryPart{}}
	if t.encrypted {
		item.EncryptedContent = c.encrypted()
	}
	c.thought += len(t.summary) + 100
	c.item("response.output_item.added", encode(item), index)
	if t.summary != "" {
		part := summaryPart{Type: "summary_text"}
		const added, delta = "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta"
		const textDone, done = "response.reasoning_summary_text.done", "response.reasoning_summary_part.done"
		c.add(frameOther, added, summaryPartEvent{added, item.ID, index, part, c.sequence, 0})
		if !c.scene.NoDeltas {
			for _, piece := range split(t.summary) {
				c.add(frameOther, delta, summaryDeltaEvent{delta, piece, item.ID, c.obfuscation(piece), index, c.sequence, 0})
			}
		}
		part.Text = t.summary
		c.add(frameOther, textDone, summaryDoneEvent{textDone, item.ID, index, c.sequence, 0, t.summary})
		c.add(frameOther, done, summaryPartEvent{done, item.ID, index, part, c.sequence, 0})
		item.Summary = append(item.Summary, part)
	}
	c.item("response.output_item.done", encode(item), index)
}

// encrypted makes something that looks like encrypted reasoning: base64url with
// the version byte of the format that life uses.
func (c *composer) encrypted() string {
	b := make([]byte, 96)
	for i := range b {
		b[i] = byte(c.rng.Uint32())
	}
	b[0] = 0x80
	return base64.URLEncoding.EncodeToString(b)
}

// call appends a tool call.
func (c *composer) call(t toolCall) {
	index := len(c.output)
	callID := "call_" + randomString(c.rng, 24)
	id := "fc_" + randomHex(c.rng, 50)
	item := func(status, input string) json.RawMessage {
		return encode(functionCallItem{id, "function_call", status, input, callID, t.name})
	}
	delta, done := "response.function_call_arguments.delta", "response.function_call_arguments.done"
	end := callDoneEvent{Arguments: &t.input}
	if t.custom {
		id = "ctc_" + randomHex(c.rng, 50)
		item = func(status, input string) json.RawMessage {
			return encode(customCallItem{id, "custom_tool_call", status, callID, input, t.name})
		}
		delta, done = "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"
		end = callDoneEvent{Input: &t.input}
	}
	c.said += len(t.name) + len(t.input)
	c.item("response.output_item.added", item("in_progress", ""), index)
	if !c.scene.NoDeltas {
		for _, piece := range split(t.input) {
			c.add(frameOther, delta, callDeltaEvent{delta, piece, id, c.obfuscation(piece), index, c.sequence})
		}
	}
	end.Type, end.ItemID, end.OutputIndex, end.Sequence = done, id, index, c.sequence
	c.add(frameOther, done, end)
	c.item("response.output_item.done", item(c.itemStatus(), t.input), index)
}

// part is the wire form of a content part.
func (m message) part(text string) json.RawMessage {
	if m.refusal {
		return encode(refusalPart{"refusal", text})
	}
	return encode(textPart{"output_text", []struct{}{}, []struct{}{}, text})
}

// message appends a message item with one content part.
func (c *composer) message(m message) {
	index := len(c.output)
	item := messageItem{ID: "msg_" + randomHex(c.rng, 50), Type: "message", Status: "in_progress",
		Content: []json.RawMessage{}, Phase: m.phase, Role: "assistant"}
	c.item("response.output_item.added", encode(item), index)
	const added, done = "response.content_part.added", "response.content_part.done"
	c.add(frameOther, added, partEvent{added, 0, item.ID, index, m.part(""), c.sequence})
	text := strings.Join(m.deltas, "")
	switch {
	case m.flood:
		text = c.flood(item.ID, index)
	case !c.scene.NoDeltas:
		c.messageDeltas(m, item.ID, index)
	}
	c.said += len(text)
	if c.scene.WrongDone {
		text += " (and more that no delta carried)"
	}
	bare := m.flood && c.scene.FloodBare // says nothing of the text at the end, not even that there is none
	switch {
	case bare:
	case m.refusal:
		const name = "response.refusal.done"
		c.add(frameOther, name, refusalDoneEvent{name, 0, item.ID, index, text, c.sequence})
	default:
		const name = "response.output_text.done"
		c.add(frameOther, name, textDoneEvent{name, 0, item.ID, []struct{}{}, index, c.sequence, text})
	}
	part := m.part(text)
	c.add(frameOther, done, partEvent{done, 0, item.ID, index, part, c.sequence})
	item.Status = c.itemStatus()
	if !bare {
		item.Content = []json.RawMessage{part}
	}
	c.item("response.output_item.done", encode(item), index)
}

// messageDeltas appends the deltas of a message.
func (c *composer) messageDeltas(m message, id string, index int) {
	for _, piece := range m.deltas {
		padding := c.obfuscation(piece)
		if m.refusal {
			const name = "response.refusal.delta"
			c.add(frameDelta, name, refusalDeltaEvent{name, 0, piece, id, padding, index, c.sequence})
		} else {
			const name = "response.output_text.delta"
			c.add(frameDelta, name, textDeltaEvent{name, 0, piece, id, []struct{}{}, padding, index, c.sequence})
		}
		c.delta()
	}
}

// flood appends the scene's flood and returns the text for the final events.
func (c *composer) flood(id string, index int) string {
	piece := strings.Repeat("x", c.scene.FloodBytes-1) + "\n"
	if c.stopped {
		return ""
	}
	const name = "response.output_text.delta"
	event := encode(textDeltaEvent{name, 0, piece, id, []struct{}{}, c.obfuscation(piece), index, 0})
	c.frames = append(c.frames, frame{kind: frameOther, name: name, flood: newFlood(name, event, c.sequence, c.scene.FloodDeltas)})
	c.sequence += c.scene.FloodDeltas
	if c.scene.FloodBare {
		return ""
	}
	return strings.Repeat(piece, c.scene.FloodDeltas)
}
