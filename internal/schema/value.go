package schema

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"strconv"
)

func fitsType(types []string, v any) bool {
	got := typeOf(v)
	return slices.Contains(types, got) || got == "integer" && slices.Contains(types, "number")
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if math.Trunc(v) == v {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func withArticles(types []string) []string {
	words := make([]string, len(types))
	for i, t := range types {
		switch t {
		case "null":
			words[i] = t
		case "integer", "object", "array":
			words[i] = "an " + t
		default:
			words[i] = "a " + t
		}
	}
	return words
}

// describe says in words what v is.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "the string " + strconv.Quote(short(v, 60))
	case float64:
		return "the number " + formatNumber(v)
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	}
	return "an object"
}

func formatNumber(f float64) string {
	if math.Abs(f) < 1e15 && math.Trunc(f) == f {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// fields reads the maps that encoding/json makes.
type fields struct{ v reflect.Value }

func objectOf(v any) fields { return fields{reflect.ValueOf(v)} }

func (o fields) size() int { return o.v.Len() }

func (o fields) get(name string) (any, bool) {
	v := o.v.MapIndex(reflect.ValueOf(name))
	if !v.IsValid() {
		return nil, false
	}
	return v.Interface(), true
}

// names is the names in order, so that the first fault is always the same one.
func (o fields) names() []string {
	names := make([]string, 0, o.v.Len())
	for _, key := range o.v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return names
}

func (o fields) all() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for key, v := range o.v.Seq2() {
			if !yield(key.String(), v.Interface()) {
				return
			}
		}
	}
}
