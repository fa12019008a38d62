package emulator

import "encoding/json"

// The events of an answer. Field order is that of the recordings: "type" first,
// the rest by the alphabet.

type responseEvent struct {
	Type     string         `json:"type"`
	Response responseObject `json:"response"`
	Sequence int            `json:"sequence_number"`
}

type itemEvent struct {
	Type        string          `json:"type"`
	Item        json.RawMessage `json:"item"`
	OutputIndex int             `json:"output_index"`
	Sequence    int             `json:"sequence_number"`
}

type partEvent struct {
	Type         string          `json:"type"`
	ContentIndex int             `json:"content_index"`
	ItemID       string          `json:"item_id"`
	OutputIndex  int             `json:"output_index"`
	Part         json.RawMessage `json:"part"`
	Sequence     int             `json:"sequence_number"`
}

type textDeltaEvent struct {
	Type         string     `json:"type"`
	ContentIndex int        `json:"content_index"`
	Delta        string     `json:"delta"`
	ItemID       string     `json:"item_id"`
	Logprobs     []struct{} `json:"logprobs"` // always the empty list
	Obfuscation  string     `json:"obfuscation"`
	OutputIndex  int        `json:"output_index"`
	Sequence     int        `json:"sequence_number"`
}

type textDoneEvent struct {
	Type         string     `json:"type"`
	ContentIndex int        `json:"content_index"`
	ItemID       string     `json:"item_id"`
	Logprobs     []struct{} `json:"logprobs"`
	OutputIndex  int        `json:"output_index"`
	Sequence     int        `json:"sequence_number"`
	Text         string     `json:"text"`
}

type refusalDeltaEvent struct {
	Type         string `json:"type"`
	ContentIndex int    `json:"content_index"`
	Delta        string `json:"delta"`
	ItemID       string `json:"item_id"`
	Obfuscation  string `json:"obfuscation"`
	OutputIndex  int    `json:"output_index"`
	Sequence     int    `json:"sequence_number"`
}

type refusalDoneEvent struct {
	Type         string `json:"type"`
	ContentIndex int    `json:"content_index"`
	ItemID       string `json:"item_id"`
	OutputIndex  int    `json:"output_index"`
	Refusal      string `json:"refusal"`
	Sequence     int    `json:"sequence_number"`
}

// callDeltaEvent carries a piece of a function's arguments or of a custom tool's
// input.
type callDeltaEvent struct {
	Type        string `json:"type"`
	Delta       string `json:"delta"`
	ItemID      string `json:"item_id"`
	Obfuscation string `json:"obfuscation"`
	OutputIndex int    `json:"output_index"`
	Sequence    int    `json:"sequence_number"`
}

// callDoneEvent ends a call; one of Arguments and Input is set.
type callDoneEvent struct {
	Type        string  `json:"type"`
	Arguments   *string `json:"arguments,omitempty"`
	Input       *string `json:"input,omitempty"`
	ItemID      string  `json:"item_id"`
	OutputIndex int     `json:"output_index"`
	Sequence    int     `json:"sequence_number"`
}

type summaryPartEvent struct {
	Type         string      `json:"type"`
	ItemID       string      `json:"item_id"`
	OutputIndex  int         `json:"output_index"`
	Part         summaryPart `json:"part"`
	Sequence     int         `json:"sequence_number"`
	SummaryIndex int         `json:"summary_index"`
}

type summaryDeltaEvent struct {
	Type         string `json:"type"`
	Delta        string `json:"delta"`
	ItemID       string `json:"item_id"`
	Obfuscation  string `json:"obfuscation"`
	OutputIndex  int    `json:"output_index"`
	Sequence     int    `json:"sequence_number"`
	SummaryIndex int    `json:"summary_index"`
}

type summaryDoneEvent struct {
	Type         string `json:"type"`
	ItemID       string `json:"item_id"`
	OutputIndex  int    `json:"output_index"`
	Sequence     int    `json:"sequence_number"`
	SummaryIndex int    `json:"summary_index"`
	Text         string `json:"text"`
}

// errorEvent is the flat failure that came before response.failed when models
// were overloaded (seen 2026-08).
type errorEvent struct {
	Type     string       `json:"type"`
	Error    apiErrorBody `json:"error"`
	Sequence int          `json:"sequence_number"`
}

// unknownEvent is of a type that no reader knows; readers must skip it.
type unknownEvent struct {
	Type     string `json:"type"`
	Payload  string `json:"payload"`
	Sequence int    `json:"sequence_number"`
}

// rateLimitsEvent is known from WebSockets and was reported as the first event
// over HTTP too. It has no sequence number.
type rateLimitsEvent struct {
	Type       string `json:"type"`
	PlanType   string `json:"plan_type"`
	RateLimits struct {
		Primary   rateLimitsWindow  `json:"primary"`
		Secondary *rateLimitsWindow `json:"secondary"`
	} `json:"rate_limits"`
	LimitName *string `json:"limit_name"`
}

type rateLimitsWindow struct {
	UsedPercent   int   `json:"used_percent"`
	WindowMinutes int   `json:"window_minutes"`
	ResetAt       int64 `json:"reset_at"` // Unix seconds
}

// The output items and their parts.

type messageItem struct {
	ID      string            `json:"id"`
	Type    string            `json:"type"`
	Status  string            `json:"status"`
	Content []json.RawMessage `json:"content"`
	Phase   string            `json:"phase"`
	Role    string            `json:"role"`
}

type textPart struct {
	Type        string     `json:"type"`
	Annotations []struct{} `json:"annotations"`
	Logprobs    []struct{} `json:"logprobs"`
	Text        string     `json:"text"`
}

type refusalPart struct {
	Type    string `json:"type"`
	Refusal string `json:"refusal"`
}

type functionCallItem struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Status    string `json:"status"`
	Arguments string `json:"arguments"`
	CallID    string `json:"call_id"`
	Name      string `json:"name"`
}

type customCallItem struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Status string `json:"status"`
	CallID string `json:"call_id"`
	Input  string `json:"input"`
	Name   string `json:"name"`
}

type reasoningItem struct {
	ID               string        `json:"id"`
	Type             string        `json:"type"`
	EncryptedContent string        `json:"encrypted_content,omitempty"`
	Summary          []summaryPart `json:"summary"`
}

type summaryPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}
