package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Scene says how the emulator behaves. The zero Scene is the helpful backend on a
// good day. In JSON, unknown fields are refused and "name" fetches a named scene
// (see [SceneNames]), which further fields then change.
type Scene struct {
	Name string `json:"name,omitempty"`

	// Endpoint is what Fault and HeadDelayMS strike: "responses" (also if empty),
	// "models", "usage" or "any" of the three. Everything else is about answers of
	// /responses, or about the issuer, whose fields say where they strike.
	Endpoint string `json:"endpoint,omitempty"`

	// Times is how often the scene's trouble (Fault, Failed, ErrorEvent, Cut,
	// Garbage, Token, Authorize, Exchange, Device, Revoke) happens; after that, all
	// goes well. Each endpoint of the issuer counts for itself. Zero means always.
	Times int `json:"times,omitempty"`

	// Fault is an HTTP answer that is no success.
	Fault Fault `json:"fault,omitempty"`

	// RetryAfterS is the Retry-After of FaultRateLimited and FaultOverloaded, in
	// seconds; zero sends none.
	RetryAfterS int `json:"retry_after_s,omitempty"`

	// ResetAfterS is when a used-up allowance returns, in seconds from now; zero
	// means 13,872.
	ResetAfterS int `json:"reset_after_s,omitempty"`

	// ClockAheadS is how far the Date header of every answer is ahead of the clock, in
	// seconds; a negative one is behind it.
	ClockAheadS int `json:"clock_ahead_s,omitempty"`
	// UsedPercent is how much of the short window is used up; zero means 12. It shows
	// in the usage document and in the headers of answers.
	UsedPercent int `json:"used_percent,omitempty"`

	// AllowanceReturns ends UsedPercent and the faults about a used-up allowance,
	// ResetAfterS after the first request that meets the scene. Without it the reset
	// is always as far away as at first.
	AllowanceReturns bool `json:"allowance_returns,omitempty"`

	// UsageDocument is answered by the usage endpoint as it is, instead of a document
	// about the limits of this scene.
	UsageDocument json.RawMessage `json:"usage_document,omitempty"`

	// Lite is how a model of the Lite kind takes a request in plain form.
	Lite LiteMood `json:"lite,omitempty"`

	// StaleReasoning refuses every request that sends encrypted reasoning back, as the
	// backend does when it cannot decrypt it any more.
	StaleReasoning bool `json:"stale_reasoning,omitempty"`

	// Token is what goes wrong when a login is renewed at the token endpoint, and
	// TokenDelayMS how long that takes, in milliseconds.
	Token        TokenFault `json:"token,omitempty"`
	TokenDelayMS millis     `json:"token_delay_ms,omitempty"`

	// Authorize is what goes wrong at the sign-in page, Exchange when a code is
	// traded for tokens, and ExchangeDelayMS how long that takes, in milliseconds.
	// Of Exchange, faults that are about refresh tokens or accounts are refused.
	Authorize       AuthorizeFault `json:"authorize,omitempty"`
	Exchange        TokenFault     `json:"exchange,omitempty"`
	ExchangeDelayMS millis         `json:"exchange_delay_ms,omitempty"`
	AnyPort         bool           `json:"any_port,omitempty"`   // tokens for a callback on any port
	Plan            string         `json:"plan,omitempty"`       // of who signs in; if empty, "plus"
	NoAccount       bool           `json:"no_account,omitempty"` // who signs in has no workspace

	// Device is what goes wrong in a device login. DeviceStart spells its beginning,
	// DevicePending its waiting. It is approved after DevicePolls polls (zero means
	// 1) or as DeviceApproval says. DeviceIntervalS is the pause between polls that
	// it asks for, in seconds; zero means 5.
	Device          DeviceFault    `json:"device,omitempty"`
	DeviceStart     DeviceStart    `json:"device_start,omitempty"`
	DevicePending   DevicePending  `json:"device_pending,omitempty"`
	DeviceApproval  DeviceApproval `json:"device_approval,omitempty"`
	DevicePolls     int            `json:"device_polls,omitempty"`
	DeviceIntervalS int            `json:"device_interval_s,omitempty"`

	// Revoke is what goes wrong at revocation (500, a page, or 429), and
	// RevokeDelayMS how long it takes, in milliseconds.
	Revoke        TokenFault `json:"revoke,omitempty"`
	RevokeDelayMS millis     `json:"revoke_delay_ms,omitempty"`

	// What is answered. At most one of Text, Deltas, Messages, Refusal and
	// FloodDeltas is set; with none, the answer is made from the request.
	Text          string   `json:"text,omitempty"`           // split automatically
	Deltas        []string `json:"deltas,omitempty"`         // exactly these text deltas
	Messages      []string `json:"messages,omitempty"`       // one message item each
	Refusal       string   `json:"refusal,omitempty"`        // a refusal content part
	Empty         bool     `json:"empty,omitempty"`          // no output item at all
	Reasoning     string   `json:"reasoning,omitempty"`      // a reasoning summary, even unasked
	ToolCalls     int      `json:"tool_calls,omitempty"`     // so many calls, whatever tool_choice says
	ToolArguments string   `json:"tool_arguments,omitempty"` // these arguments, valid or not
	Incomplete    string   `json:"incomplete,omitempty"`     // end as incomplete, for this reason
	FullOutput    bool     `json:"full_output,omitempty"`    // the terminal event repeats the output
	ServedModel   string   `json:"served_model,omitempty"`   // the model that openai-model names

	// FloodDeltas text deltas of FloodBytes bytes each, at full speed. With
	// FloodBare the final events carry no text.
	FloodDeltas int  `json:"flood_deltas,omitempty"`
	FloodBytes  int  `json:"flood_bytes,omitempty"`
	FloodBare   bool `json:"flood_bare,omitempty"`

	// Failed ends the answer with response.failed and this code, after
	// FailedAfterDeltas text deltas. ErrorEvent puts an "error" event "before" it,
	// or leaves that event "alone".
	Failed            string `json:"failed,omitempty"`
	FailedMessage     string `json:"failed_message,omitempty"`
	FailedAfterDeltas int    `json:"failed_after_deltas,omitempty"`
	ErrorEvent        string `json:"error_event,omitempty"`

	// Cut ends the stream early, CutAt says where; CutDeltas counts for the places
	// that have "delta" in their name.
	Cut       Cut   `json:"cut,omitempty"`
	CutAt     CutAt `json:"cut_at,omitempty"`
	CutDeltas int   `json:"cut_deltas,omitempty"`

	// Pace, in milliseconds: before the headers, before the first event, before
	// every other event; and text deltas per second.
	HeadDelayMS     millis  `json:"head_delay_ms,omitempty"`
	FirstDelayMS    millis  `json:"first_delay_ms,omitempty"`
	EventDelayMS    millis  `json:"event_delay_ms,omitempty"`
	DeltasPerSecond float64 `json:"deltas_per_second,omitempty"`

	// Oddities of the events.
	WrongDone     bool `json:"wrong_done,omitempty"`     // the done text is not the sum of the deltas
	NoDeltas      bool `json:"no_deltas,omitempty"`      // only done events
	NoItemDone    bool `json:"no_item_done,omitempty"`   // no response.output_item.done
	UnknownEvents bool `json:"unknown_events,omitempty"` // events of types nobody knows
	UnknownFields bool `json:"unknown_fields,omitempty"` // a field nobody knows in each event
	ShuffleFields bool `json:"shuffle_fields,omitempty"` // top-level fields in random order
	Garbage       bool `json:"garbage,omitempty"`        // an event that is not JSON, after the first delta
	EventBytes    int  `json:"event_bytes,omitempty"`    // the first text delta is padded to this size

	// Oddities of the bytes.
	Writes       Writes     `json:"writes,omitempty"`
	LineEnd      LineEnd    `json:"line_end,omitempty"`
	EventNames   EventNames `json:"event_names,omitempty"`
	BOM          bool       `json:"bom,omitempty"`          // begin with a byte order mark
	Comments     bool       `json:"comments,omitempty"`     // a comment line before each event
	MultiLine    bool       `json:"multi_line,omitempty"`   // JSON spread over several data lines
	Unterminated bool       `json:"unterminated,omitempty"` // the last event lacks its blank line
}

// millis is a number of milliseconds.
type millis int

func (m millis) duration() time.Duration { return time.Duration(m) * time.Millisecond }

// Cut is how a stream ends early.
type Cut string

// The ways to end early.
const (
	CutAbort Cut = "abort" // the connection breaks
	CutEnd   Cut = "end"   // the body ends in good order
	CutStall Cut = "stall" // nothing more comes until the client leaves
)

// CutAt is a place in the stream.
type CutAt string

// The places where a stream can be cut. A stream with fewer deltas than CutDeltas
// is cut before its terminal event.
const (
	CutAtHead     CutAt = "head"         // before the response headers
	CutAtStart    CutAt = "start"        // before the first event
	CutAtCreated  CutAt = "created"      // after response.created
	CutAtDeltas   CutAt = "after_deltas" // after CutDeltas text deltas
	CutInDelta    CutAt = "in_delta"     // halfway through the next text delta
	CutAtTerminal CutAt = "terminal"     // before the terminal event
)

// Writes is how the bytes of a stream are cut into writes.
type Writes string

// The ways to write; the empty one is a write and a flush for each event.
const (
	WritesEvent  Writes = ""
	WritesByte   Writes = "byte"   // one byte at a time
	WritesRandom Writes = "random" // borders from the seed, also inside runes and line ends
	WritesWhole  Writes = "whole"  // everything at once
)

// LineEnd is what ends the lines of a stream.
type LineEnd string

// The line ends that the event-stream format knows; the empty one is LF.
const (
	LineEndLF   LineEnd = ""
	LineEndCRLF LineEnd = "crlf"
	LineEndCR   LineEnd = "cr"
)

// EventNames is what the event lines say.
type EventNames string

// The kinds of event line; the empty one is the type that the data has.
const (
	EventNamesTrue  EventNames = ""
	EventNamesNone  EventNames = "none"       // no event lines
	EventNamesFalse EventNames = "contradict" // another type than the data has
)

// LiteMood is how a model of the Lite kind takes a request in plain form. All
// three have been reported of the backend.
type LiteMood string

// The moods; the empty one refuses with a 400 that names reasoning.context.
const (
	LiteRefuse   LiteMood = ""
	LiteNotFound LiteMood = "not_found" // 404 "Model not found"
	LiteAccept   LiteMood = "accept"    // answers all the same
)

// ParseScene reads a scene from JSON. The error says which field is wrong and
// needs no further explanation.
func ParseScene(data []byte) (Scene, error) {
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return Scene{}, fmt.Errorf("read scene: %w", err)
	}
	var scene Scene
	if named.Name != "" {
		var known bool
		if scene, known = NamedScene(named.Name); !known {
			return Scene{}, fmt.Errorf("read scene: no scene is named %q", named.Name)
		}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&scene); err != nil {
		return Scene{}, fmt.Errorf("read scene: %w", err)
	}
	if dec.More() {
		return Scene{}, errors.New("read scene: more than one JSON value")
	}
	return scene, scene.Validate()
}
