package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/extract"
	"github.com/codexctl/codexctl/internal/schema"
	"github.com/codexctl/codexctl/pkg/responses"
)

// structureOptions are the flags of `ask` about the shape of the answer.
type structureOptions struct {
	schema, schemaMulti  optional
	extract, extractLast bool
}

func (o *structureOptions) flags() []flagSpec {
	return []flagSpec{
		optionalFlag("schema", "SPEC", &o.schema, "answer with JSON of this schema: JSON, @FILE, @- or 'name, age int'"),
		optionalFlag("schema-multi", "SPEC", &o.schemaMulti, "answer with a list of such values"),
		boolFlag("extract,x", &o.extract, "print the first fenced code block alone"),
		boolFlag("extract-last,xl", &o.extractLast, "print the last fenced code block alone"),
	}
}

// spec is the schema as it was given, and the flag that gave it; empty without.
func (o *structureOptions) spec() (flag, text string) {
	switch {
	case o.schema.given:
		return "schema", o.schema.text
	case o.schemaMulti.given:
		return "schema-multi", o.schemaMulti.text
	}
	return "", ""
}

// fileFlags are those that may name stdin.
func (o *structureOptions) fileFlags() []fileFlag {
	return []fileFlag{{"schema", o.schema.text}, {"schema-multi", o.schemaMulti.text}}
}

// structure is the shape that an answer must have. nil is none.
type structure struct {
	schema  *schema.Schema
	strict  bool
	extract func(string) (string, bool)
}

// read reads the schema that the flags give, and checks it. What strict mode would
// refuse is an error with strict, else one warning.
func (o *structureOptions) read(ctx context.Context, inv *invocation, strict bool) (*structure, error) {
	flag, text := o.spec()
	switch {
	case o.schema.given && o.schemaMulti.given:
		return nil, usagef("--schema and --schema-multi exclude each other")
	case o.extract && o.extractLast:
		return nil, usagef("--extract and --extract-last exclude each other")
	case flag != "" && (o.extract || o.extractLast):
		return nil, usagef("--%s makes the whole answer JSON: there is no code block to extract", flag)
	case o.extract:
		return &structure{extract: extract.First}, nil
	case o.extractLast:
		return &structure{extract: extract.Last}, nil
	case flag == "":
		return nil, nil
	}
	parsed, err := inv.readSchema(ctx, flag, text)
	if err != nil {
		return nil, err
	}
	s := &structure{schema: parsed}
	faults := parsed.Strict()
	s.strict = len(faults) == 0
	if !s.strict && strict {
		return nil, &usageError{
			message: fmt.Sprintf("--%s: strict mode does not take it: %s%s", flag, fault(faults), andMore(faults)),
			hint:    "correct the schema, or send it without strict mode: without --strict",
		}
	}
	if !s.strict {
		inv.talk.warn("--%s is sent with strict: false, which binds the model less: %s%s", flag, fault(faults), andMore(faults))
	}
	if patterns := parsed.Unchecked(); len(patterns) > 0 {
		inv.talk.warn("--%s: answers are not checked against a pattern: %s%s", flag, fault(patterns), andMore(patterns))
	}
	return s, nil
}

// fault is the first fault.
func fault(faults []schema.Fault) string {
	return strings.TrimPrefix((&faults[0]).Error(), "schema, ")
}

// andMore counts the faults behind the first.
func andMore(faults []schema.Fault) string {
	if len(faults) < 2 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", len(faults)-1)
}

// readSchema reads one schema, from the line, a file or stdin.
func (inv *invocation) readSchema(ctx context.Context, flag, spec string) (*schema.Schema, error) {
	if path, named := strings.CutPrefix(spec, "@"); named {
		var err error
		if spec, err = inv.readFile(ctx, flag, path); err != nil {
			return nil, err
		}
	} else if isFile(spec) {
		// In the short form it would be the name of a field.
		return nil, &usageError{
			message: fmt.Sprintf("--%s: %q is a file, and no schema", flag, spec),
			hint:    "to read a file put @ before its name: --" + flag + " @" + spec,
		}
	}
	parsed, err := schema.Parse(spec)
	if err != nil {
		return nil, badSchema(flag, err)
	}
	if flag == "schema-multi" {
		parsed = parsed.Multi()
	}
	if err := parsed.Check(); err != nil {
		return nil, badSchema(flag, err)
	}
	return parsed, nil
}

func badSchema(flag string, err error) error {
	return usagef("--%s: %s", flag, strings.TrimPrefix(err.Error(), "schema, "))
}

// isFile says whether a schema is the name of a file that is there, as far as a word
// looks like one.
func isFile(spec string) bool {
	if !strings.ContainsAny(spec, "./") {
		return false
	}
	info, err := os.Stat(spec)
	return err == nil && info.Mode().IsRegular()
}

// shape asks the model for it.
func (s *structure) shape(r *responses.Request) {
	if s == nil || s.schema == nil {
		return
	}
	format, err := encode(struct {
		Type   string          `json:"type"`
		Name   string          `json:"name"`
		Strict bool            `json:"strict"`
		Schema json.RawMessage `json:"schema"`
	}{"json_schema", s.schema.Name(), s.strict, s.schema.JSON()})
	if err == nil { // a schema that was parsed can be encoded
		r.Text.Format = format
	}
}

// kept refuses a request whose schema is no longer the one that the answer will be
// checked against. Name, description and strictness may be set.
func (s *structure) kept(r responses.Request) error {
	if s == nil || s.schema == nil {
		return nil
	}
	format := gjson.GetManyBytes(r.Text.Format, "type", "schema")
	if format[0].Str == "json_schema" && sameJSON(format[1].Raw, s.schema.JSON()) {
		return nil
	}
	return usagef("--set text.format replaces what --schema sends; give the schema in one place")
}

func sameJSON(a string, b json.RawMessage) bool {
	var left, right bytes.Buffer
	return json.Compact(&left, []byte(a)) == nil && json.Compact(&right, b) == nil && left.String() == right.String()
}

// whole says whether the answer can only be looked at when it is complete.
func (s *structure) whole() bool { return s != nil }

// check holds the answer's text against the shape, and returns its data.
func (s *structure) check(text string) (json.RawMessage, error) {
	if s == nil || s.schema == nil {
		return nil, nil
	}
	if err := s.schema.Validate([]byte(text)); err != nil {
		return nil, err
	}
	return s.schema.Unwrap([]byte(text))
}

// conform holds a complete answer against the shape, and notes the part of it that is
// the answer. An answer that does nothing but call tools has no shape yet.
func (a *answer) conform() error {
	s, r := a.structure, a.collector.Response()
	text := finalText(r)
	if s == nil || text == "" && len(r.ToolCalls()) > 0 {
		return nil
	}
	if s.extract != nil {
		block, found := s.extract(text)
		if !found {
			a.inv.talk.warn("the answer has no code block: this is all of it")
			return nil
		}
		a.part = &block
		return nil
	}
	a.part = &text
	var err error
	a.data, err = s.check(text)
	return err
}

// finalText is the text of an answer without what the model said on the way to it.
func finalText(r *responses.Response) string {
	final := &responses.Response{}
	for _, item := range r.Output {
		if gjson.GetBytes(item, "phase").Str == "final_answer" {
			final.Output = append(final.Output, item)
		}
	}
	if text := final.Text(); text != "" {
		return text
	}
	return r.Text()
}
