package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"
)

// screen is the lines that a prompt has drawn, so that others can take their place.
// The cursor stands behind the last of them.
type screen struct {
	out     *os.File
	fd      int // of out: a prompt that was left may still ask for it
	palette Palette
	shown   string // what is there, without its colours
}

// show draws a view in the place of the one before. A view gives the same text with
// every palette.
func (s *screen) show(view func(Palette) string) error {
	if s.shown != "" {
		s.erase()
	}
	s.shown = view(Palette{})
	if _, err := io.WriteString(terminal.NewAnsiStdout(s.out), view(s.palette)); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// erase goes up to where the view began. How many rows that is follows from its text:
// a terminal that is asked for its cursor answers among the keys, or never.
func (s *screen) erase() {
	cursor := terminal.Cursor{In: s.out, Out: s.out}
	for range rows(s.shown, width(s.fd)) - 1 {
		_ = terminal.EraseLine(s.out, terminal.ERASE_LINE_ALL)
		_ = cursor.PreviousLine(1)
	}
	_ = cursor.HorizontalAbsolute(0)
	_ = terminal.EraseLine(s.out, terminal.ERASE_LINE_ALL)
}

// rows is how many rows a text takes on a terminal that is so many columns wide.
func rows(text string, width int) int {
	count, column := 1, 0
	for _, r := range text {
		switch {
		case r == '\n':
			count, column = count+1, 0
			continue
		case unicode.In(r, unicode.Mn, unicode.Me): // it stands on the one before
			continue
		}
		wide := terminal.StringWidth(string(r))
		if column+wide > width {
			count, column = count+1, 0
		}
		column += wide
	}
	return count
}

// width is how many columns a terminal has. One that does not say is taken for a very
// wide one.
func width(fd int) int {
	if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
		return columns
	}
	return 10_000
}

// oneLine is a text of somebody else as it may stand in a view.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(Clean(s))
}

// edit is a line after one more key.
func edit(line string, key rune) string {
	switch key {
	case terminal.KeyBackspace, terminal.KeyDelete:
		_, size := utf8.DecodeLastRuneInString(line)
		return line[:len(line)-size]
	case terminal.KeyDeleteWord, terminal.KeyDeleteLine:
		return ""
	}
	if unicode.IsControl(key) || steers(key) { // an arrow is a control character here
		return line
	}
	return line + string(key)
}

// isEnter knows the keys that end a line; what is typed before the terminal is taken
// over ends with a newline.
func isEnter(key rune) bool {
	return key == terminal.KeyEnter || key == '\n' || key == terminal.KeyEndTransmission
}
