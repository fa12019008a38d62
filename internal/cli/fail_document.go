package cli

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// envelope is the JSON result of a failure where there is no other document: no command
// was found, or its result is not a document of ours.
type envelope struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Error         *errorDocument `json:"error"`
}

// always is the result of a command that has one kind of document, whatever stands on
// its line.
func always(document any) func(line) any {
	return func(line) any { return document }
}

// failDocument is the document of a command that failed before it had one: all its
// fields, of which only the failure is known.
func (inv *invocation) failDocument(problem *errorDocument) (json.RawMessage, error) {
	var document any = envelope{}
	if c, _ := commands().find(inv.path); c.result != nil {
		document = c.result(inv.typed)
	}
	kind := inv.commandName()
	if kind == "" {
		kind = "codexctl"
	}
	data := unknown(reflect.ValueOf(document))
	for _, known := range []struct {
		field string
		value any
	}{
		{"schema_version", 1}, {"type", kind}, {"hint", problem.Hint}, {"warnings", inv.talk.warnings()}, {"error", problem},
	} {
		if !gjson.GetBytes(data, known.field).Exists() {
			continue
		}
		value, err := encode(known.value)
		if err != nil {
			return nil, err
		}
		if data, err = sjson.SetRawBytes(data, known.field, value); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// unknown is a value as JSON when it is about nothing: an object keeps its fields, a list
// is empty, and all else that is zero is null.
func unknown(v reflect.Value) json.RawMessage {
	switch {
	case v.Kind() == reflect.Struct:
		fields := bytes.Join(unknownFields(v), []byte(","))
		return append(append([]byte("{"), fields...), '}')
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return json.RawMessage("[]")
	case v.IsZero():
		return json.RawMessage("null")
	}
	data, err := encode(v.Interface())
	if err != nil { // what a command declares can be encoded
		return json.RawMessage("null")
	}
	return data
}

// unknownFields are the fields of an object with their names, those of embedded ones
// included.
func unknownFields(v reflect.Value) [][]byte {
	var fields [][]byte
	for i := range v.NumField() {
		declared := v.Type().Field(i)
		if declared.Anonymous {
			fields = append(fields, unknownFields(v.Field(i))...)
			continue
		}
		name, _, _ := strings.Cut(declared.Tag.Get("json"), ",")
		fields = append(fields, append([]byte(`"`+name+`":`), unknown(v.Field(i))...))
	}
	return fields
}
