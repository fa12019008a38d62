package cli

import (
	"strings"
	"unicode/utf8"
)

const (
	leastColumns = 40 // below that, lines are left to the terminal
	mostColumns  = 120

	// nameColumns is how far the names of a list push their descriptions to the right. A
	// longer one has its description on the next line.
	nameColumns = 30
)

// helpColumns is how wide lines of help may be.
func (inv *invocation) helpColumns() int {
	return min(max(inv.env.columns(), leastColumns), mostColumns)
}

// labelled is a name and what is said about it.
type labelled struct{ name, about string }

// layRows lays names and descriptions out side by side.
func layRows(rows []labelled, width int) string {
	column := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r.name); n <= nameColumns {
			column = max(column, n)
		}
	}
	column += 4 // two in front, two behind
	var b strings.Builder
	for _, r := range rows {
		line := "  " + r.name
		if used := utf8.RuneCountInString(line); used+2 <= column {
			line += strings.Repeat(" ", column-used)
		} else {
			line += "\n" + strings.Repeat(" ", column)
		}
		pieces := wrap(r.about, width-column)
		b.WriteString(strings.TrimRight(line+strings.Join(pieces, "\n"+strings.Repeat(" ", column)), " ") + "\n")
	}
	return b.String()
}

// wrap breaks a text into lines between its words. A word that is wider than a line has a
// line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// flagVariables names the variables that set a command's flag; command is empty for a flag
// of every command.
func flagVariables(command, flag string) []string {
	s, _ := settingOf(command, flag)
	return s.variables
}
