package cli

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/pkg/responses"
)

// recordFlagNames are the flags of `ask` that make sense for one record among many.
func recordFlagNames() []string {
	return []string{
		"model", "model-alias", "instructions", "instructions-file", "file", "attach",
		"effort", "summary", "verbosity", "tier", "web-search",
		"schema", "schema-multi", "extract", "extract-last", "set", "strict",
	}
}

// recordFlags are those flags, to set options by.
func recordFlags(o *askOptions) []flagSpec {
	names := recordFlagNames()
	return slices.DeleteFunc(o.flags(), func(f flagSpec) bool { return !slices.Contains(names, f.name) })
}

// fieldNames are all fields that a record may have.
func fieldNames() []string {
	fields := []string{"id", "prompt", "input"}
	for _, f := range recordFlags(&askOptions{}) {
		fields = append(fields, underscored(f.name))
	}
	return fields
}

func batchFieldsHelp() string {
	return "Fields of a record:\n  id           a string or a number (default the number of the line)\n" +
		"  prompt       what to say\n  input        instead of it: a text, or a list of input items\n" +
		"  as the flags: " + strings.Join(fieldNames()[3:], ", ")
}

// record is what a line of the input asks for.
type record struct {
	prompt  string
	items   []json.RawMessage // instead of the prompt; nil for none
	given   map[string]bool   // the flags whose fields it has
	options askOptions
}

// has says whether the record has a field for one of the flags.
func (r *record) has(flags ...string) bool {
	return slices.ContainsFunc(flags, func(name string) bool { return r.given[name] })
}

// readRecord reads an item over the defaults. A list of the record's takes the place of
// the default's, like every other value. With an error the record is as far as it came.
func readRecord(item batch.Item, defaults askOptions) (*record, error) {
	r := &record{given: make(map[string]bool), options: defaults}
	data, err := item.Data()
	if err != nil {
		return r, err
	}
	if item.Plain {
		r.prompt = string(data)
		return r, nil
	}
	fields, err := uniqueFields(data)
	if err != nil {
		return r, err
	}
	if err := r.readQuestion(fields["prompt"], fields["input"]); err != nil {
		return r, err
	}
	return r, r.readOptions(fields)
}

// uniqueFields are the fields of an object by their names, without those that are null.
func uniqueFields(object []byte) (map[string]gjson.Result, error) {
	fields, known := make(map[string]gjson.Result), fieldNames()
	var err error
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		_, twice := fields[name.Str]
		switch {
		case !slices.Contains(known, name.Str):
			err = unknownField(name.Str, known)
		case twice:
			err = usagef("the field %q is there twice", name.Str)
		case value.Type != gjson.Null:
			fields[name.Str] = value
		}
		return err == nil
	})
	return fields, err
}

func unknownField(name string, known []string) error {
	e := &usageError{message: "unknown field " + quoted(name), hint: "see what fields there are: codexctl batch --help"}
	if near, ok := closest(name, known); ok {
		e.hint = "call the field " + quoted(near)
	}
	return e
}

// quoted is a name as JSON spells it.
func quoted(name string) string {
	data, err := encode(name)
	if err != nil {
		return name
	}
	return string(data)
}

// readQuestion reads what is asked.
func (r *record) readQuestion(prompt, input gjson.Result) error {
	switch {
	case prompt.Exists() && input.Exists():
		return usagef(`a record has "prompt" or "input", not both`)
	case !prompt.Exists() && !input.Exists():
		return &usageError{message: `the record has no "prompt" and no "input"`, hint: `write {"prompt":"…"} on each line, or take each line as a prompt: --lines`}
	case prompt.Exists() && prompt.Type != gjson.String:
		return usagef(`the field "prompt" wants a string`)
	case input.Exists() && input.Type != gjson.String && !input.IsArray():
		return usagef(`the field "input" wants a string or a list of items`)
	}
	if input.IsArray() {
		return r.readItems(input)
	}
	r.prompt = prompt.Str + input.Str
	if blank(r.prompt) {
		return usagef("the prompt is empty")
	}
	return nil
}

func (r *record) readItems(input gjson.Result) error {
	for _, item := range input.Array() {
		if !item.IsObject() {
			return usagef(`the field "input" wants a string or a list of items, each an object`)
		}
		r.items = append(r.items, json.RawMessage(item.Raw))
	}
	if r.items == nil {
		return usagef(`the list of "input" is empty`)
	}
	return nil
}

// readOptions sets the options that the record has fields for.
func (r *record) readOptions(fields map[string]gjson.Result) error {
	for _, name := range recordFlagNames() {
		r.given[name] = fields[underscored(name)].Exists()
	}
	o := &r.options
	// Of two that exclude each other, the record's own counts.
	if r.has("instructions", "instructions-file") {
		o.instructions, o.instructionsFile = optional{}, ""
	}
	if r.has("schema", "schema-multi", "extract", "extract-last") {
		o.structureOptions = structureOptions{}
	}
	for _, f := range recordFlags(o) {
		if !r.given[f.name] {
			continue
		}
		values, err := fieldValues(f, fields[underscored(f.name)])
		if err != nil {
			return usagef("the field %q wants %v", underscored(f.name), err)
		}
		f.clear()
		for _, value := range values {
			if err := f.set(value); err != nil {
				return usagef("the field %q wants %s", underscored(f.name), f.wants())
			}
		}
	}
	if r.items != nil && r.has("file", "attach") {
		return usagef(`"file" and "attach" go with "prompt"; "input" holds all there is`)
	}
	return nil
}

// fieldValues is a field's value as a flag takes it, several for one that may be repeated.
// The error says what is wanted.
func fieldValues(f flagSpec, value gjson.Result) ([]string, error) {
	text := value.Type == gjson.String
	switch {
	case text && namesStdin(f.name, value.Str):
		return nil, errors.New("no -: stdin cannot be read for one record")
	case f.isSwitch():
		if !value.IsBool() {
			return nil, errors.New("true or false")
		}
		return []string{value.Raw}, nil
	case f.isList():
		return listValues(f.name, value)
	case strings.HasPrefix(f.name, "schema") && value.IsObject():
		return []string{value.Raw}, nil
	case !text:
		return nil, errors.New("a string")
	case !utf8.ValidString(value.Str):
		return nil, errors.New("text that is UTF-8")
	}
	return []string{value.Str}, nil
}

// listValues are the values of a flag that may be repeated: one string or a list of them,
// for --set an object too.
func listValues(flag string, value gjson.Result) ([]string, error) {
	switch {
	case value.Type == gjson.String:
		return []string{value.Str}, nil
	case flag == "set" && value.IsObject():
		var assignments []string
		value.ForEach(func(path, v gjson.Result) bool {
			assignments = append(assignments, path.Str+"="+v.Raw)
			return true
		})
		return assignments, nil
	case !value.IsArray():
		return nil, errors.New("a string or a list of strings")
	}
	var values []string
	for _, v := range value.Array() {
		if v.Type != gjson.String {
			return nil, errors.New("a string or a list of strings")
		}
		if namesStdin(flag, v.Str) {
			return nil, errors.New("no -: stdin cannot be read for one record")
		}
		values = append(values, v.Str)
	}
	return values, nil
}

// namesStdin says whether a value makes a flag read stdin.
func namesStdin(flag, value string) bool {
	switch flag {
	case "instructions-file", "file", "attach", "schema", "schema-multi":
		name, _, _ := strings.Cut(strings.TrimPrefix(value, "@"), ";")
		return isStdin(name)
	}
	return false
}

// invocation is what the record's request is built by: its warnings are its own, it says
// nothing on stderr by itself, and it reads no stdin.
func (r *record) invocation(inv *invocation) *invocation {
	own := *inv
	own.talk, own.stdinFlag = &talk{quiet: true}, ""
	own.global.json, own.global.jsonl, own.global.transform = true, false, ""
	own.global.noStdin = true
	own.given, own.origin = maps.Clone(inv.given), maps.Clone(inv.origin)
	if r.has("instructions", "instructions-file") {
		delete(own.given, "instructions")
	}
	for name, given := range r.given {
		if given {
			own.given[name] = true
			delete(own.origin, name)
		}
	}
	return &own
}

// request is the body of the record, but for what has the last word.
func (r *record) request(instructions string, attached attachments) (responses.Request, error) {
	message, err := attached.message(r.prompt)
	request := r.options.request(instructions, message)
	if r.items != nil {
		request.Input = r.items
	}
	return request, err
}
