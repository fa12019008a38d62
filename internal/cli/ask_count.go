package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// countError is how far off an estimate of a short text can be, in percent: fact N-1
// in docs/protocol.md.
const countError = 20

// countOptions are the flags of `ask` about how much is sent.
type countOptions struct {
	count     bool
	maxTokens int
}

func (o *countOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("count", &o.count, "print an estimate of the input tokens, send nothing"),
		intFlag("max-input-tokens", "N", &o.maxTokens, "send nothing if the estimate is above N"),
	}
}

// tokenCount is an estimate of the input tokens, by what they are spent on.
type tokenCount struct {
	Instructions int `json:"instructions"`
	History      int `json:"history"`
	Files        int `json:"files"`
	Prompt       int `json:"prompt"` // with what every request costs
	Attachments  int `json:"attachments"`
	Tools        int `json:"tools"`
	Schema       int `json:"schema"`
	Total        int `json:"total"`
}

// countTokens estimates the request as it would be sent. The last item of its input is
// the message, and what comes before it the history; files is the text that the message
// begins with.
func countTokens(r responses.Request, files string) (tokenCount, error) {
	body, err := r.Body(false)
	if err != nil {
		return tokenCount{}, err
	}
	var sent responses.Request
	if err := json.Unmarshal(body, &sent); err != nil {
		return tokenCount{}, fmt.Errorf("count the tokens: %w", err)
	}
	last := len(sent.Input) - 1
	c := tokenCount{
		Instructions: tokensOf(responses.Request{Instructions: sent.Instructions}),
		History:      tokensOf(responses.Request{Input: sent.Input[:last]}),
		Tools:        tokensOf(responses.Request{Tools: sent.Tools}),
		Schema:       tokensOf(responses.Request{Text: responses.Text{Format: sent.Text.Format}}),
		Attachments:  attachmentTokens(sent.Input[last]),
		Total:        sent.EstimateTokens(),
	}
	if said := gjson.GetBytes(sent.Input[last], "content.0.text").Str; files != "" && strings.HasPrefix(said, files) {
		c.Files = responses.EstimateText(files)
	}
	c.Prompt = c.Total - c.Instructions - c.History - c.Tools - c.Schema - c.Attachments - c.Files
	return c, nil
}

// tokensOf is what a part of a request adds to it.
func tokensOf(part responses.Request) int {
	return part.EstimateTokens() - responses.Request{}.EstimateTokens()
}

// attachmentTokens is what the parts of a message that are no text add to it.
func attachmentTokens(item json.RawMessage) int {
	total := 0
	for _, part := range gjson.GetBytes(item, "content").Array() {
		switch part.Get("type").Str {
		case "input_image", "input_file":
			bare := json.RawMessage(`{"content":[]}`)
			with := json.RawMessage(`{"content":[` + part.Raw + `]}`)
			total += tokensOf(responses.Request{Input: []json.RawMessage{with}}) - tokensOf(responses.Request{Input: []json.RawMessage{bare}})
		}
	}
	return total
}

// checkCount refuses numbers that make no sense.
func (o *countOptions) checkCount(inv *invocation) error {
	if o.maxTokens < 0 || o.maxTokens == 0 && inv.given["max-input-tokens"] {
		return inv.badSetting("max-input-tokens", fmt.Errorf("want 1 or more, not %d", o.maxTokens))
	}
	return nil
}

// estimate counts what is about to be sent, if anybody wants to know, and refuses it
// above --max-input-tokens.
func (a *answer) estimate() error {
	o := a.options.countOptions
	if !o.count && o.maxTokens == 0 {
		return nil
	}
	var err error
	if a.counted, err = countTokens(a.call.request, a.attached.text); err != nil {
		return err
	}
	if o.maxTokens == 0 || a.counted.Total <= o.maxTokens {
		return nil
	}
	return &usageError{
		message: fmt.Sprintf("the input has about %d tokens (an estimate), more than --max-input-tokens %d allows; nothing was sent", a.counted.Total, o.maxTokens),
		hint:    "see what takes them: --count instead of --max-input-tokens; or allow more of them",
	}
}

// countDocument is the JSON form of --count.
type countDocument struct {
	SchemaVersion  int            `json:"schema_version"`
	Type           string         `json:"type"`
	Count          bool           `json:"count"`
	Estimate       bool           `json:"estimate"`
	ErrorPercent   int            `json:"error_percent"`
	RequestedModel string         `json:"requested_model"`
	InputTokens    tokenCount     `json:"input_tokens"`
	Dropped        []string       `json:"dropped"`
	Warnings       []string       `json:"warnings"`
	Error          *errorDocument `json:"error"`
}

// printCount writes the estimate. Nothing is sent, and no login is needed.
func (a *answer) printCount() error {
	c := a.counted
	if a.inv.global.wantsDocument() {
		return a.inv.document(countDocument{
			SchemaVersion: 1, Type: "ask", Count: true, Estimate: true, ErrorPercent: countError,
			RequestedModel: a.call.requestedModel(), InputTokens: c, Dropped: nonNil(a.dropped), Warnings: a.inv.talk.warnings(),
		})
	}
	w := tabwriter.NewWriter(a.inv.out, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		name   string
		tokens int
	}{
		{"instructions", c.Instructions}, {"history", c.History}, {"files", c.Files}, {"prompt", c.Prompt},
		{"attachments", c.Attachments}, {"tools", c.Tools}, {"schema", c.Schema}, {"total", c.Total},
	} {
		fmt.Fprintf(w, "%d\t  %s\n", row.tokens, row.name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	text := fmt.Sprintf("an estimate, about ±%d %% for short texts", countError)
	if c.Attachments > 0 {
		text += "; for images and PDFs a guess"
	}
	_, err := io.WriteString(a.inv.out, text+"\n")
	return err
}
