package credentials

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "canary-3f9a7c"

// LangChain 7.1, row 14: printing a token shows no secret.
func TestSecretNeverShows(t *testing.T) {
	s := NewSecret(canary)
	type hidden struct{ inner struct{ token Secret } }
	var nested hidden
	nested.inner.token = s
	values := map[string]any{
		"plain":       s,
		"pointer":     &s,
		"exported":    struct{ Token Secret }{s},
		"unexported":  nested,
		"pointer to":  &nested,
		"in a slice":  []Secret{s},
		"in a map":    map[string]Secret{"k": s},
		"credential":  Credential{AccessToken: s, RefreshToken: s, IDToken: s},
		"selection":   Selection{Credential: Credential{AccessToken: s}},
		"pending":     Pending{old: Credential{AccessToken: s}},
		"interface":   []any{s},
		"array of it": [1]Secret{s},
	}
	var out bytes.Buffer
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "% x"} {
			fmt.Fprintf(&out, "%s %s: "+verb+"\n", name, verb, v)
		}
		if data, err := json.Marshal(v); err == nil {
			out.Write(data)
		}
		if data, err := xml.Marshal(v); err == nil {
			out.Write(data)
		}
		_ = gob.NewEncoder(&out).Encode(v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info(name, "value", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info(name, "value", v)
	}
	assertSecretFree(t, out.String())
	if !strings.Contains(out.String(), mask) {
		t.Errorf("got no mask in the output")
	}
}

// assertSecretFree looks for the canary as text and in hexadecimal.
func assertSecretFree(t *testing.T, out string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary)} {
		if strings.Contains(out, form) {
			t.Errorf("output shows the secret as %q:\n%s", form, out)
		}
	}
}

func TestSecretAnswers(t *testing.T) {
	a, b, none := NewSecret("a"), NewSecret("b"), NewSecret("")
	type answers struct {
		SelfEqual, OtherEqual, Empty, NoneEmpty bool
		Revealed, Fingerprint, NoFingerprint    string
		Shown, NoneShown                        string
	}
	got := answers{
		a.Equal(NewSecret("a")), a.Equal(b), a.Empty(), none.Empty(),
		a.Reveal(), a.Fingerprint(), none.Fingerprint(), fmt.Sprint(a), fmt.Sprint(none),
	}
	want := answers{true, false, false, true, "a", "ca978112", "", mask, ""}
	diff(t, "answers", want, got)
	if !none.Equal(Secret{}) {
		t.Errorf("Secret{}.Equal(NewSecret(\"\")) = false, want true")
	}
}

func TestErrorsQuoteNoContent(t *testing.T) {
	for _, content := range []string{
		canary,
		`{"access_token": "` + canary + ` "}`,
		`{"access_token": "x", "expires_at": "` + canary + `"}`,
		`{"access_token": "x", "expires_at": {"` + canary + `": 1}}`,
		`{"access_token": "x", "account_id": "` + canary + `\n"}`,
		`{"access_token": ["` + canary + `"]}`,
		`{"auth_mode": "` + canary + `"}`,
		`{"tokens": {"access_token": "` + canary + `", "access_token": "x"}}`,
		`{"tokens": {"refresh_token": "` + canary + `"}}`,
		"{\"access_token\": \"" + canary + "\xff\"}",
	} {
		_, _, err := Decode([]byte(content), "")
		if err == nil {
			t.Errorf("Decode(%s) = nil error, want one", content)
			continue
		}
		assertSecretFree(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	_, err := DecodeClaims(NewSecret("x." + canary + "!.y"))
	if !errors.Is(err, ErrNotJWT) {
		t.Errorf("DecodeClaims error = %v, want %v", err, ErrNotJWT)
	}
	assertSecretFree(t, fmt.Sprint(err))
}
