package cli

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// A bar has as many characters as there is room for, within these bounds; a line
	// without room for the shortest has none.
	shortestBar, longestBar = 10, 40

	// fullFrom is the percentage from which a bar is painted as a warning.
	fullFrom = 90
)

// windowName is a window's length. The backend has been seen to be a minute short.
func windowName(w *responses.Window) string {
	minutes := w.Minutes
	if (minutes+1)%60 == 0 {
		minutes++
	}
	switch {
	case minutes <= 0:
		return "a window"
	case minutes%(24*60) == 0:
		return fmt.Sprintf("%d d", minutes/(24*60))
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d min", minutes)
}

// quotaView draws an allowance for one stdout.
type quotaView struct {
	width   int // columns
	unicode bool
	palette terminal.Palette
}

// quotaView looks at stdout: bars of blocks are for terminals that can show them.
func (inv *invocation) quotaView() quotaView {
	v := quotaView{width: usualColumns, palette: terminal.Palette{On: terminal.Colour(inv.global.color, inv.env.Getenv, inv.out.terminal)}}
	if !inv.out.terminal {
		return v
	}
	v.unicode = inv.env.speaksUTF8()
	v.width = inv.env.columns()
	return v
}

// windowRow is a window with its name.
type windowRow struct {
	name   string
	window *responses.Window
}

// rows are the account's windows, then those of single models.
func (a allowance) rows() []windowRow {
	var rows []windowRow
	add := func(prefix string, windows ...*responses.Window) {
		for _, w := range windows {
			if w != nil {
				rows = append(rows, windowRow{strings.TrimSpace(terminal.Clean(prefix) + " " + windowName(w)), w})
			}
		}
	}
	add("", a.Primary, a.Secondary)
	for _, extra := range a.Additional {
		add(extra.Name, extra.Primary, extra.Secondary)
	}
	return rows
}

// text is all that is known, a line for each window and for what there is besides.
func (v quotaView) text(a allowance, now time.Time) string {
	rows := a.rows()
	names := utf8.RuneCountInString("Credits")
	for _, r := range rows {
		names = max(names, utf8.RuneCountInString(r.name))
	}
	var b strings.Builder
	line := func(name, rest string) { fmt.Fprintf(&b, "%-*s  %s\n", names, name, rest) }
	for i, rest := range v.windows(rows, v.width-names-2, now) {
		line(rows[i].name, rest)
	}
	if len(rows) == 0 {
		line("Windows", "the backend tells of none")
	}
	if a.Reached {
		line("State", v.palette.Bad("the usage limit is reached")+reachedType(a))
	}
	if a.Plan != "" {
		line("Plan", strings.ToUpper(terminal.Clean(a.Plan)))
	}
	if credits := creditsText(a.RateLimits); credits != "" {
		line("Credits", credits)
	}
	return b.String()
}

// reachedType names a limit that is not the usual one.
func reachedType(a allowance) string {
	if a.ReachedType == "" || a.ReachedType == "rate_limit_reached" {
		return ""
	}
	return " (" + terminal.Clean(a.ReachedType) + ")"
}

// windows are a bar, the percentage and the reset for each window, as far as there is
// room: first the date goes, then the whole reset, then the bar. All bars are as long.
func (v quotaView) windows(rows []windowRow, room int, now time.Time) []string {
	lines, width := make([]string, len(rows)), 0
	for _, detail := range []func(time.Time) string{
		func(at time.Time) string { return "  resets " + localTime(at) + " (" + fromNow(at.Sub(now)) + ")" },
		func(at time.Time) string { return "  resets " + fromNow(at.Sub(now)) },
		func(time.Time) string { return "" },
	} {
		width = longestBar
		for i, r := range rows {
			lines[i] = fmt.Sprintf("%5s used", percent(r.window.UsedPercent))
			if !r.window.ResetsAt.IsZero() {
				lines[i] += detail(r.window.ResetsAt)
			}
			width = min(width, room-len(lines[i])-len("[]  "))
		}
		if width >= shortestBar {
			break
		}
	}
	if width < shortestBar {
		return lines
	}
	for i, r := range rows {
		lines[i] = v.bar(r.window.UsedPercent, width) + "  " + lines[i]
	}
	return lines
}

// bar is a bar of so many characters, and its ends.
func (v quotaView) bar(used float64, width int) string {
	full, empty := "#", "-"
	if v.unicode {
		full, empty = "█", "░"
	}
	filled := int(math.Round(max(0, min(100, used)) / 100 * float64(width)))
	if used > 0 {
		filled = max(1, filled) // a little is not nothing
	}
	paint := v.palette.Good
	if used >= fullFrom {
		paint = v.palette.Bad
	}
	return "[" + paint(strings.Repeat(full, filled)) + v.palette.Dim(strings.Repeat(empty, width-filled)) + "]"
}

// short is one line without names of what is used.
func (a allowance) short(separator string) string {
	var parts []string
	for _, w := range a.Windows() {
		parts = append(parts, strings.ReplaceAll(windowName(w), " ", "")+" "+percent(w.UsedPercent))
	}
	if a.Reached {
		parts = append(parts, "limit reached")
	}
	if len(parts) == 0 {
		return "no windows"
	}
	return strings.Join(parts, separator)
}

// separator stands between the parts of a short line. A prompt's text comes through a
// pipe, so that the locale alone decides.
func (inv *invocation) separator() string {
	if inv.env.speaksUTF8() {
		return " · "
	}
	return " | "
}

// creditsText is what was bought on top; empty if the backend does not say.
func creditsText(l responses.RateLimits) string {
	switch {
	case l.UnlimitedCredits != nil && *l.UnlimitedCredits:
		return "unlimited"
	case l.HasCredits == nil:
		return ""
	case !*l.HasCredits:
		return "none"
	}
	return cmp.Or(terminal.Clean(l.CreditsBalance), "some")
}
