package responses

import (
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// What things are taken to cost, in tokens. The figures were fitted to the usage that
// recorded answers report; docs/protocol.md, fact N-1, says how far they are off.
const (
	baseTokens    = 4   // of a request
	itemTokens    = 4   // of an item, for its role and its borders
	customTokens  = 30  // of a tool that takes free text: what its calls look like has to be said
	imageTokens   = 765 // of an image in high detail, whose size is not looked at
	bytesPerToken = 4   // of text in Latin script
)

// EstimateTokens says roughly how many input tokens r has: what the backend will count
// can be a fifth more or less. Files count by their size, reasoning and images by a
// fixed figure.
func (r Request) EstimateTokens() int {
	total := baseTokens + EstimateText(r.Instructions)
	for _, item := range r.Input {
		total += itemTokens + estimateValue(gjson.ParseBytes(item))
	}
	for _, tool := range r.Tools {
		total += itemTokens + EstimateText(string(tool))/2 // punctuation is cheap
		if gjson.GetBytes(tool, "type").Str == "custom" {
			total += customTokens
		}
	}
	return total + EstimateText(string(r.Text.Format))/2
}

// EstimateText says roughly how many tokens a text has.
func EstimateText(text string) int {
	if text == "" {
		return 0
	}
	runes := utf8.RuneCountInString(text)
	// Scripts of several bytes a letter have about a token for each letter.
	wide := (len(text) - runes) / 2
	return (max(runes-wide, 0)+bytesPerToken-1)/bytesPerToken + wide
}

// estimateValue adds up the texts of an item, at any depth.
func estimateValue(v gjson.Result) int {
	if v.IsObject() {
		switch v.Get("type").Str {
		case "input_image":
			return imageTokens
		case "input_file":
			return EstimateText(v.Get("file_data").Str) * 3 / 4
		}
	}
	if v.Type == gjson.String {
		return EstimateText(v.Str)
	}
	total := 0
	v.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "type", "role", "id", "status", "call_id", "encrypted_content":
			return true
		}
		total += estimateValue(value)
		return true
	})
	return total
}
