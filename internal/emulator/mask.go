package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"
)

// masked stands in the journal where a secret stood.
const masked = "***"

// masker removes secrets from what the journal keeps.
type masker struct {
	bearer string // the token of this very request; masked wherever it turns up
}

// secretName reports whether a header, field or parameter of this name holds a
// secret. A PKCE challenge is none, and a user code is worth nothing without the
// person who types it.
func secretName(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	switch name {
	case "authorization", "proxy_authorization", "cookie", "token", "code", "authorization_code", "password",
		"code_verifier", "device_auth_id", "api_key", "x_api_key", "state":
		return true
	}
	return strings.HasSuffix(name, "_token") || strings.HasSuffix(name, "_secret")
}

// header copies the request's headers. Of a bearer token the scheme stays, so
// that a test can see that there was one.
func (m masker) header(r *http.Request) http.Header {
	kept := make(http.Header, len(r.Header)+1)
	kept.Set("Host", r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			switch {
			case !secretName(name):
				value = m.text(value)
			case strings.HasPrefix(value, "Bearer "):
				value = "Bearer " + masked
			default:
				value = masked
			}
			kept[name] = append(kept[name], value)
		}
	}
	return kept
}

// body renders a JSON or form body as masked JSON. What cannot be read is
// dropped: nobody can say where its secrets are.
func (m masker) body(contentType string, body []byte) json.RawMessage {
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		fields := make(map[string]string, len(form))
		for name := range form {
			fields[name] = m.field(name, form.Get(name))
		}
		return encode(fields)
	}
	if !json.Valid(body) {
		return nil
	}
	var buf bytes.Buffer
	m.value(&buf, "", gjson.ParseBytes(body))
	return buf.Bytes()
}

// value writes v, which stood under the given field name, without its secrets and
// otherwise in its own order.
func (m masker) value(buf *bytes.Buffer, name string, v gjson.Result) {
	switch {
	case v.IsObject():
		separator := byte('{')
		v.ForEach(func(key, field gjson.Result) bool {
			buf.WriteByte(separator)
			separator = ','
			buf.Write(encode(m.text(key.String())))
			buf.WriteByte(':')
			m.value(buf, key.String(), field)
			return true
		})
		if separator == '{' {
			buf.WriteByte('{')
		}
		buf.WriteByte('}')
	case v.IsArray():
		separator := byte('[')
		v.ForEach(func(_, element gjson.Result) bool {
			buf.WriteByte(separator)
			separator = ','
			m.value(buf, name, element)
			return true
		})
		if separator == '[' {
			buf.WriteByte('[')
		}
		buf.WriteByte(']')
	case v.Type == gjson.String:
		buf.Write(encode(m.field(name, v.String())))
	default:
		buf.WriteString(v.Raw)
	}
}

// form masks a query string; one that cannot be read is masked whole.
func (m masker) form(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return masked
	}
	for name, list := range values {
		for i := range list {
			list[i] = m.field(name, list[i])
		}
	}
	return values.Encode()
}

// field masks a value by the name it stands under, then by its look.
func (m masker) field(name, value string) string {
	if secretName(name) && value != "" {
		return masked
	}
	return m.text(value)
}

// text masks the request's own bearer and every word that looks like a token: a
// JWT, or one of the issuer's opaque tokens.
func (m masker) text(s string) string {
	if m.bearer != "" {
		s = strings.ReplaceAll(s, m.bearer, masked)
	}
	for _, prefix := range []string{"eyJ", refreshPrefix} {
		s = maskWords(s, prefix)
	}
	return s
}

// maskWords replaces each run of token characters that begins with prefix and is
// long enough to be a token, not a word of prose.
func maskWords(s, prefix string) string {
	const shortest = 20
	var out strings.Builder
	for {
		at := strings.Index(s, prefix)
		if at < 0 {
			break
		}
		end := at
		for end < len(s) && tokenByte(s[end]) {
			end++
		}
		out.WriteString(s[:at])
		if end-at >= shortest {
			out.WriteString(masked)
		} else {
			out.WriteString(s[at:end])
		}
		s = s[end:]
	}
	out.WriteString(s)
	return out.String()
}

// tokenByte reports whether c occurs in tokens: base64url and the dots of a JWT.
func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}
