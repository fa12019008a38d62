package cli

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// documents is a line for each kind of document, and the document that it has on success.
// What stands behind a command's name is what chooses among several.
func documents() map[string]any {
	return map[string]any{
		"ask":                       askResult{},
		"ask --count":               countDocument{},
		"ask --dry-run":             dryRunDocument{},
		"auth export":               envelope{}, // the login in a form of others
		"auth import":               importDocument{},
		"auth info":                 infoDocument{},
		"auth info --token -":       tokenDocument{},
		"auth login":                statusDocument{},
		"auth login-device":         statusDocument{},
		"auth login-device --start": codeDocument{},
		"auth logout":               logoutDocument{},
		"auth refresh":              refreshDocument{},
		"auth status":               statusDocument{},
		"auth token":                secretDocument{},
		"batch":                     batchResult{},
		"completion":                completionDocument{},
		"config path":               configPathDocument{},
		"config show":               configShowDocument{},
		"doctor":                    doctorDocument{},
		"emulator exec":             envelope{}, // the output is the child's
		"emulator start":            startDocument{},
		"help":                      helpDocument{},
		"help environment":          environmentDocument{},
		"help exit-codes":           exitCodesDocument{},
		"help formatting":           topicDocument{},
		"help schemas":              topicDocument{},
		"man":                       manDocument{},
		"models":                    modelsDocument{},
		"respond":                   envelope{}, // the API's object: decision 0002
		"respond --dry-run":         dryRunDocument{},
		"serve":                     serveDocument{},
		"serve --check URL":         envelope{}, // the health is the other server's
		"sessions list":             sessionsListDocument{},
		"sessions path":             sessionsPathDocument{},
		"sessions prune":            removedDocument{},
		"sessions rm":               removedDocument{},
		"sessions show":             sessionsShowDocument{},
		"usage":                     quotaDocument{},
		"version":                   versionDocument{},
	}
}

// rulings, JSON documents: every document of every command has all its fields, on success
// and on a failure before anything was known; what is not known is null, and a list empty.
// A line that cannot be read fails before everything.
func TestFailuresHaveTheWholeDocument(t *testing.T) {
	table := documents()
	for _, path := range commandPaths() {
		c, _ := commands().find(path)
		if _, ok := table[strings.Join(path, " ")]; !ok && c.setup != nil {
			t.Errorf("the table has no document for %q", path)
		}
	}
	p := newProgram(t)
	for text, document := range table {
		words := append(strings.Fields(text), "--json", "--no-such-flag")
		if code := p.run(words...); code != exitUsage {
			t.Errorf("%q: exit %d, want %d", words, code, exitUsage)
		}
		got := gjson.ParseBytes(p.out.Bytes())
		success, err := encode(document)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fieldsOf(got), fieldsOf(gjson.ParseBytes(success)); !slices.Equal(got, want) {
			t.Errorf("%q: the fields are %q, want %q", words, got, want)
		}
		if !slices.Contains(fieldsOf(got), "error") || got.Get("error.exit_code").Int() != exitUsage {
			t.Errorf("%q: the error is %s", words, got.Get("error").Raw)
		}
		path := slices.DeleteFunc(strings.Fields(text), func(word string) bool {
			return strings.HasPrefix(word, "-") || word == "URL"
		})
		if strings.HasPrefix(text, "help ") {
			path = path[:1]
		}
		if want := strings.Join(path, " "); got.Get("type").Str != want || got.Get("schema_version").Int() != 1 {
			t.Errorf("%q: type %s and schema version %s, want %q and 1", words, got.Get("type").Raw, got.Get("schema_version").Raw, want)
		}
	}
}

// fieldsOf are the names of an object's fields, in order.
func fieldsOf(object gjson.Result) []string {
	var names []string
	object.ForEach(func(name, _ gjson.Result) bool {
		names = append(names, name.Str)
		return true
	})
	return names
}

// rulings, JSON documents: the type is the command as far as the line could be read.
func TestTypeOfALineThatCannotBeRead(t *testing.T) {
	p := newProgram(t)
	for args, want := range map[string]string{
		"--json aks hi":                     "codexctl",
		"--json --no-such-flag":             "codexctl",
		"auth --json status --no-such-flag": "auth status",
		"auth --json stauts":                "auth",
		"--json usage much":                 "usage",
		"usage --retries many --json":       "usage",
		"batch --jobs many --json":          "batch",
		"--json usage --retries":            "usage",
		"--json --no-input":                 "help",
	} {
		p.run(strings.Fields(args)...)
		if got := gjson.Get(p.out.String(), "type"); got.Str != want {
			t.Errorf("%s: the type is %s, want %q", args, got.Raw, want)
		}
	}
}

// cli.md 4: auth token and auth export leave stdout empty on failure, but for --json.
func TestNothingOnStdoutWhereAProgramWouldTakeItForTheAnswer(t *testing.T) {
	p := newProgram(t)
	for _, args := range []string{
		"auth token --no-such-flag", "auth token --format json --no-such-flag", "auth token --transform access_token --no-such-flag",
		"auth export --no-such-flag", "usage --transform plan --no-such-flag", "usage --no-such-flag",
	} {
		if code := p.run(strings.Fields(args)...); code != exitUsage || p.out.Len() > 0 {
			t.Errorf("%s: exit %d and %q on stdout", args, code, p.out.String())
		}
	}
}

// What a document holds before anything is known stays; an object keeps its fields.
func TestUnknownDocument(t *testing.T) {
	type inner struct {
		Name *string `json:"name"`
	}
	type outer struct {
		inner
		Status string   `json:"status"`
		Done   bool     `json:"done"`
		Items  []string `json:"items"`
		Raw    []byte   `json:"raw"`
		Inner  inner    `json:"inner"`
		Other  *inner   `json:"other"`
	}
	got := string(unknown(reflect.ValueOf(outer{Status: "failed"})))
	want := `{"name":null,"status":"failed","done":null,"items":[],"raw":null,"inner":{"name":null},"other":null}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
