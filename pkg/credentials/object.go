package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// object is a JSON object that remembers its bytes: set replaces one value and
// leaves the rest, spaces and order included, as it stands.
type object struct {
	raw     []byte
	members []member
}

type member struct {
	key        string
	keyStart   int // offset of the key's opening quote
	start, end int // offsets of the value
}

var errDuplicate = errors.New("appears twice")

// parseObject splits raw, which must be one JSON object in UTF-8.
func parseObject(raw []byte) (object, error) {
	if !utf8.Valid(raw) {
		return object{}, errors.New("not UTF-8")
	}
	if !json.Valid(raw) {
		return object{}, errors.New("not valid JSON")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') {
		return object{}, errors.New("not a JSON object")
	}
	o := object{raw: raw}
	for d.More() {
		m, err := nextMember(d, raw)
		if err != nil {
			return object{}, err
		}
		o.members = append(o.members, m)
	}
	return o, nil
}

func nextMember(d *json.Decoder, raw []byte) (member, error) {
	keyStart := int(d.InputOffset())
	keyStart += bytes.IndexByte(raw[keyStart:], '"')
	token, err := d.Token()
	if err != nil {
		return member{}, errors.New("not valid JSON")
	}
	key, ok := token.(string)
	if !ok {
		return member{}, errors.New("not valid JSON")
	}
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return member{}, errors.New("not valid JSON")
	}
	end := int(d.InputOffset())
	return member{key, keyStart, end - len(value), end}, nil
}

// find returns the member called key. A key that appears twice means one thing to
// one program and another to the next, so it is refused.
func (o object) find(key string) (m member, ok bool, err error) {
	for _, candidate := range o.members {
		if candidate.key != key {
			continue
		}
		if ok {
			return member{}, false, errDuplicate
		}
		m, ok = candidate, true
	}
	return m, ok, nil
}

// get returns the value of key, or nil if it is absent.
func (o object) get(key string) (json.RawMessage, error) {
	m, ok, err := o.find(key)
	if err != nil || !ok {
		return nil, err
	}
	return o.raw[m.start:m.end], nil
}

// has reports whether key is there and not null.
func (o object) has(key string) bool {
	value, err := o.get(key)
	return err != nil || (value != nil && string(value) != "null")
}

// set returns o with key's value replaced, or with a new last member.
func (o object) set(key string, value []byte) (object, error) {
	m, ok, err := o.find(key)
	if err != nil {
		return object{}, fmt.Errorf("%s %w", key, err)
	}
	if ok {
		return parseObject(splice(o.raw, m.start, m.end, value))
	}
	return parseObject(o.appended(key, value))
}

// appended adds a member in the object's own style: what stands between the brace
// and the first key also goes before the new one.
func (o object) appended(key string, value []byte) []byte {
	name, _ := json.Marshal(key)
	if len(o.members) == 0 {
		brace := bytes.IndexByte(o.raw, '{')
		inner := fmt.Appendf(nil, "\n  %s: %s\n", name, value)
		return splice(o.raw, brace+1, bytes.LastIndexByte(o.raw, '}'), inner)
	}
	brace := bytes.IndexByte(o.raw, '{')
	gap := o.raw[brace+1 : o.members[0].keyStart]
	colon := ": "
	if len(gap) == 0 {
		colon = ":"
	}
	last := o.members[len(o.members)-1].end
	inner := fmt.Appendf(nil, ",%s%s%s%s", gap, name, colon, value)
	return splice(o.raw, last, last, inner)
}

// splice returns a copy of raw with raw[start:end] replaced.
func splice(raw []byte, start, end int, with []byte) []byte {
	out := make([]byte, 0, len(raw)+len(with))
	out = append(out, raw[:start]...)
	out = append(out, with...)
	return append(out, raw[end:]...)
}
