package cli

import "strings"

// roff writes the source of a page for man(1), with the macros of man(7). It keeps to
// those that groff and mandoc both have.
type roff struct{ b strings.Builder }

// section begins one, under a heading.
func (r *roff) section(heading string) {
	r.b.WriteString(`.SH "` + escapeRoff(heading) + `"` + "\n")
}

// title begins a page. date is YYYY-MM-DD, whose hyphens stay: readers parse it.
func (r *roff) title(name, date, version string) {
	r.b.WriteString(`.TH "` + escapeRoff(name) + `" "1" "` + date + `" "` + escapeRoff(version) + `" "codexctl manual"` + "\n")
}

// paragraph begins one, unless a heading has just done so.
func (r *roff) paragraph() {
	written := strings.TrimSuffix(r.b.String(), "\n")
	if !strings.HasPrefix(written[strings.LastIndex(written, "\n")+1:], ".SH") {
		r.b.WriteString(".PP\n")
	}
}

// text writes a filled paragraph, or a part of one.
func (r *roff) text(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			r.b.WriteString(guardRoff(escapeRoff(line)) + "\n")
		}
	}
}

// verbatim writes lines as they are laid out.
func (r *roff) verbatim(lines []string) {
	r.b.WriteString(".nf\n")
	for _, line := range lines {
		if line == "" {
			r.b.WriteString(".sp\n")
			continue
		}
		r.b.WriteString(guardRoff(escapeRoff(line)) + "\n")
	}
	r.b.WriteString(".fi\n")
}

// item writes a name and what is said about it below it, indented.
func (r *roff) item(name, about string) {
	r.b.WriteString(".TP\n")
	r.b.WriteString(`\fB` + escapeRoff(name) + `\fR` + "\n")
	r.text(about)
}

// prose writes paragraphs that are laid out for a terminal: indented lines stay as they
// are, others are filled.
func (r *roff) prose(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			r.paragraph()
		}
		var kept []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			if strings.HasPrefix(line, "  ") {
				kept = append(kept, line)
				continue
			}
			if len(kept) > 0 {
				r.verbatim(kept)
				kept = nil
			}
			r.text(line)
		}
		if len(kept) > 0 {
			r.verbatim(kept)
		}
	}
}

// escapeRoff is text that means itself. A hyphen is made one that can be copied and
// searched for, a quote one that stays straight; what is beyond ASCII is spelled so that
// no locale can lose it.
//
// Source: groff_char(7), "Fixed-width input"; man-pages(7), "Hyphens, minus signs".
func escapeRoff(text string) string {
	return strings.NewReplacer(
		`\`, `\e`, `"`, `\(dq`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`,
		"…", "...", "—", `\(em`, "–", `\(en`, "“", `\(lq`, "”", `\(rq`, "’", `\(cq`, "→", `\(->`,
	).Replace(text)
}

// guardRoff keeps a line from being read as a request.
func guardRoff(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
