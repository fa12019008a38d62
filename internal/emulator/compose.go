package emulator

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// frameKind says what a frame is to the scene.
type frameKind int

const (
	frameOther    frameKind = iota
	frameCreated            // response.created
	frameDelta              // a text delta
	frameTerminal           // the last event
	frameGarbage            // data that is not JSON
)

// frame is one event, not yet in bytes.
type frame struct {
	kind  frameKind
	name  string // the type, for the event line
	data  []byte // JSON
	flood *flood // if set, many deltas take the place of name and data

	verbatim []byte // if set, these bytes are sent as they are
}

// composer turns an answer into frames.
type composer struct {
	scene    Scene
	rng      *rand.Rand
	response responseObject
	frames   []frame
	sequence int               // number of the next event
	deltas   int               // text deltas so far
	stopped  bool              // the answer has failed: only its end is still said
	output   []json.RawMessage // finished items
	said     int               // bytes of answer, for the usage
	thought  int               // bytes of reasoning
}

// compose makes the events of an answer to q.
func compose(q *request, scene Scene, who person, x *exchange) []frame {
	c := &composer{scene: scene, rng: x.rng, response: newResponse(q, who, x)}
	if scene.UnknownEvents {
		c.rateLimits(x.limits(Scene{}, who))
	}
	c.lifecycle("response.created", frameCreated)
	c.lifecycle("response.in_progress", frameOther)
	c.unknown()
	// A failure with no deltas before it comes before any output item, where
	// clients may still repeat the request.
	c.stopped = scene.Failed != "" && scene.FailedAfterDeltas == 0
	a := decide(q, scene)
	if a.reasoning != nil {
		c.reasoning(*a.reasoning)
	}
	for _, call := range a.calls {
		c.call(call)
	}
	for _, m := range a.messages {
		c.message(m)
	}
	c.stopped = false
	c.finish(q, who, x)
	return c.frames
}

// add appends an event, which bears the number c.sequence, unless the answer has
// failed. Numbers count from 0 without gaps.
func (c *composer) add(kind frameKind, name string, event any) {
	if c.stopped {
		return
	}
	c.frames = append(c.frames, frame{kind: kind, name: name, data: encode(event)})
	c.sequence++
}

// lifecycle appends an event that holds the whole Response.
func (c *composer) lifecycle(name string, kind frameKind) {
	c.add(kind, name, responseEvent{name, c.response, c.sequence})
}

// item appends an event about an output item; the done one finishes the item.
func (c *composer) item(name string, item json.RawMessage, index int) {
	if name == "response.output_item.done" && !c.stopped {
		c.output = append(c.output, item)
		if c.scene.NoItemDone {
			return
		}
	}
	c.add(frameOther, name, itemEvent{name, item, index, c.sequence})
}

// itemStatus is the status of a finished item.
func (c *composer) itemStatus() string {
	if c.scene.Incomplete != "" {
		return "incomplete"
	}
	return "completed"
}

// finish appends the terminal event and what belongs to it.
func (c *composer) finish(q *request, who person, x *exchange) {
	c.response.ServiceTier = "default" // "auto" until here
	if c.scene.FullOutput {
		c.response.Output = append(c.response.Output, c.output...)
	}
	if c.scene.Failed != "" {
		c.fail(who, x)
		return
	}
	completed := x.now.Unix() + 1
	c.response.Usage = c.usage(q)
	name := "response.completed"
	c.response.Status = "completed"
	if c.scene.Incomplete != "" {
		name = "response.incomplete"
		c.response.Status = "incomplete"
		c.response.IncompleteDetails = &incompleteDetails{c.scene.Incomplete}
	} else {
		c.response.CompletedAt = &completed
	}
	c.lifecycle(name, frameTerminal)
}

// usage counts by the lengths of what was sent and said.
func (c *composer) usage(q *request) *tokenUsage {
	u := &tokenUsage{}
	u.InputTokens = estimateTokens(len(q.Input) + len(q.rawTools))
	if q.Instructions != nil {
		u.InputTokens += estimateTokens(len(*q.Instructions))
	}
	if c.thought > 0 {
		u.OutputTokensDetails.ReasoningTokens = estimateTokens(c.thought)
	}
	u.OutputTokens = estimateTokens(c.said) + u.OutputTokensDetails.ReasoningTokens
	u.TotalTokens = u.InputTokens + u.OutputTokens
	return u
}

// rateLimits appends the event that announces the allowance; it has no number.
func (c *composer) rateLimits(l limits) {
	event := rateLimitsEvent{Type: "codex.rate_limits", PlanType: l.plan}
	event.RateLimits.Primary = rateLimitsWindow{l.primary.usedPercent, int(l.primary.length.Minutes()), l.primary.resetAt}
	c.frames = append(c.frames, frame{name: event.Type, data: encode(event)})
}

// unknown appends an event that nobody knows, if the scene likes such.
func (c *composer) unknown() {
	if c.scene.UnknownEvents {
		const name = "response.emulator_novelty"
		c.add(frameOther, name, unknownEvent{name, "readers skip this", c.sequence})
	}
}

// obfuscation pads a delta so that its length on the wire tells little: to the
// next multiple of 16 characters, as in the recordings.
func (c *composer) obfuscation(delta string) string {
	const block = 16
	return randomString(c.rng, block-len(delta)%block)
}

// delta counts a text delta that was just added, appends what the scene wants
// near it, and lets the answer fail if its time has come.
func (c *composer) delta() {
	if c.stopped {
		return
	}
	c.deltas++
	if c.deltas == 1 {
		if c.scene.Garbage {
			c.frames = append(c.frames, frame{kind: frameGarbage, name: "response.output_text.delta",
				data: []byte(`{"type":"response.output_text.delta","delta":"brok`)})
		}
		if c.scene.EventBytes > 0 {
			c.inflate(&c.frames[len(c.frames)-1])
		}
		c.unknown()
	}
	if c.scene.Failed != "" && c.deltas >= c.scene.FailedAfterDeltas {
		c.stopped = true
	}
}

// inflate lengthens the padding of a delta until the data has the scene's size.
func (c *composer) inflate(f *frame) {
	const mark = `"obfuscation":"`
	at := bytes.Index(f.data, []byte(mark))
	missing := c.scene.EventBytes - len(f.data)
	if at < 0 || missing <= 0 {
		return
	}
	at += len(mark)
	grown := make([]byte, 0, c.scene.EventBytes)
	grown = append(grown, f.data[:at]...)
	grown = append(grown, strings.Repeat("x", missing)...)
	f.data = append(grown, f.data[at:]...)
}
