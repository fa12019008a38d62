package cli

import (
	"context"
	"io"
	"strings"
)

// complete answers a script of `completion`. It never fails and says nothing else.
func (inv *invocation) complete(ctx context.Context, args []string) int {
	if len(args) < 2 {
		return exitOK
	}
	shell, words := args[0], args[1:]
	answer, cut := suggestions{}, ""
	switch shell {
	case "bash":
		typed := readBashLine(words[0], strings.Join(words[1:], ""))
		cut = typed.cut
		if typed.redirected {
			answer.part = shellFiles
		} else {
			answer = inv.suggest(ctx, typed.words)
		}
		words = typed.words
	case "powershell":
		// Older versions lose an empty argument, so the last one never is.
		last := len(words) - 1
		words[last] = strings.TrimPrefix(words[last], "=")
		answer = inv.suggest(ctx, words)
	default:
		answer = inv.suggest(ctx, words)
	}
	_, _ = io.WriteString(inv.out, answer.written(shell, words, cut)) // the shell may have gone
	return exitOK
}

// written is the answer for a script. cut is the beginning of the current word that the
// shell has split off.
func (s suggestions) written(shell string, words []string, cut string) string {
	if s.part == "" {
		s.part = shellNothing
	}
	var b strings.Builder
	b.WriteString(s.head(shell, words, cut) + "\n")
	for _, one := range s.words {
		about := oneLine(one.about)
		switch shell {
		case "bash":
			b.WriteString(strings.TrimPrefix(one.word, cut))
		case "zsh": // the form of _describe
			b.WriteString(strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(one.word))
			if about != "" {
				b.WriteString(":" + about)
			}
		default:
			b.WriteString(one.word)
			if about != "" {
				b.WriteString("\t" + about)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// head is what the shell has to do itself. The script for bash cannot tell the quotes of a
// word from its text, so it gets four lines: the part, what stands in front of the file in
// the text that it replaces, the file, and how much of that is not replaced.
func (s suggestions) head(shell string, words []string, cut string) string {
	if shell == "bash" && s.part != shellLine {
		path, current := "", ""
		if len(words) > 0 {
			current = words[len(words)-1]
			path = strings.TrimPrefix(current, s.before)
		}
		strip := strings.TrimPrefix(current[:max(len(cut), len(s.before))], s.before)
		return strings.Join([]string{string(s.part), strings.TrimPrefix(s.before, cut), path, strip}, "\n")
	}
	if s.before != "" {
		return string(s.part) + "\t" + s.before
	}
	return string(s.part)
}

// bashLine is a command line as bash hands it to a completion, up to the cursor.
type bashLine struct {
	words []string // behind the program's name, without quotes; the last is at the cursor

	// cut is how the last word begins in front of the text that bash replaces: bash
	// splits words at more characters than a command line does, such as = and :.
	cut string

	redirected bool // the last word is the file of a redirection
}

// readBashLine splits a line the way bash does, as far as a simple command goes.
func readBashLine(text, breaks string) bashLine {
	r := &bashReader{breaks: breaks}
	for _, char := range text {
		r.next(char)
	}
	line := bashLine{words: r.words, redirected: r.target}
	if r.quote != 0 {
		r.cut = r.quoted // the text behind the quote is what bash replaces
	}
	current := r.word.String()
	line.cut = current[:r.cut]
	line.words = append(line.words, current)
	if len(line.words) > 1 {
		line.words = line.words[1:]
	}
	return line
}

// bashReader reads a line character by character.
type bashReader struct {
	breaks string
	words  []string
	word   strings.Builder
	begun  bool // a word has begun; it may still be empty
	cut    int  // length of the word up to its last break
	quoted int  // the same where the open quote began
	quote  rune // the open quote; 0 without one
	escape bool
	target bool // a redirection wants its file
}

func (r *bashReader) next(char rune) {
	switch {
	case r.escape:
		if r.quote == '"' && !strings.ContainsRune("$`\"\\", char) {
			r.word.WriteByte('\\')
		}
		r.escape = false
		r.word.WriteRune(char)
	case char == '\\' && r.quote != '\'':
		r.escape, r.begun = true, true
	case r.quote != 0 && char == r.quote:
		r.quote = 0
	case r.quote != 0:
		r.word.WriteRune(char)
	case char == '\'' || char == '"':
		r.quote, r.begun, r.quoted = char, true, r.word.Len()
	case char == ' ' || char == '\t' || char == '\n':
		r.end()
	case char == '<' || char == '>':
		if strings.Trim(r.word.String(), "0123456789&") == "" {
			r.word.Reset() // the number of a stream
			r.begun = false
		}
		r.end()
		r.target = true
	case char == '@' || char == '$':
		// These break a word and yet belong to what follows (rl_special_prefixes).
		r.begun = true
		if strings.ContainsRune(r.breaks, char) {
			r.cut = r.word.Len()
		}
		r.word.WriteRune(char)
	default:
		r.begun = true
		r.word.WriteRune(char)
		if strings.ContainsRune(r.breaks, char) {
			r.cut = r.word.Len()
		}
	}
}

// end ends a word. The file of a redirection is none of the program's words.
func (r *bashReader) end() {
	if r.begun && !r.target {
		r.words = append(r.words, r.word.String())
	}
	if r.begun {
		r.target = false
	}
	r.word.Reset()
	r.begun, r.cut = false, 0
}
