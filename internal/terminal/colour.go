package terminal

import (
	"github.com/fatih/color"
)

// Colour says whether one stream gets colour. when is always, never or auto;
// getenv gives the environment. For auto the first rule that applies decides:
// NO_COLOR not empty is off, CLICOLOR_FORCE or FORCE_COLOR other than empty and 0 is
// on, CLICOLOR=0 and TERM=dumb are off, else a terminal is on.
//
// Source: no-color.org; bixense.com/clicolors.
func Colour(when string, getenv func(string) string, isTerminal bool) bool {
	forced := func(name string) bool { v := getenv(name); return v != "" && v != "0" }
	switch {
	case when == "always":
		return true
	case when == "never", getenv("NO_COLOR") != "":
		return false
	case forced("CLICOLOR_FORCE"), forced("FORCE_COLOR"):
		return true
	case getenv("CLICOLOR") == "0", getenv("TERM") == "dumb":
		return false
	}
	return isTerminal
}

// Palette colours text for one stream. The library's own switch looks at stdout
// alone, so every colour here carries its own.
type Palette struct {
	// On is false for plain text.
	On bool
}

// Bad is for the word that says something went wrong.
func (p Palette) Bad(s string) string { return p.paint(s, color.FgRed, color.Bold) }

// Good is for the word that says all is well.
func (p Palette) Good(s string) string { return p.paint(s, color.FgGreen) }

// Dim is for what matters less.
func (p Palette) Dim(s string) string { return p.paint(s, color.Faint) }

// Strong is for headings.
func (p Palette) Strong(s string) string { return p.paint(s, color.Bold) }

// Chosen is for what a person has chosen, or can.
func (p Palette) Chosen(s string) string { return p.paint(s, color.FgCyan) }

func (p Palette) paint(s string, attributes ...color.Attribute) string {
	if !p.On {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(s)
}
