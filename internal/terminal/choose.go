package terminal

import (
	"errors"
	"strings"

	"github.com/AlecAivazis/survey/v2/terminal"
)

// pageSize is how many options are shown at once.
const pageSize = 7

// choose asks until one of the options is taken.
func (d *dialog) choose(question string, options []string) (int, error) {
	if len(options) == 0 {
		return 0, errors.New("ask: nothing to choose from")
	}
	l := list{question: oneLine(question)}
	for _, option := range options {
		l.options = append(l.options, oneLine(option))
	}
	for {
		if err := d.show(l.view); err != nil {
			return 0, err
		}
		key, err := d.key()
		if err != nil {
			return 0, err
		}
		if !isEnter(key) {
			l.press(key)
			continue
		}
		if fitting := l.fitting(); len(fitting) > 0 {
			chosen := fitting[l.at]
			return chosen, d.show(func(p Palette) string { return l.title(p) + " " + p.Chosen(l.options[chosen]) + "\n" })
		}
	}
}

// list is options to choose from. Whoever types sees only those that have it in them.
type list struct {
	question string
	options  []string
	filter   string
	at       int // which of the fitting ones is marked
}

// fitting is the indexes of the options that pass the filter.
func (l *list) fitting() []int {
	var all []int
	for i, option := range l.options {
		if strings.Contains(strings.ToLower(option), strings.ToLower(l.filter)) {
			all = append(all, i)
		}
	}
	return all
}

// press does what a key says: move the mark, or change the filter.
func (l *list) press(key rune) {
	step := 0
	switch key {
	case terminal.KeyArrowUp:
		step = -1
	case terminal.KeyArrowDown, terminal.KeyTab:
		step = 1
	default:
		l.filter = edit(l.filter, key)
	}
	count := len(l.fitting())
	switch {
	case count == 0: // the mark waits for a filter that something passes
	case step != 0:
		l.at = (l.at + step + count) % count // beyond an end is the other one
	default:
		l.at = min(l.at, count-1)
	}
}

func (l *list) title(p Palette) string { return p.Good("?") + " " + p.Strong(l.question) }

func (l *list) view(p Palette) string {
	text := l.title(p)
	if l.filter != "" {
		text += " " + l.filter
	}
	text += "  " + p.Chosen("[Use arrows to move, type to filter]")
	fitting := l.fitting()
	first := max(0, min(l.at-pageSize/2, len(fitting)-pageSize))
	for i := first; i < min(first+pageSize, len(fitting)); i++ {
		option := l.options[fitting[i]]
		if i == l.at {
			text += "\n" + p.Chosen("> "+option)
		} else {
			text += "\n  " + option
		}
	}
	return text
}
