package credentials

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

var expiry = time.Date(2026, 6, 12, 10, 0, 0, 123456000, time.UTC)

func TestDecodeTellsTheFormByItsShape(t *testing.T) {
	tests := []struct {
		name, content string
		ambiguous     Format
		want          Format
	}{
		{"nested tokens", `{"tokens":{"access_token":"t"}}`, "", Codex},
		{"nested wins over a stray flat key", `{"access_token":"x","tokens":{"access_token":"t"}}`, LangChain, Codex},
		{"expires_at as a text", `{"access_token":"t","expires_at":"2026-06-12T10:00:00+00:00"}`, "", LangChain},
		{"plan_type with a number", `{"access_token":"t","expires_at":1,"plan_type":null}`, "", LangChain},
		{"user_id with a number", `{"access_token":"t","expires_at":1,"user_id":"u"}`, Codex, LangChain},
		{"only common keys", `{"access_token":"t","expires_at":1}`, "", Flat},
		{"only common keys, at LangChain's path", `{"access_token":"t","expires_at":1}`, LangChain, LangChain},
		{"only common keys, in the Codex home", `{"access_token":"t","expires_at":1}`, Codex, Flat},
		{"tokens null beside a flat token", `{"access_token":"t","tokens":null}`, "", Flat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got, err := Decode([]byte(tt.content), tt.ambiguous)
			if err != nil || got != tt.want {
				t.Errorf("Decode(%s) = %q, %v, want %q", tt.content, got, err, tt.want)
			}
		})
	}
}

func TestDecodeExpiry(t *testing.T) {
	exp := time.Unix(1790000000, 0).UTC()
	token := claimsJWT("acc", exp)
	tests := []struct {
		name, value string
		want        time.Time
	}{
		{"row 11: six digits and an offset", `"2026-06-12T10:00:00.123456+00:00"`, expiry},
		{"three digits and Z", `"2026-06-12T10:00:00.123Z"`, expiry.Truncate(time.Millisecond)},
		{"another offset", `"2026-06-12T12:30:00.123456+02:30"`, expiry},
		{"offset without a colon", `"2026-06-12T10:00:00.123456+0000"`, expiry},
		{"row 15: without a zone it is UTC", `"2026-06-12T10:00:00.123456"`, expiry},
		{"a space for the T", `"2026-06-12 10:00:00.123456+00:00"`, expiry},
		{"a date alone", `"2026-06-12"`, time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC)},
		{"whole seconds", `1781258400`, time.Unix(1781258400, 0).UTC()},
		{"parts of a second", `1781258400.25`, time.Unix(1781258400, 25e7).UTC()},
		{"zero is 1970", `0`, time.Unix(0, 0).UTC()},
		{"null leaves it to the claim", `null`, exp},
	}
	for _, tt := range tests {
		for _, extra := range []string{"", `"user_id":null,`} {
			t.Run(tt.name+extra, func(t *testing.T) {
				c, _, err := Decode([]byte(`{`+extra+`"access_token":"`+token+`","expires_at":`+tt.value+`}`), "")
				if err != nil || !c.ExpiresAt.Equal(tt.want) {
					t.Errorf("ExpiresAt = %v, %v, want %v", c.ExpiresAt, err, tt.want)
				}
			})
		}
	}
	c, _, err := Decode([]byte(`{"access_token":"opaque"}`), "")
	if err != nil || !c.ExpiresAt.IsZero() {
		t.Errorf("opaque token: ExpiresAt = %v, %v, want zero", c.ExpiresAt, err)
	}
	c, _, err = Decode([]byte(`{"expires_at":1,"tokens":{"access_token":"`+token+`"}}`), "")
	if err != nil || !c.ExpiresAt.Equal(exp) {
		t.Errorf("official form: ExpiresAt = %v, %v, want the claim's %v", c.ExpiresAt, err, exp)
	}
}

func TestDecodeNamesTheFaultyField(t *testing.T) {
	tests := []struct{ name, content, field string }{
		{"row 23: not JSON", `{"access_token":`, ""},
		{"empty", ``, ""},
		{"not an object", `["x"]`, ""},
		{"not UTF-8", "{\"access_token\":\"\xff\"}", ""},
		{"row 15: empty access token", `{"access_token":"","refresh_token":"r","expires_at":1}`, "access_token"},
		{"no access token", `{"refresh_token":"r"}`, "access_token"},
		{"access token is a number", `{"access_token":1}`, "access_token"},
		{"access token with a line break", `{"access_token":"a\nb"}`, "access_token"},
		{"access token twice", `{"access_token":"a","access_token":"b"}`, "access_token"},
		{"row 24: unreadable expires_at", `{"access_token":"a","expires_at":"soon"}`, "expires_at"},
		{"expires_at of a wrong type", `{"access_token":"a","expires_at":true}`, "expires_at"},
		{"expires_at in milliseconds", `{"access_token":"a","expires_at":1781258400000}`, "expires_at"},
		{"expires_at twice", `{"access_token":"a","expires_at":1,"expires_at":2}`, "expires_at"},
		{"refresh token is an object", `{"access_token":"a","refresh_token":{}}`, "refresh_token"},
		{"account with a line break", `{"access_token":"a","account_id":"x\r\ny"}`, "account_id"},
		{"nested: no access token", `{"tokens":{"refresh_token":"r"}}`, "tokens.access_token"},
		{"nested: id token is an object", `{"tokens":{"access_token":"a","id_token":{}}}`, "tokens.id_token"},
		{"nested: tokens is a text", `{"tokens":"x"}`, "tokens"},
		{"nested: auth_mode is a number", `{"auth_mode":1,"tokens":{}}`, "auth_mode"},
		{"nested: tokens twice", `{"tokens":{"access_token":"a"},"tokens":{"access_token":"b"}}`, "tokens"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Decode([]byte(tt.content), "")
			var fault *FileError
			if !errors.Is(err, ErrMalformed) || !errors.As(err, &fault) || fault.Field != tt.field {
				t.Errorf("Decode error = %v, want %v in field %q", err, ErrMalformed, tt.field)
			}
		})
	}
}

func TestDecodeAccountAndPlan(t *testing.T) {
	withClaim := claimsJWT("claimed", expiry)
	tests := []struct {
		name, content, account, plan string
	}{
		{"LangChain: the file's account", `{"access_token":"` + withClaim + `","account_id":"stored","plan_type":"team","expires_at":"2026-06-12"}`, "stored", "team"},
		{"row 3: LangChain: null means the claims", `{"access_token":"` + withClaim + `","account_id":null,"plan_type":null}`, "claimed", "plus"},
		{"claim of the id token", `{"access_token":"opaque","id_token":"` + withClaim + `"}`, "claimed", "plus"},
		{"official: the file's account", `{"tokens":{"access_token":"` + withClaim + `","account_id":"stored"}}`, "stored", "plus"},
		{"official: null means the claim", `{"tokens":{"access_token":"` + withClaim + `","account_id":null}}`, "claimed", "plus"},
		{"flat: the claim comes first", `{"access_token":"` + withClaim + `","account_id":"stored"}`, "claimed", "plus"},
		{"flat: the file's account without a claim", `{"access_token":"opaque","account_id":"stored"}`, "stored", ""},
		{"flat: a person is no account", `{"access_token":"opaque","account_id":"user-abc"}`, "", ""},
		{"nobody knows", `{"access_token":"opaque"}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := Decode([]byte(tt.content), "")
			if err != nil || c.AccountID != tt.account || c.Plan != tt.plan {
				t.Errorf("account %q, plan %q, %v, want %q, %q", c.AccountID, c.Plan, err, tt.account, tt.plan)
			}
		})
	}
}

func TestDecodeOtherLogins(t *testing.T) {
	const tokens = `"tokens":{"access_token":"t"}`
	tests := []struct{ name, content, mode string }{
		{"API key by mode", `{"auth_mode":"apikey",` + tokens + `}`, modeAPIKey},
		{"API key by absence", `{"OPENAI_API_KEY":"sk-x",` + tokens + `}`, modeAPIKey},
		{"personal access token", `{"personal_access_token":"at-x","OPENAI_API_KEY":"sk-x"}`, modePersonal},
		{"Bedrock", `{"bedrock_api_key":{},"OPENAI_API_KEY":null}`, modeBedrock},
		{"agent identity", `{"auth_mode":"agentIdentity","agent_identity":"x"}`, modeAgent},
		{"agent identity by absence", `{"agent_identity":"x","OPENAI_API_KEY":null}`, modeAgent},
		{"a mode of the future", `{"auth_mode":"telepathy"}`, modeUnknown},
		{"ChatGPT mode without tokens", `{"auth_mode":"chatgpt","OPENAI_API_KEY":null}`, ""},
		{"tokens null", `{"tokens":null}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Decode([]byte(tt.content), "")
			var other *OtherLoginError
			if !errors.Is(err, ErrOtherLogin) || !errors.As(err, &other) || other.Mode != tt.mode {
				t.Errorf("Decode error = %v, want mode %q", err, tt.mode)
			}
		})
	}
	for name, content := range map[string]string{
		"mode chatgpt with a minted key": `{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-x",` + tokens + `}`,
		"tokens of a host program":       `{"auth_mode":"chatgptAuthTokens",` + tokens + `}`,
		"no mode, key null":              `{"OPENAI_API_KEY":null,` + tokens + `}`,
	} {
		if _, _, err := Decode([]byte(content), ""); err != nil {
			t.Errorf("%s: error = %v, want none", name, err)
		}
	}
}

func TestEncode(t *testing.T) {
	id := claimsJWT("acc", expiry)
	c := Credential{
		AccessToken: NewSecret("a"), RefreshToken: NewSecret("r"), IDToken: NewSecret(id),
		AccountID: "acc", UserID: "user-1", Plan: "plus", ExpiresAt: expiry, LastRefresh: expiry,
	}
	bare := Credential{AccessToken: NewSecret("a")}
	tests := []struct {
		name   string
		format Format
		c      Credential
		want   string
	}{
		{"LangChain, row 11", LangChain, c, fmt.Sprintf(`{
  "access_token": "a",
  "account_id": "acc",
  "expires_at": "2026-06-12T10:00:00.123456+00:00",
  "id_token": "%s",
  "plan_type": "plus",
  "refresh_token": "r",
  "user_id": "user-1"
}`, id)},
		{"LangChain writes null for what it does not know", LangChain, bare, `{
  "access_token": "a",
  "account_id": null,
  "expires_at": null,
  "id_token": null,
  "plan_type": null,
  "refresh_token": null,
  "user_id": null
}`},
		{"flat", Flat, c, fmt.Sprintf(`{
  "access_token": "a",
  "refresh_token": "r",
  "id_token": "%s",
  "expires_at": 1781258400,
  "account_id": "acc"
}
`, id)},
		{"flat, access token only", Flat, bare, "{\n  \"access_token\": \"a\",\n  \"expires_at\": null\n}\n"},
		{"official", Codex, c, fmt.Sprintf(`{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": null,
  "tokens": {
    "id_token": "%s",
    "access_token": "a",
    "refresh_token": "r",
    "account_id": "acc"
  },
  "last_refresh": "2026-06-12T10:00:00.123456Z"
}
`, id)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Encode(tt.c, tt.format)
			if err != nil {
				t.Fatalf("Encode error = %v, want none", err)
			}
			diff(t, "document", tt.want, string(got))
		})
	}
}

func TestEncodeRefusesIncompleteLogins(t *testing.T) {
	id := NewSecret(claimsJWT("acc", expiry))
	opaque := NewSecret("a")
	for name, tt := range map[string]struct {
		format Format
		c      Credential
	}{
		"LangChain without access token": {LangChain, Credential{}},
		"flat without access token":      {Flat, Credential{}},
		"official without access token":  {Codex, Credential{IDToken: id, RefreshToken: opaque}},
		"official without refresh token": {Codex, Credential{AccessToken: opaque, IDToken: id}},
		"official with a bad id token":   {Codex, Credential{AccessToken: opaque, RefreshToken: opaque, IDToken: opaque}},
		"official without any time":      {Codex, Credential{AccessToken: opaque, RefreshToken: opaque, IDToken: id}},
	} {
		if _, err := Encode(tt.c, tt.format); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: error = %v, want %v", name, err, ErrIncomplete)
		}
	}
	c := Credential{AccessToken: id, RefreshToken: opaque, IDToken: id}
	if out, err := Encode(c, Codex); err != nil || !strings.Contains(string(out), "2023-11-14T22:13:20.000000Z") {
		t.Errorf("official without last refresh: %v, want the token's iat in\n%s", err, out)
	}
}

func TestRoundTripKeepsEveryField(t *testing.T) {
	c := Credential{
		AccessToken: NewSecret(claimsJWT("acc", expiry.Truncate(time.Second))), RefreshToken: NewSecret("r"),
		IDToken: NewSecret(claimsJWT("acc", expiry)), AccountID: "acc", UserID: "user-1", Plan: "plus",
		ExpiresAt: expiry.Truncate(time.Second),
	}
	for _, format := range []Format{LangChain, Flat, Codex} {
		want := c
		if format == Codex {
			want.LastRefresh = expiry
		}
		data, err := Encode(want, format)
		if err != nil {
			t.Fatalf("%s: Encode error = %v", format, err)
		}
		got, shape, err := Decode(data, "")
		if err != nil || shape != format {
			t.Fatalf("%s: Decode = %q, %v", format, shape, err)
		}
		diff(t, string(format)+": row 11", want, got)
	}
}

func TestEditKeepsWhatIsNotOurs(t *testing.T) {
	old := claimsJWT("acc", expiry)
	fresh := claimsJWT("acc", expiry.Add(time.Hour))
	next := Credential{
		AccessToken: NewSecret(fresh), RefreshToken: NewSecret("r2"), IDToken: NewSecret(old), AccountID: "acc",
		UserID: "user-1", Plan: "plus", ExpiresAt: expiry.Add(time.Hour).Truncate(time.Second), LastRefresh: expiry,
	}
	tests := []struct{ name, before, after string }{
		{"official, strange order and unknown keys",
			"{ \"zeta\" : [1, 2 ],\n\t\"tokens\": {\"x\":1.50, \"refresh_token\": \"r1\" , \"id_token\": \"" + old + "\",\"account_id\":\"acc\", \"access_token\":\"" + old + "\"},\r\n \"auth_mode\":\"chatgpt\", \"OPENAI_API_KEY\":null,\"last_refresh\":\"x\",\"\\u0061\":\"\\/\"}\n\n",
			"{ \"zeta\" : [1, 2 ],\n\t\"tokens\": {\"x\":1.50, \"refresh_token\": \"r2\" , \"id_token\": \"" + old + "\",\"account_id\":\"acc\", \"access_token\":\"" + fresh + "\"},\r\n \"auth_mode\":\"chatgpt\", \"OPENAI_API_KEY\":null,\"last_refresh\":\"2026-06-12T10:00:00.123456Z\",\"\\u0061\":\"\\/\"}\n\n"},
		{"official, missing keys are added",
			"{\n  \"tokens\": {\n    \"access_token\": \"" + old + "\"\n  }\n}",
			"{\n  \"tokens\": {\n    \"access_token\": \"" + fresh + "\",\n    \"id_token\": \"" + old + "\",\n    \"refresh_token\": \"r2\",\n    \"account_id\": \"acc\"\n  },\n  \"last_refresh\": \"2026-06-12T10:00:00.123456Z\"\n}"},
		{"flat, a person's id stays",
			`{"access_token":"` + old + `","expires_at":1,"account_id":"user-9","mine":{"a":1}}`,
			`{"access_token":"` + fresh + `","expires_at":1781262000,"account_id":"user-9","mine":{"a":1},"refresh_token":"r2","id_token":"` + old + `"}`},
		{"LangChain, row 8: a missing account is filled",
			`{"access_token": "` + old + `", "account_id": null, "expires_at": "2026-06-12T10:00:00Z", "id_token": null, "plan_type": "plus", "refresh_token": "r1", "user_id": "user-1", "more": true}`,
			`{"access_token": "` + fresh + `", "account_id": "acc", "expires_at": "2026-06-12T11:00:00.000000+00:00", "id_token": "` + old + `", "plan_type": "plus", "refresh_token": "r2", "user_id": "user-1", "more": true}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir() + "/auth.json"
			write(t, path, tt.before)
			store(t, File{Path: path}, next)
			diff(t, "store", tt.after, read(t, path))
		})
	}
}

func TestEditKeepsOldValuesUnlessTheyAreAStrangers(t *testing.T) {
	const before = `{"access_token":"a","account_id":"acc","expires_at":"2026-06-12","id_token":"i","plan_type":"plus","refresh_token":"r","user_id":"u"}`
	for name, tt := range map[string]struct{ account, kept string }{
		"same account":      {"acc", "i r plus u"},
		"unknown account":   {"", "i r plus u"},
		"another's account": {"other", "   "},
	} {
		path := t.TempDir() + "/auth.json"
		write(t, path, before)
		store(t, File{Path: path}, Credential{AccessToken: NewSecret("b"), AccountID: tt.account})
		got := gjson.Parse(read(t, path))
		kept := strings.Join([]string{got.Get("id_token").Str, got.Get("refresh_token").Str, got.Get("plan_type").Str, got.Get("user_id").Str}, " ")
		if kept != tt.kept || got.Get("access_token").Str != "b" || got.Get("expires_at").Type != gjson.Null {
			t.Errorf("%s: kept %q in %s, want %q and no expiry", name, kept, got.Raw, tt.kept)
		}
	}
}
