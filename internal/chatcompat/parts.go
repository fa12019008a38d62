package chatcompat

import (
	"encoding/json"
	"fmt"
	"strings"
)

// chatPart is one part of a message's content.
type chatPart struct {
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	Refusal  string          `json:"refusal"`
	ImageURL json.RawMessage `json:"image_url"`
	File     struct {
		FileID   string `json:"file_id"`
		FileData string `json:"file_data"`
		Filename string `json:"filename"`
	} `json:"file"`
}

// part is one part of an input item's content.
type part struct {
	Type     string  `json:"type"`
	Text     *string `json:"text,omitempty"`
	Refusal  *string `json:"refusal,omitempty"`
	ImageURL string  `json:"image_url,omitempty"`
	Detail   string  `json:"detail,omitempty"`
	FileID   string  `json:"file_id,omitempty"`
	FileData string  `json:"file_data,omitempty"`
	Filename string  `json:"filename,omitempty"`
}

func (p part) saysJSON() bool {
	return p.Text != nil && strings.Contains(strings.ToLower(*p.Text), "json")
}

// parts turns content, a string or a list of parts, into parts whose text has the
// given type. No content is no parts.
func parts(where string, content json.RawMessage, textType string) ([]part, error) {
	if isNull(content) {
		return []part{}, nil
	}
	var text string
	if json.Unmarshal(content, &text) == nil {
		return []part{{Type: textType, Text: &text}}, nil
	}
	var list []chatPart
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, bad(where, "a string or a list of parts")
	}
	out := make([]part, len(list))
	for i, p := range list {
		converted, err := p.convert(fmt.Sprintf("%s.%d", where, i), textType)
		if err != nil {
			return nil, err
		}
		out[i] = converted
	}
	return out, nil
}

func (p chatPart) convert(where, textType string) (part, error) {
	switch p.Type {
	case "text":
		return part{Type: textType, Text: &p.Text}, nil
	case "refusal":
		return part{Type: "refusal", Refusal: &p.Refusal}, nil
	case "input_audio":
		return part{}, bad(where+".type", "text, image_url or file: the backend takes no audio")
	}
	if textType == "output_text" && (p.Type == "image_url" || p.Type == "file") {
		return part{}, bad(where+".type", "text or refusal in an assistant message")
	}
	switch p.Type {
	case "image_url":
		return p.image(where)
	case "file":
		return p.file(where)
	}
	return part{}, bad(where+".type", "text, image_url or file")
}

// image takes the image as an object or, as some clients write it, as the URL alone.
func (p chatPart) image(where string) (part, error) {
	var image struct {
		URL    string `json:"url"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(p.ImageURL, &image.URL) != nil && json.Unmarshal(p.ImageURL, &image) != nil || image.URL == "" {
		return part{}, bad(where+".image_url.url", "the URL of an image")
	}
	if hasScheme(image.URL, "file:") {
		return part{}, bad(where+".image_url.url", "a data: or https: URL")
	}
	return part{Type: "input_image", ImageURL: image.URL, Detail: image.Detail}, nil
}

func (p chatPart) file(where string) (part, error) {
	for _, scheme := range []string{"file:", "http:", "https:"} {
		if hasScheme(p.File.FileData, scheme) {
			return part{}, bad(where+".file.file_data", "the file itself: nothing is fetched from a URL")
		}
	}
	if p.File.FileData == "" && p.File.FileID == "" {
		return part{}, bad(where+".file", "file_data or file_id")
	}
	return part{Type: "input_file", FileID: p.File.FileID, FileData: p.File.FileData, Filename: p.File.Filename}, nil
}

func hasScheme(url, scheme string) bool {
	return len(url) >= len(scheme) && strings.EqualFold(url[:len(scheme)], scheme)
}

// withoutEmpty leaves out texts that are empty. It works in place.
func withoutEmpty(content []part) []part {
	kept := content[:0]
	for _, p := range content {
		if p.Text == nil || *p.Text != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// withoutReasoning removes the summary of reasoning that an earlier answer had in
// front of its content: it is not the model's own text.
func withoutReasoning(content []part) []part {
	if len(content) > 0 && content[0].Text != nil {
		text := trimReasoning(*content[0].Text)
		content[0].Text = &text
	}
	return content
}

// trimReasoning removes blocks in tags from the beginning of a text, as this server
// and others write them, and the line ends behind them.
func trimReasoning(text string) string {
	for {
		rest, ok := trimBlock(strings.TrimLeft(text, " \t\r\n"))
		if !ok {
			return text
		}
		text = strings.TrimLeft(rest, "\r\n")
	}
}

func trimBlock(text string) (string, bool) {
	for _, tag := range []string{"reasoning", "thinking", "think"} {
		inner, ok := strings.CutPrefix(text, "<"+tag+">")
		if !ok {
			continue
		}
		_, rest, closed := strings.Cut(inner, "</"+tag+">")
		return rest, closed
	}
	return "", false
}
