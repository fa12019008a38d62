package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func known() []Section {
	return []Section{
		{"", []Key{{"model", One}, {"timeout", One}, {"client_version", One}, {"header", Many}, {"model_alias", Pairs}, {"usage", One}, {"render", One}, {"retries", One}}},
		{"ask", []Key{{"model", One}, {"effort", One}}},
		{"serve", []Key{{"port", One}, {"cors", Many}, {"model_alias", Pairs}, {"log_format", One}}},
		{"auth login", []Key{{"wait", One}}},
		{"usage", []Key{{"watch", One}}},
	}
}

// load reads a file of the given text.
func load(t *testing.T, text string) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(path, Options{Sections: known})
}

// dump is everything a file says, as "section/key = texts @lines".
func dump(f *File) map[string]string {
	got := make(map[string]string)
	for at, v := range f.values {
		var places []string
		for _, p := range v.places {
			places = append(places, fmt.Sprintf("%d:%d", p.line, p.column))
		}
		text := strings.Join(v.Texts, "|") + " @" + v.Origin.String() + " " + strings.Join(places, " ")
		if v.Boolean {
			text += " boolean"
		}
		got[at.section+"/"+at.key] = text
	}
	return got
}

func TestLoadGivesTextsWithTheirLines(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[string]string
	}{
		{"nothing", "", nil},
		{"comments alone", "# model = 1\n\n  # x", nil},
		{"a text", "\n\nmodel = \"gpt-5.5\" # ours", map[string]string{"/model": "gpt-5.5 @config.toml:3 3:1"}},
		{"a text with escapes", `model = "a\tbé\\"`, map[string]string{"/model": "a\tbé\\ @config.toml:1 1:1"}},
		{"a text over several lines", "model = '''\na\nb'''\ntimeout = '5s'", map[string]string{
			"/model": "a\nb @config.toml:1 1:1", "/timeout": "5s @config.toml:4 4:1",
		}},
		{"a byte order mark and line ends of Windows", "\ufeffmodel = 'a'\r\n[serve]\r\nport = 1\r\n", map[string]string{
			"/model": "a @config.toml:1 1:1", "serve/port": "1 @config.toml:3 3:1",
		}},
		{"numbers", "retries = 1_000\ntimeout = 0x1F\nmodel = -0\nclient_version = +1_0.5e3", map[string]string{
			"/retries": "1000 @config.toml:1 1:1", "/timeout": "31 @config.toml:2 2:1",
			"/model": "0 @config.toml:3 3:1", "/client_version": "10.5e3 @config.toml:4 4:1",
		}},
		{"true and false", "render = true\nmodel = 'true'\nusage = false", map[string]string{
			"/render": "true @config.toml:1 1:1 boolean", "/model": "true @config.toml:2 2:1", "/usage": "false @config.toml:3 3:1 boolean",
		}},
		{"a list", "header = [\n  'a: b', # first\n  \"c: d, e\",\n  5, true\n]", map[string]string{
			"/header": "a: b|c: d, e|5|true @config.toml:1 2:3 3:3 4:3 4:6",
		}},
		{"an empty list", "header = []", map[string]string{"/header": " @config.toml:1 "}},
		{"one value for a list", "header = 'a: b'", map[string]string{"/header": "a: b @config.toml:1 1:1"}},
		{"a table of pairs", "[model_alias]\n\"gpt-4\" = 'gpt-5.5'\nb=2\nc=true", map[string]string{
			"/model_alias": "gpt-4=gpt-5.5|b=2|c=true @config.toml:2 2:1 3:1 4:1",
		}},
		{"pairs as a list", "model_alias = ['a=b', 'c=d']", map[string]string{"/model_alias": "a=b|c=d @config.toml:1 1:16 1:23"}},
		{"pairs on one line", "model_alias = {a = 'b', 'c.d' = 'e'}", map[string]string{
			"/model_alias": "a=b|c.d=e @config.toml:1 1:16 1:25",
		}},
		{"pairs with dots", "model_alias.a = 'b'\nmodel_alias.'c.d' = 'e'", map[string]string{
			"/model_alias": "a=b|c.d=e @config.toml:1 1:1 2:1",
		}},
		{"pairs of a command", "[serve.model_alias]\na = 'b'", map[string]string{"serve/model_alias": "a=b @config.toml:2 2:1"}},
		{"no pairs", "model_alias = {}", nil},
		{"tables of commands", "model = 'm'\n[ask]\nmodel = 'n'\n[auth.login]\nwait = '1m'", map[string]string{
			"/model": "m @config.toml:1 1:1", "ask/model": "n @config.toml:3 3:1", "auth login/wait": "1m @config.toml:5 5:1",
		}},
		{"a command as an inline table", "serve = {port = 1, model_alias = {a = 'b'}}", map[string]string{
			"serve/port": "1 @config.toml:1 1:10", "serve/model_alias": "a=b @config.toml:1 1:35",
		}},
		{"dotted keys", "serve.port = 1\nauth.login.wait = '1m'\nserve.log_format = 'json'", map[string]string{
			"serve/port": "1 @config.toml:1 1:1", "auth login/wait": "1m @config.toml:2 2:1", "serve/log_format": "json @config.toml:3 3:1",
		}},
		{"the beginning of a command", "[auth]\nlogin.wait = '1m'", map[string]string{"auth login/wait": "1m @config.toml:2 2:1"}},
		{"a key with the name of a command", "usage = true", map[string]string{"/usage": "true @config.toml:1 1:1 boolean"}},
		{"a command with the name of a key", "[usage]\nwatch = true", map[string]string{"usage/watch": "true @config.toml:2 2:1 boolean"}},
		{"a table below another", "[serve.model_alias]\na='b'\n[serve]\nport=1", map[string]string{
			"serve/model_alias": "a=b @config.toml:2 2:1", "serve/port": "1 @config.toml:4 4:1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := load(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, dump(f), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a text without quotes", "\nmodel = gpt", `2:9: unexpected character U+0067 'g' at start of value: "model = gpt"`},
		{"a time without quotes", "timeout = 20s", `1:13: strings must be quoted: "timeout = 20s"`},
		{"a key alone", "model", `1:5: expected '='`},
		{"an open quote", "model = \"x\n[serve]", `1:`},
		{"bytes that are no text", "model = 'a'\nmodel = 'é\xff'", `2:12: it is no UTF-8 text: "model = 'é�'"`},
		{"a text in UTF-16", "\xff\xfem\x00", `1:1: it is no UTF-8 text`},
		{"a key twice", "model = 'a'\nmodel = 'b'", `2:1: it is defined already: "model = 'b'"`},
		{"a table twice", "[serve]\nport = 1\n[serve]", `3:2: it is defined already: "[serve]"`},
		{"a table over dotted keys", "serve.port = 1\n[serve]", `2:2: it is defined already`},
		{"a table over a value", "model_alias = 'a=b'\n[model_alias]", `2:2: it is defined already`},
		{"a table below a value", "model_alias = 'a=b'\n[model_alias.x]", `2:2: it is defined already`},
		{"dotted keys into a table with a header", "[serve.model_alias]\na='b'\n[serve]\nmodel_alias.c='d'", `4:1: it is defined already`},
		{"a control character", "model = \"a\x1b[31m\"", `1:11: `},

		{"a misspelled key", "modle = 'x'", `1:1: modle: unknown key; did you mean model at the top?`},
		{"a key with dashes", "client-version = 'x'", `1:1: client-version: unknown key; did you mean client_version at the top?`},
		{"a misspelled key of a command", "[serve]\n  prot = 1", `2:3: serve.prot: unknown key; did you mean port in [serve]?`},
		{"a key of a command at the top", "log-format = 'json'", `1:1: log-format: unknown key; did you mean log_format in [serve]?`},
		{"a key of the top in a command", "[usage]\nretrys = 1", `2:1: usage.retrys: unknown key; did you mean retries at the top?`},
		{"a key like no other", "[ask]\nzzzzzzzzzz = 1", `2:1: ask.zzzzzzzzzz: unknown key`},
		{"a long key", strings.Repeat("model", 50) + " = 1", "1:1: " + strings.Repeat("model", 16) + "…: unknown key"},
		{"a misspelled table", "[serv]", `1:2: serv: unknown table; did you mean [serve]?`},
		{"a misspelled table of pairs", "[serve.model-alia]", `1:2: serve.model-alia: unknown table; did you mean [serve.model_alias]?`},
		{"a misspelled command in two words", "[auth.logn]\nwait='1s'", `1:2: auth.logn: unknown table; did you mean [auth.login]?`},
		{"a table like no other", "[\"x.y z\".q]", `1:2: "x.y z".q: unknown table`},
		{"a table that is a key", "[model]", `1:2: model: want one value, not a table`},
		{"an inline table for a value", "model = {a = 1}", `1:1: model: want one value, not a table`},
		{"a table in a value", "model.x = 1", `1:1: model.x: want one value, not a table`},
		{"a table in pairs", "[model_alias]\na.b = 'c'", `2:1: model_alias.a.b: want one value for each entry, not a table`},
		{"a table below pairs", "[model_alias.a]", `1:2: model_alias.a: want one value for each entry, not a table`},
		{"a key of many parts", strings.Repeat("a.", 1<<18) + "a = 1", `1:1: a.a.a.`},
		{"a table of many parts", "[" + strings.Repeat("a.", 1<<18) + "a]", `1:2: a.a.a.`},
		{"tables in tables", "model_alias = " + strings.Repeat("{a=", 1000) + "1" + strings.Repeat("}", 1000), `1:16: model_alias.a: want one value for each`},
		{"a list of tables", "[[serve]]", `1:3: serve: write [serve], not [[serve]]: there can be only one`},
		{"a section by a key without a name", "[\"\"]", `1:2: "": unknown table`},
		{"a key of such a section", "\"\".model = 'x'", `1:1: "".model: unknown key; did you mean model at the top?`},
		{"a command in one word", "[\"auth login\"]", `1:2: "auth login": unknown table; did you mean [auth.login]?`},
		{"a command as a value", "serve = 1", `1:1: serve: unknown key`},

		{"a list for one value", "model = ['a']", `1:1: model: want one value, not a list`},
		{"a list in pairs", "[model_alias]\na = ['b']", `2:1: model_alias.a: want one value, not a list`},
		{"a list in a list", "header = ['a', ['b']]", `1:1: header: want a text, a number, true or false in the list`},
		{"a table in a list", "header = ['a', {b = 1}]", `1:16: header: want a text, a number, true or false in the list`},
		{"a table in pairs on one line", "model_alias = {a = 'b', c.d = 'e'}", `1:25: model_alias.c.d: want one value for each entry, not a table`},
		{"a date", "timeout = 2026-01-01", `1:1: timeout: want no date and no time; as a text it needs quotes`},
		{"a time of day", "header = [1, 10:00:00]", `1:14: header: want no date and no time; as a text it needs quotes`},
		{"a number out of range", "retries = 99999999999999999999", `1:1: retries: the number is out of range`},
		{"an empty text", "[serve]\nport = ''", `2:1: serve.port: it is empty; leave the line out to do without`},
		{"an empty text in pairs", "model_alias.a = ''", `1:1: model_alias.a: it is empty; leave the line out to do without`},
		{"a pair without a name", "model_alias.'' = 'a'", `1:1: model_alias."": want a name that`},
		{"a pair whose name cannot be told from its value", "[model_alias]\n'a=b' = 'c'", `2:1: model_alias."a=b": want a name that`},
		{"a NUL", `model = "a\u0000b"`, `1:1: model: it holds a NUL character`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := load(t, tt.text)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			if f != nil {
				t.Errorf("file = %v beside an error", f)
			}
			got, found := strings.CutPrefix(err.Error(), e.File+":")
			if !found || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got:  %s\nwant: %s", got, tt.want)
			}
			if filepath.Base(e.File) != "config.toml" {
				t.Errorf("file = %q", e.File)
			}
		})
	}
}

func TestLoadRefusesSecretsAndShowsNone(t *testing.T) {
	const secret = "hunter2"
	jwt := "eyJhbGciOi.eyJzdWIi." + secret
	tests := []struct{ name, text, want string }{
		{"a token", "access_token = '" + secret + "'", "access_token: secrets do not belong into this file"},
		{"a key of an API", "[serve]\napi-key = '" + secret + "'", "serve.api-key: secrets do not belong into this file"},
		{"somebody's key", "OPENAI_API_KEY = '" + secret + "'", "secrets do not belong"},
		{"a table of secrets", "[credentials]\na = '" + secret + "'", "credentials: secrets do not belong"},
		{"an inline table", "serve = {password = '" + secret + "'}", "serve.password: secrets do not belong"},
		{"a token in a text", "model = '" + jwt + "'", "model: it holds a secret"},
		{"a key in a list", "header = ['a: b', 'x: sk-proj-0123456789" + secret + "']", "header: it holds a secret"},
		{"a bearer", "header = ['Authorization: " + secret + "']", "header: it holds a secret"},
		{"a password in a URL", "model = 'redis://:" + secret + "@localhost:6379/0'", "model: it holds a secret"},
		{"a password in a URL, in a file that is not TOML", "model = redis://:" + secret + "@localhost", "unexpected character"},
		{"a token as a key", "eyJhbGciOi.eyJzdWIi." + secret + " = 1", "a secret: unknown key"},
		{"a token as a header", "[eyJhbGciOi.eyJzdWIi." + secret + "]", "a secret: unknown table"},
		{"a token in a file that is not TOML", "access_token = " + secret, "unexpected character"},
		{"a token of a table in such a file", "serve.api_key = " + secret, "unexpected character"},
		{"a token that looks like one, in such a file", "model = " + jwt, "unexpected character"},
		{"a token on a line of its own, in such a file", "password = [\n  '" + secret + "' x\n]", ""},
		{"a token that is defined twice", "model = 'a'\nmodel = '" + jwt + "'", "it is defined already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.text)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error = %v, want one with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(e.Text, secret) {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestSecretKeysAreNoOthers(t *testing.T) {
	for name, want := range map[string]bool{
		"access_token": true, "id-token": true, "TOKEN": true, "api_key": true, "client_secret": true,
		"api_key_file": false, "max_input_tokens": false, "model": false, "keyboard": false,
	} {
		if got := secretKey(name); got != want {
			t.Errorf("secretKey(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestSecretTextIsNoOther(t *testing.T) {
	for text, want := range map[string]bool{
		"You explain bearer tokens. Cookie: a biscuit.": false, "sk-learn": false, "at-the-very-least-one-word": false,
		"eyJ": false, "redis://localhost:6379/0": false, "redis://user@localhost": false, "such as https://a:b@c": false,
		"use sk-proj-abcdefgh1234 for it": true, "at-0123456789abcdefghij": true, "Cookie: a=b": true, "https://a:b@c/d": true,
	} {
		if got := secretText(text); got != want {
			t.Errorf("secretText(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestLoadLooksForTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.toml", "model = 'm'", 0o644)
	link := filepath.Join(dir, "link.toml")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling.toml")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	full := write("full.toml", "model = 'm'\n"+strings.Repeat("#", sizeLimit-12), 0o644)
	large := write("large.toml", "model = 'm'\n"+strings.Repeat("#", sizeLimit-11), 0o644)
	missing := filepath.Join(dir, "missing.toml")

	tests := []struct {
		name, path string
		required   bool
		want       string // of the error
		model      string
	}{
		{"readable by all", good, false, "", "m"},
		{"named", good, true, "", "m"},
		{"a symbolic link", link, false, "", "m"},
		{"a link to nothing", dangling, false, "", ""},
		{"missing", missing, false, "", ""},
		{"missing though named", missing, true, missing + ": no such file or directory", ""},
		{"of the largest size", full, false, "", "m"},
		{"too large", large, false, large + ": it has more than 1 MiB", ""},
		{"a folder", dir, false, dir + ": it is a folder, not a file", ""},
		{"below a file", good + "/x", false, good + "/x: not a directory", ""},
		{"the null device", os.DevNull, false, os.DevNull + ": it is no regular file", ""},
		{"the null device, named", os.DevNull, true, "", ""},
	}
	if os.Getuid() != 0 {
		closed := write("closed.toml", "", 0)
		tests = append(tests, tests[0])
		last := &tests[len(tests)-1]
		last.name, last.path, last.want, last.model = "closed to us", closed, closed+": permission denied", ""
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Load(tt.path, Options{Required: tt.required, Sections: known})
			if tt.want != "" {
				var e *Error
				if !errors.As(err, &e) || err.Error() != tt.want || e.Line != 0 || e.Unwrap() == nil {
					t.Fatalf("error = %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if v, ok := f.Value("", "model"); ok != (tt.model != "") || ok && v.Texts[0] != tt.model {
				t.Errorf("model = %v, %v; want %q", v.Texts, ok, tt.model)
			}
			if f.Path != tt.path {
				t.Errorf("path = %q, want %q", f.Path, tt.path)
			}
		})
	}
	if _, err := Load(missing, Options{Required: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("errors.Is(%v, fs.ErrNotExist) = false, want true", err)
	}
}

func TestSectionsAreAskedForWhenTheyAreNeeded(t *testing.T) {
	asked := 0
	options := Options{Sections: func() []Section { asked++; return known() }}
	path := filepath.Join(t.TempDir(), "c.toml")
	for _, step := range []struct {
		text string
		want int
	}{{"# nothing", 0}, {"model = 'a'\n[serve]\nport = 1", 1}} {
		if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, options); err != nil || asked != step.want {
			t.Errorf("%q: %v, asked %d times, want %d", step.text, err, asked, step.want)
		}
	}
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "unknown key") {
		t.Errorf("without sections: %v, want an unknown key", err)
	}
}

func TestSettingIsTheCommandsOwnFirst(t *testing.T) {
	f, err := load(t, "model = 'top'\ntimeout = '1m'\n[ask]\nmodel = 'own'")
	if err != nil {
		t.Fatal(err)
	}
	var none *File
	tests := []struct {
		file         *File
		command, key string
		want         string
	}{
		{f, "ask", "model", "own"},
		{f, "serve", "model", "top"},
		{f, "ask", "timeout", "1m"},
		{f, "ask", "effort", ""},
		{none, "ask", "model", ""},
	}
	for _, tt := range tests {
		v, ok := tt.file.Setting(tt.command, tt.key)
		if got := strings.Join(v.Texts, "|"); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %s = %q, %v; want %q", tt.command, tt.key, got, ok, tt.want)
		}
	}
}

func TestRefuseNamesTheText(t *testing.T) {
	f, err := load(t, "retries = 'many'\nheader = [\n 'a',\n 'b',\n]\n[model_alias]\na = 'b'\n"+
		"'eyJ0.a.b' = 'c'\n'my-token' = 'd'\n[serve]\nport = 'eyJ0'")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		section, key string
		text         int
		want         string
	}{
		{"", "retries", 0, `:1:1: retries: want it otherwise, not "many"`},
		{"", "header", 1, `:4:2: header: want it otherwise, not "b"`},
		{"", "header", 2, `:2: header: want it otherwise`},
		{"", "header", -1, `:2: header: want it otherwise`},
		{"", "model_alias", 0, `:7:1: model_alias: want it otherwise, not "a=b"`},
		{"", "model_alias", 1, `:8:1: model_alias: want it otherwise, not a secret`},
		{"", "model_alias", 2, `:9:1: model_alias: want it otherwise, not "my-token=d"`},
		{"serve", "port", 0, `:11:1: serve.port: want it otherwise, not "eyJ0"`},
	}
	for _, tt := range tests {
		v, ok := f.Value(tt.section, tt.key)
		if !ok {
			t.Fatalf("no %s", tt.key)
		}
		if got := v.Refuse(tt.text, "it otherwise").Error(); got != f.Path+tt.want {
			t.Errorf("got:  %s\nwant: %s", got, f.Path+tt.want)
		}
	}
}
