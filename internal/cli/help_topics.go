package cli

import (
	"fmt"
	"strings"
)

// helpTopic is a page of the help that is about no single command.
type helpTopic struct {
	name, summary string
	show          func(*invocation) error
	result        any // its JSON document, before anything is known
}

func helpTopics() []helpTopic {
	return []helpTopic{
		{"environment", "what is set by variables and by the configuration file", (*invocation).helpEnvironment, environmentDocument{}},
		{"exit-codes", "what each exit code means", (*invocation).exitCodes, exitCodesDocument{}},
		{"formatting", "text, JSON, events, and picking values out of them", func(inv *invocation) error {
			return inv.topic("formatting", formattingText())
		}, topicDocument{}},
		{"schemas", "answers of a given form: JSON Schema and its short form", func(inv *invocation) error {
			return inv.topic("schemas", schemasText())
		}, topicDocument{}},
	}
}

// helpTopicOf is the topic that the words after help name.
func helpTopicOf(args []string) (helpTopic, bool) {
	for _, t := range helpTopics() {
		if len(args) == 1 && t.name == args[0] {
			return t, true
		}
	}
	return helpTopic{}, false
}

// topicHelp lists the topics.
func topicHelp() string {
	var rows []labelled
	for _, t := range helpTopics() {
		rows = append(rows, labelled{t.name, t.summary})
	}
	return "Topics:\n\n" + strings.TrimSuffix(layRows(rows, usualColumns), "\n")
}

// topicDocument is the JSON form of a topic that is a text.
type topicDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Topic         string         `json:"topic"`
	Text          string         `json:"text"`
	Error         *errorDocument `json:"error"`
}

func (inv *invocation) topic(name, text string) error {
	if inv.global.wantsDocument() {
		return inv.document(topicDocument{1, "help", name, text, nil})
	}
	return inv.out.styled(text)
}

// unknownHelp is about words that are no command, and no topic where there are topics. It
// suggests the nearest name.
func unknownHelp(asked string, args []string) error {
	e := &usageError{message: fmt.Sprintf("there is no command %q", strings.Join(args, " ")), hint: "codexctl help"}
	if asked == "help" {
		e.message = fmt.Sprintf("there is no command or topic %q", strings.Join(args, " "))
	}
	in := commands()
	for i, name := range args {
		sub, ok := in.sub(name)
		if ok {
			in = sub
			continue
		}
		names := in.subNames()
		if asked == "help" && i == 0 {
			for _, t := range helpTopics() {
				names = append(names, t.name)
			}
		}
		if near, ok := closest(name, names); ok {
			e.hint = strings.Join(append([]string{"codexctl", asked}, append(args[:i:i], near)...), " ")
		}
		break
	}
	return e
}

// formattingExamples are lines to paste. Tests run them.
func formattingExamples() []labelled {
	return []labelled{
		{`codexctl ask --transform usage.total_tokens "hi"`, "a number, three levels in"},
		{`codexctl ask --transform text -r "hi"`, "a string, without its quotes"},
		{`codexctl ask --transform '{text,model,tokens:usage.total_tokens}' "hi"`, "a new object of some fields"},
		{`codexctl auth status --transform 'source.format' -r`, "the form of the login in use"},
		{`codexctl help exit-codes --transform 'items.#'`, "how many there are"},
		{`codexctl help exit-codes --transform 'items.#.code'`, "one field of each"},
		{`codexctl help exit-codes --transform 'items.0.when' -r`, "the first one"},
		{`codexctl help exit-codes --transform 'items.#(code==5).error_codes'`, "the one where a field has a value"},
		{`codexctl help exit-codes --transform 'items.#(error_codes.#>1)#.code'`, "all where something holds"},
		{`codexctl version --transform 'keys|@this|@keys|@reverse' --json`, "steps, one after the other"},
	}
}

func formattingText() string {
	return `codexctl help formatting: what stands on stdout, and how to pick from it

stdout is the answer and nothing else. Warnings, progress and errors are on stderr,
so  codexctl ask "…" > file  keeps what the model said, and only that.

Forms
  (none)       text as it arrives, byte for byte, and a final newline if it lacks one
  --json       exactly one JSON document, also on failure
  --jsonl      one JSON value per line as things happen; the last one is of type "done"
               or "error". Commands with events take it: ask, respond, auth login,
               auth login-device
  --transform  what a GJSON path picks of the JSON document; implies --json
  -r           with --transform: a string without its quotes

A table has a head, and fits the width, on a terminal only. In a pipe each line is a row.

Control characters are taken out when stdout is a terminal, never in a pipe. Colours are
decided for stdout and stderr apart: --color always|never, NO_COLOR, FORCE_COLOR.

Documents
  Every document has "schema_version": 1 and "type", the command. Every documented field
  is there, null if it is unknown. Lists are in "items". Instants are RFC 3339 in UTC;
  names that end in _s or _ms are whole seconds or milliseconds.
  "error" is null on success. On failure it has code, message, hint and exit_code
  (codexctl help exit-codes), and the other fields are there too: null, or an empty list,
  where nothing is known. A line that names no command has "type": "codexctl".

Paths
  a.b          a field of a field            items.0      the first of a list
  items.#      how many                      items.#.a    one field of each
  #(a==1)      the first that fits           #(a==1)#     all that fit
  {a,b:c.d}    a new object                  a|b          b of what a gives
  A path that leads nowhere is exit 1 with nothing on stdout.
  All of GJSON: https://github.com/tidwall/gjson/blob/master/SYNTAX.md

Examples
` + exampleLines(formattingExamples())
}

// exampleLines is lines to paste, each below what it shows.
func exampleLines(examples []labelled) string {
	var b strings.Builder
	for _, e := range examples {
		b.WriteString("  # " + e.about + "\n  " + e.name + "\n")
	}
	return b.String()
}

// shortSchemas are examples of the short form. Tests read them.
func shortSchemas() []labelled {
	return []labelled{
		{"name, age int", "two fields, a string and a whole number"},
		{"name, price float, sold bool", "all types: str, int, float, bool"},
		{"name: the full name\nborn int: the year, four digits", "with descriptions, one field a line"},
	}
}

func schemasText() string {
	var short strings.Builder
	for _, e := range shortSchemas() {
		short.WriteString("  # " + e.about + "\n")
		for line := range strings.SplitSeq(e.name, "\n") {
			short.WriteString("  " + line + "\n")
		}
	}
	return `codexctl help schemas: answers of a given form

With --schema the model answers with JSON of a given form. The answer is checked here as
well: one that does not fit is exit 9, and its text is kept. With --json the parsed value
is in "data".

A schema is given in one of three ways
  --schema '{"type":"object",…}'   JSON Schema (2020-12, or draft-07)
  --schema @FILE                   the same from a file
  --schema 'name, age int'         the short form

--schema-multi SPEC asks for a list: each element has the form, and "data" is the list.

Short form
  Fields with commas between them, or one a line. Each is a name, then a type, then a
  colon and a description. The type is str (also when left out), int, float or bool. All
  fields are required and no others are allowed.

` + short.String() + `
Strict mode
  The backend keeps the model to a schema only if the schema is strict:
  - the top is an object, and no anyOf
  - every object lists all its properties in "required" and has
    "additionalProperties": false
  - at most 10 levels, 5000 properties and 1000 values in enums
  - only keywords that it knows
  The short form always is. A schema of your own that is not is sent with "strict": false
  and one warning that names the place; with --strict it is exit 2 instead. To let a
  field be absent, give it the type ["string", "null"].

Nothing that a schema refers to is ever fetched.
`
}
