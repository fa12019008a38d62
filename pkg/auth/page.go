package auth

import (
	"errors"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// page is what the browser shows at the end. Its texts are plain; write escapes them.
type page struct {
	status  int // HTTP
	heading string
	text    string
	detail  string // what the issuer said
	next    string // a command to type
}

// donePage is shown when the login has been stored.
func donePage() page {
	return page{
		status:  http.StatusOK,
		heading: "You are signed in",
		text:    "You can close this tab and go back to the terminal.",
	}
}

// failedPage is shown when there will be no login. Only what the issuer said is
// quoted: the terminal knows the rest, and it is nobody's business here.
func failedPage(err error, next string) page {
	p := page{
		status:  http.StatusBadRequest,
		heading: "Sign-in failed",
		text:    "You are not signed in. Close this tab and go back to the terminal; it says more.",
		next:    next,
	}
	said, denied := errors.AsType[*SignInError](err)
	answered, refused := errors.AsType[*EndpointError](err)
	switch {
	case errors.Is(err, errNotStored):
		p.status = http.StatusInternalServerError
		p.detail = "The login could not be stored."
	case denied:
		p.detail = sentence(said.Error())
	case refused:
		p.status = http.StatusBadGateway
		p.detail = answered.Error()
	default:
		p.status = http.StatusServiceUnavailable
		p.detail = "The sign-in was not completed."
	}
	return p
}

// sentence is text with a capital at its head, as a page has it.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// The parts of the page around its texts. It needs nothing from anywhere.
const (
	pageHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>`
	pageStyle = `</title>
<style>
:root { color-scheme: light dark; --ground: #f6f6f4; --card: #fff; --ink: #1c1c1a; --faint: #65655f; --line: #deded8; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #161615; --card: #20201e; --ink: #ecece6; --faint: #a3a39b; --line: #3a3a36; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 1rem; padding: 1.5rem 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.35rem; }
p { margin: .5rem 0; }
.faint { color: var(--faint); }
main > :last-child { margin-bottom: 0; }
code { padding: .1rem .35rem; border: 1px solid var(--line); border-radius: .3rem; font: .9em ui-monospace, monospace; }
</style>
</head>
<body>
<main>
`
	pageEnd = "</main>\n</body>\n</html>\n"
)

// String is the whole document.
func (p page) String() string {
	var out strings.Builder
	out.WriteString(pageHead + html.EscapeString(p.heading) + pageStyle)
	out.WriteString("<h1>" + html.EscapeString(p.heading) + "</h1>\n")
	if p.detail != "" {
		out.WriteString(`<p class="faint">` + html.EscapeString(p.detail) + "</p>\n")
	}
	out.WriteString("<p>" + html.EscapeString(p.text) + "</p>\n")
	if p.next != "" {
		out.WriteString("<p>To try again: <code>" + html.EscapeString(p.next) + "</code></p>\n")
	}
	out.WriteString(pageEnd)
	return out.String()
}

func (p page) write(w http.ResponseWriter) {
	writeBody(w, p.status, "text/html; charset=utf-8", p.String())
}

// writePlain answers what is not the end of the sign-in.
func writePlain(w http.ResponseWriter, status int, text string) {
	writeBody(w, status, "text/plain; charset=utf-8", text+"\n")
}

func writeBody(w http.ResponseWriter, status int, contentType, body string) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Connection", "close")
	w.WriteHeader(status)
	// A browser that has gone away needs no page.
	_, _ = io.WriteString(w, body)
}
