package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// show writes the document, or a line for each row and one for what to do about it.
func (d *doctor) show(doc doctorDocument) error {
	inv := d.inv
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	palette := terminal.Palette{On: terminal.Colour(inv.global.color, inv.env.Getenv, inv.out.terminal)}
	widest := 0
	count := make(map[string]int)
	for _, row := range doc.Items {
		widest = max(widest, len(row.ID))
		count[row.Status]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", palette.Dim(fmt.Sprintf("codexctl %s %s/%s", doc.Version, doc.OS, doc.Arch)))
	for _, row := range doc.Items {
		front := len(statusWarning) + 2 + widest + 2
		summary := []string{oneLine(row.Summary)}
		if inv.out.terminal {
			summary = wrap(summary[0], max(inv.env.columns()-front, leastColumns))
		}
		fmt.Fprintf(&b, "%s  %-*s  %s\n", mark(palette, row.Status), widest, row.ID, strings.Join(summary, "\n"+strings.Repeat(" ", front)))
		if row.Remediation != nil {
			fmt.Fprintf(&b, "%*s  %s\n", len(statusWarning)+2+widest, "", palette.Strong(oneLine(*row.Remediation)))
		}
	}
	fmt.Fprintf(&b, "%d ok, %d warnings, %d failed\n", count[statusOK], count[statusWarning], count[statusFail])
	return inv.out.styled(b.String())
}

// mark is a status as wide as the widest one.
func mark(p terminal.Palette, status string) string {
	padded := fmt.Sprintf("%-*s", len(statusWarning), status)
	switch status {
	case statusOK:
		return p.Good(padded)
	case statusFail:
		return p.Bad(padded)
	}
	return p.Strong(padded)
}

// newScrubber makes the function that takes out of a text what nobody should paste in
// public: who the person is, where the home directory is, and passwords in addresses.
func newScrubber(home string, c credentials.Credential) func(string) string {
	hidden := []struct{ text, instead string }{
		{email(c), "(e-mail)"}, {c.AccountID, "(account)"}, {c.UserID, "(user)"},
	}
	if id, err := c.IDClaims(); err == nil {
		hidden = append(hidden, struct{ text, instead string }{id.UserID, "(user)"})
	}
	home = strings.TrimRight(home, string(filepath.Separator))
	return func(text string) string {
		words := strings.Split(text, " ")
		for i, word := range words {
			words[i] = maskUserinfo(word)
		}
		text = strings.Join(words, " ")
		for _, h := range hidden {
			if h.text != "" {
				text = strings.ReplaceAll(text, h.text, h.instead)
			}
		}
		return tilde(text, home)
	}
}

// tilde writes ~ for the home directory, wherever a text names it or something in it.
func tilde(text, home string) string {
	if home == "" {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, home)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		inside := after == "" || !isPathLetter(after[0])
		begins := before == "" || !isPathLetter(before[len(before)-1]) && before[len(before)-1] != '/'
		if inside && begins {
			b.WriteString("~")
		} else {
			b.WriteString(home)
		}
		text = after
	}
}

// isPathLetter says whether a byte goes on with the name of a file.
func isPathLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c >= 0x80
}

// shellPath is a path as a word of a shell, with a ~ that the shell replaces.
func (d *doctor) shellPath(path string) string {
	home := strings.TrimRight(d.inv.env.Home, "/")
	rest, inHome := strings.CutPrefix(path, home+"/")
	if home == "" || !inHome {
		return shellWord(path)
	}
	return home + "/" + shellWord(rest) // the home directory becomes ~ when it is shown
}
