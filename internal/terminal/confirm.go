package terminal

import (
	"fmt"
	"strings"
)

// confirm asks until the answer is a yes or a no.
func (d *dialog) confirm(question string) (bool, error) {
	question = oneLine(question)
	typed, wrong := "", ""
	view := func(p Palette, rest string) string {
		text := p.Good("?") + " " + p.Strong(question) + " " + rest
		if wrong != "" {
			text = p.Bad("X") + fmt.Sprintf(" %q is not a valid answer, please try again.\n", wrong) + text
		}
		return text
	}
	for {
		err := d.show(func(p Palette) string { return view(p, "(y/N) "+typed) })
		if err != nil {
			return false, err
		}
		key, err := d.key()
		if err != nil {
			return false, err
		}
		if !isEnter(key) {
			typed = edit(typed, key)
			continue
		}
		yes, ok := yesOrNo(typed)
		if ok {
			answer := map[bool]string{true: "Yes", false: "No"}[yes]
			return yes, d.show(func(p Palette) string { return view(p, p.Chosen(answer)+"\n") })
		}
		typed, wrong = "", typed
	}
}

// yesOrNo reads an answer; nothing is no. ok is false for what is neither.
func yesOrNo(answer string) (yes, ok bool) {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, true
	case "n", "no", "":
		return false, true
	}
	return false, false
}
