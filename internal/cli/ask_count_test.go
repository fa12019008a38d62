package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/pkg/responses"
)

// cli.md 8, --count: the estimate is split, and its parts are the whole.
func TestCountTokens(t *testing.T) {
	blocks := fileBlock("a.txt", strings.Repeat("word ", 400))
	message := func(a attachments, prompt string) json.RawMessage {
		data, err := a.message(prompt)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	plain := message(attachments{}, "why is the sky blue?")
	full := message(attachments{text: blocks, parts: []attachment{{mime: typePNG, data: []byte(pngStart)}, {address: "https://h.example/a.png"}}}, "why is the sky blue?")
	history := []json.RawMessage{responses.UserText(strings.Repeat("before ", 100)), responses.AssistantText("yes")}
	instructions := responses.EstimateText(responses.DefaultInstructions)
	tests := []struct {
		name string
		r    responses.Request
		want tokenCount // without Prompt and Total
	}{
		{"a prompt", responses.Request{Input: []json.RawMessage{plain}}, tokenCount{Instructions: instructions}},
		{"instructions", responses.Request{Instructions: "Be brief.", Input: []json.RawMessage{plain}}, tokenCount{Instructions: responses.EstimateText("Be brief.")}},
		{"files and images", responses.Request{Input: []json.RawMessage{full}},
			tokenCount{Instructions: instructions, Files: responses.EstimateText(blocks), Attachments: 2 * 765}},
		{"history", responses.Request{Input: append(history, full)},
			tokenCount{Instructions: instructions, Files: responses.EstimateText(blocks), Attachments: 2 * 765,
				History: tokensOf(responses.Request{Input: history})}},
		{"a tool and a schema", responses.Request{
			Input: []json.RawMessage{plain}, Tools: []json.RawMessage{[]byte(`{"type":"web_search"}`)},
			Text: responses.Text{Format: []byte(`{"type":"json_schema","name":"a","schema":{"type":"object"}}`)},
		}, tokenCount{Instructions: instructions, Tools: 7, Schema: 7}},
	}
	prompt := 4 + 4 + responses.EstimateText("why is the sky blue?")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := countTokens(tt.r, blocks)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			want.Prompt = got.Prompt
			want.Total = want.Instructions + want.History + want.Files + want.Prompt + want.Attachments + want.Tools + want.Schema
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			// Where two texts are counted as one, a token is rounded away or added.
			if got.Prompt < prompt-1 || got.Prompt > prompt+1 {
				t.Errorf("prompt: got %d, want about %d", got.Prompt, prompt)
			}
		})
	}
}
