package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Format is the form of a store.
type Format string

// The three forms; the package comment describes them.
const (
	LangChain Format = "langchain"
	Codex     Format = "codex"
	Flat      Format = "flat"
)

// Decode reads a login in any of the three forms. When the shape of a flat object
// does not decide, it is taken for [LangChain] if ambiguous says so, else for [Flat].
//
// The error is a [*FileError] without a path that wraps [ErrMalformed], or an
// [*OtherLoginError].
func Decode(data []byte, ambiguous Format) (Credential, Format, error) {
	o, err := parseObject(data)
	if err != nil {
		return Credential{}, "", malformed("", err)
	}
	format, err := shapeOf(o, ambiguous)
	if err != nil {
		return Credential{}, "", err
	}
	c, err := format.decode(o)
	if err != nil {
		return Credential{}, format, err
	}
	return c, format, nil
}

// Encode writes c as a new file of the given form.
//
// The error wraps [ErrIncomplete] if the form needs a token that c lacks: every
// form needs the access token, the official one all three.
func Encode(c Credential, format Format) ([]byte, error) {
	switch format {
	case Codex:
		return encodeCodex(c)
	case Flat:
		return encodeFlat(c)
	default:
		return encodeLangChain(c)
	}
}

// shapeOf tells the form from the keys. The order of the questions matters: a
// nested file may carry any stray key, a flat one never a "tokens" object.
func shapeOf(o object, ambiguous Format) (Format, error) {
	if nested, err := looksNested(o); nested || err != nil {
		return Codex, err
	}
	expiry, err := o.get("expires_at")
	if err != nil {
		return "", malformed("expires_at", err)
	}
	switch {
	case len(expiry) > 0 && expiry[0] == '"':
		return LangChain, nil
	case named(o, "plan_type") || named(o, "user_id"):
		return LangChain, nil
	case ambiguous == LangChain:
		return LangChain, nil
	default:
		return Flat, nil
	}
}

// looksNested also accepts what the official CLI writes for its other logins, and
// an object with nothing in it but the CLI's own keys.
func looksNested(o object) (bool, error) {
	tokens, err := o.get("tokens")
	if err != nil {
		return false, malformed("tokens", err)
	}
	if len(tokens) > 0 && tokens[0] == '{' {
		return true, nil
	}
	if named(o, "access_token") {
		return false, nil
	}
	for _, key := range [...]string{"tokens", "auth_mode", "OPENAI_API_KEY", "personal_access_token", "agent_identity", "bedrock_api_key"} {
		if named(o, key) {
			return true, nil
		}
	}
	return false, nil
}

// named reports whether the key is there, be it null.
func named(o object, key string) bool {
	_, ok, err := o.find(key)
	return ok || err != nil
}

func (f Format) decode(o object) (Credential, error) {
	switch f {
	case Codex:
		return decodeCodex(o)
	case Flat:
		return decodeFlat(o)
	default:
		return decodeLangChain(o)
	}
}

// edit puts c into a file of this form that held old, and changes nothing else.
// What c lacks stays, unless old is a stranger's.
func (f Format) edit(o object, old, c Credential, stranger bool) (object, error) {
	switch f {
	case Codex:
		return editCodex(o, old, c, stranger)
	case Flat:
		return editFlat(o, old, c, stranger)
	default:
		return editLangChain(o, old, c, stranger)
	}
}

// malformed is an ErrMalformed about field, which may be empty.
func malformed(field string, cause error) error {
	return &FileError{Field: field, Err: fmt.Errorf("%w: %w", ErrMalformed, cause)}
}

// reader takes fields out of an object and keeps the first fault, so that a codec
// reads like the list of its keys.
type reader struct {
	from   object
	parent string // "tokens." inside the official form
	err    error
}

// raw returns the value of key, nil if it is absent or null.
func (r *reader) raw(key string) json.RawMessage {
	value, err := r.from.get(key)
	if err != nil {
		r.fail(key, err)
		return nil
	}
	if string(value) == "null" {
		return nil
	}
	return value
}

// text returns the string at key, empty if it is absent or null.
func (r *reader) text(key string) string {
	value := r.raw(key)
	if value == nil {
		return ""
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		r.fail(key, errors.New("not a text"))
	}
	return s
}

// secret returns the token at key. A token goes into a header, so it must be
// something that a header can carry.
func (r *reader) secret(key string) Secret {
	s := r.text(key)
	if !tokenShaped(s) {
		r.fail(key, errors.New("not a token"))
		return Secret{}
	}
	return NewSecret(s)
}

// required returns the token at key, which must not be empty.
func (r *reader) required(key string) Secret {
	s := r.secret(key)
	if s.Empty() {
		r.fail(key, errors.New("missing or empty"))
	}
	return s
}

// account returns the account id at key.
func (r *reader) account(key string) string {
	s := r.text(key)
	if !tokenShaped(s) {
		r.fail(key, errors.New("not an account id"))
	}
	return s
}

// instant returns the time at key in seconds or ISO 8601, zero if it is absent.
func (r *reader) instant(key string) time.Time {
	value := r.raw(key)
	if value == nil {
		return time.Time{}
	}
	t, err := decodeInstant(value)
	if err != nil {
		r.fail(key, err)
	}
	return t
}

func (r *reader) fail(key string, cause error) {
	if r.err == nil {
		r.err = malformed(r.parent+key, cause)
	}
}

func decodeInstant(value json.RawMessage) (time.Time, error) {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return parseInstant(s)
	}
	var seconds float64
	if json.Unmarshal(value, &seconds) == nil {
		return fromSeconds(seconds)
	}
	return time.Time{}, errors.New("neither a text nor a number")
}

// tokenShaped reports whether s is made of visible ASCII only.
func tokenShaped(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// writer puts fields into an object and keeps the first fault.
type writer struct {
	into object
	err  error
}

// text writes value at key, as null if it is empty.
func (w *writer) text(key, value string) {
	if value == "" {
		w.raw(key, []byte("null"))
		return
	}
	w.raw(key, quote(value))
}

func (w *writer) raw(key string, value []byte) {
	if w.err != nil {
		return
	}
	if o, err := w.into.set(key, value); err != nil {
		w.err = malformed(key, err)
	} else {
		w.into = o
	}
}

// edited writes one field of an existing file. A field that says what it said
// keeps its spelling. A field with no new value keeps the old one, unless that
// belongs to somebody else's login.
func (w *writer) edited(key, was, is string, stranger bool) {
	switch {
	case is == was && w.into.has(key):
	case is != "":
		w.text(key, is)
	case stranger && w.into.has(key):
		w.text(key, "")
	}
}

// strangers reports whether two logins are known to be of different accounts.
func strangers(a, b Credential) bool {
	return a.AccountID != "" && b.AccountID != "" && a.AccountID != b.AccountID
}

// quote writes s as a JSON string. Marshalling a string cannot fail.
func quote(s string) []byte {
	out, _ := json.Marshal(s)
	return out
}
