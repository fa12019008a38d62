package cli

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"golang.org/x/net/http/httpguts"
)

// --set edits a body that is sent: whatever the path and the value, the body stays one
// JSON object, and a field that the path does not begin with keeps its text.
func FuzzBodyEdit(f *testing.F) {
	for _, seed := range []string{
		"a=1", "a.b.c=x", "input.0.content=[]", "input.-1=null", "a\\.b=2", "a.=1", "=1", "a", "input.7=1", "input.1.x={}", "😀.x=\"y\"", "a..b=1",
		"metadata.k=v", "input.content=1", "text.format={\"type\":", "\\=1", "a\\", "0=1", "input.99999999999999999999=1", "input.00=1", "@this=1", "a:1=1", ":1=2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, assignment string) {
		const body = `{"model":"m","input":[{"role":"user","content":"hi"}],"text":{"format":{"type":"text"}},"n":null}`
		e := &bodyEdit{body: []byte(body)}
		e.assign(assignment)
		if e.err != nil {
			return
		}
		if !gjson.ValidBytes(e.body) || !gjson.ParseBytes(e.body).IsObject() {
			t.Fatalf("%q makes %s", assignment, e.body)
		}
		path, _, _ := strings.Cut(assignment, "=")
		first := unescaped(splitPath(path)[0])
		if strings.Contains(splitPath(path)[0], `\`) {
			return // the escaped name is the library's to read
		}
		for _, name := range []string{"model", "input", "text", "n"} {
			if was, is := gjson.Get(body, name).Raw, gjson.GetBytes(e.body, name).Raw; name != first && ":"+name != first && was != is {
				t.Errorf("%q changes %s from %s to %s", assignment, name, was, is)
			}
		}
	})
}

// What is read from files and stdin becomes UTF-8 or is refused.
func FuzzDecodeText(f *testing.F) {
	for _, seed := range []string{
		"plain", "\xEF\xBB\xBFmark", "\xFF\xFEa\x00", "\xFE\xFF\x00a", "\xFF\xFE\x00\x00a\x00\x00\x00", "\x00\x00\xFE\xFF\x00\x00\x00a",
		"\xFF\xFE\x00\xD8", "\xFF\xFE\x00\xD8\x00\xDC", "\xFF", "\x00\x00\xFE\xFF\xFF\xFF\xFF\xFF", "a\x00b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := decodeText(data)
		if err == nil && !utf8.ValidString(text) {
			t.Errorf("%q becomes %q", data, text)
		}
		if err != nil && text != "" {
			t.Errorf("%q is refused and yet gives %q", data, text)
		}
		if err == nil && utf8.Valid(data) && text != strings.TrimPrefix(string(data), "\uFEFF") {
			t.Errorf("%q becomes %q", data, text)
		}
	})
}

// -H puts nothing on the wire that a header cannot hold, and no error shows a value.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		"X-A: b", "X-A:", "x-a:b\r\nX-Injected: yes", "X-A\r\n: b", ":", "", "a b: c", "Content-Length: 5", "x: \x00", "X-A: ü", "Transfer-encoding: chunked", "\tx: y", "x : y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		inv := &invocation{}
		inv.global.headers = repeated{line}
		header, err := inv.headers()
		if err != nil {
			if name, value, ok := strings.Cut(line, ":"); ok && len(strings.TrimSpace(value)) > 12 && !strings.Contains(name, strings.TrimSpace(value)) && strings.Contains(err.Error(), strings.TrimSpace(value)) {
				t.Errorf("%q: the error shows the value: %v", line, err)
			}
			return
		}
		for name, values := range header {
			if !httpguts.ValidHeaderFieldName(name) || name != http.CanonicalHeaderKey(name) {
				t.Errorf("%q sets the name %q", line, name)
			}
			for _, value := range values {
				if !httpguts.ValidHeaderFieldValue(value) || strings.ContainsAny(value, "\r\n\x00") {
					t.Errorf("%q sets the value %q", line, value)
				}
			}
		}
	})
}

// What follows --attach and what a file begins with are read without trouble, and a type is
// one that the backend takes or an error.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{
		"a.png;type=image/png", "https://x/y;type=a", "-;type=", ";type=;type=", "data:image/png;base64,xx", "\xff\xd8\xff", "%PDF-1.7", "\x00\x00\x00\x18ftypheic", "RIFF\x00\x00\x00\x00WEBP", "<svg",
	} {
		f.Add(seed, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, spec string, data []byte) {
		s := splitAttachment(spec)
		if !strings.HasPrefix(spec, s.name) || s.mime != strings.ToLower(s.mime) {
			t.Errorf("%q is taken as %+v", spec, s)
		}
		mime, err := settleType(sniff(data), s.mime)
		if err == nil && !strings.Contains(mime, "/") {
			t.Errorf("%q with %q is the type %q", spec, data, mime)
		}
		if err == nil {
			_ = checkHeader(mime, data)
		}
	})
}

// A line that is being typed is read up to the cursor.
func FuzzBashLine(f *testing.F) {
	for _, seed := range []string{"codexctl ask ", `codexctl ask --model="gp`, `codexctl 'a b' "c\" d" e\ f`, "codexctl >", "codexctl a=b:c", "codexctl $(", "\\", "codexctl 2>&1 ", "; codexctl | x "} {
		f.Add(seed, "\"'><=;|&(: \t")
	}
	f.Fuzz(func(t *testing.T, line, breaks string) {
		got := readBashLine(line, breaks)
		if len(got.words) == 0 || !strings.HasPrefix(got.words[len(got.words)-1], got.cut) {
			t.Errorf("%q is %q, cut %q", line, got.words, got.cut)
		}
	})
}
