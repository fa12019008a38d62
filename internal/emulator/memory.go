package emulator

import "strings"

// recall answers "What is my name?" and its like from what the user said earlier
// in the same input ("My name is Alice"), or returns "". It lets a person see, and
// a test check, that a conversation is sent along.
func (q *request) recall(question string) string {
	thing, asked := askedFor(question)
	if !asked {
		return ""
	}
	found := ""
	for _, item := range q.items {
		if item.Type != itemMessage || item.Role != "user" {
			continue
		}
		if value, told := toldAbout(item.text(), thing); told {
			found = value // the latest word counts
		}
	}
	if found == "" {
		return "You have not told me your " + thing + "."
	}
	return "Your " + thing + " is " + found + "."
}

// askedFor finds the thing in "What's my THING?".
func askedFor(question string) (thing string, ok bool) {
	lower := strings.ToLower(strings.ReplaceAll(question, "’", "'"))
	for _, opening := range []string{"what's my ", "what is my ", "whats my ", "what was my "} {
		_, rest, found := strings.Cut(lower, opening)
		if !found {
			continue
		}
		thing, _, _ = strings.Cut(rest, "?")
		thing = strings.Trim(thing, " .!\n")
		return thing, thing != "" && len(thing) <= 60
	}
	return "", false
}

// toldAbout finds the value in "My THING is VALUE.", spelled as it was told.
func toldAbout(statement, thing string) (value string, ok bool) {
	phrase := "my " + thing + " is "
	for at := range statement {
		if len(statement)-at < len(phrase) || !strings.EqualFold(statement[at:at+len(phrase)], phrase) {
			continue
		}
		value = statement[at+len(phrase):]
		if end := strings.IndexAny(value, ".!?,;\n"); end >= 0 {
			value = value[:end]
		}
		value = strings.TrimSpace(value)
		return value, value != ""
	}
	return "", false
}
