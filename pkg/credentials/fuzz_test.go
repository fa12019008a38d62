package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func seeds(f *testing.F) {
	token := claimsJWT("acc", expiry)
	for _, s := range []string{
		alive, expiredOne, deadOne, apiKey, "", "{}", "[]", "{", `{"tokens":{}}`, `{"tokens":null}`,
		`{"access_token":"` + token + `","expires_at":1781258400.5,"account_id":"user-1"}`,
		`{ "a":{"b":[1,{"c":null}]} , "tokens":{"id_token":"` + token + `","access_token":"` + token + `","refresh_token":"r","account_id":null},"last_refresh":"2026-08-22T05:54:43.123456Z","auth_mode":"chatgpt"}`,
		"{\"access_token\":\"a\",\"expires_at\":1e3 ,\"\\u0061\":-0.1E+2\n}",
	} {
		f.Add([]byte(s))
	}
}

// fuzzForm checks what must hold for every file of a form: decoding ends with a
// login or a typed error, and an edit keeps the foreign members and reads back.
func fuzzForm(f *testing.F, ambiguous, format Format) {
	seeds(f)
	next := Credential{
		AccessToken: NewSecret("fresh"), RefreshToken: NewSecret("r2"), IDToken: NewSecret(claimsJWT("acc", expiry)),
		AccountID: "acc", ExpiresAt: expiry.Truncate(time.Second), LastRefresh: expiry,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		old, got, err := Decode(data, ambiguous)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrOtherLogin) {
				t.Fatalf("error %v is neither", err)
			}
			return
		}
		if got != format {
			return
		}
		o, err := parseObject(data)
		if err != nil {
			t.Fatal(err)
		}
		edited, err := format.edit(o, old, next, strangers(old, next))
		if err != nil {
			t.Fatalf("edit: %v", err)
		}
		back, again, err := Decode(edited.raw, ambiguous)
		if err != nil {
			t.Fatalf("edited file %q: %v", edited.raw, err)
		}
		if (again != format && format != Flat) || !back.AccessToken.Equal(next.AccessToken) || !back.RefreshToken.Equal(next.RefreshToken) {
			t.Fatalf("edited file %q reads as %q, %+v", edited.raw, again, back)
		}
		for i, m := range o.members {
			n := edited.members[i]
			if n.key != m.key || (!ownKey(m.key) && !bytes.Equal(o.raw[m.start:m.end], edited.raw[n.start:n.end])) {
				t.Fatalf("member %q became %q: %s", m.key, n.key, edited.raw[n.start:n.end])
			}
		}
	})
}

func ownKey(key string) bool {
	return strings.Contains(" access_token refresh_token id_token account_id user_id plan_type expires_at tokens last_refresh ", " "+key+" ")
}

func FuzzLangChain(f *testing.F) { fuzzForm(f, LangChain, LangChain) }
func FuzzFlat(f *testing.F)      { fuzzForm(f, Flat, Flat) }
func FuzzCodex(f *testing.F)     { fuzzForm(f, Codex, Codex) }

func FuzzClaims(f *testing.F) {
	f.Add(claimsJWT("acc", expiry))
	f.Add("a.b.c")
	f.Add("a.e30=.c")
	f.Add(jwt(`{"aud":[1,"x"],"exp":1e300,"scp":"a b","https://api.openai.com/auth":{"organizations":[{}]}}`))
	f.Fuzz(func(t *testing.T, token string) {
		c, err := DecodeClaims(NewSecret(token))
		if err != nil && !errors.Is(err, ErrNotJWT) {
			t.Fatalf("error %v is not %v", err, ErrNotJWT)
		}
		if err == nil && !json.Valid(c.Raw) {
			t.Fatalf("payload %q is not JSON", c.Raw)
		}
	})
}
