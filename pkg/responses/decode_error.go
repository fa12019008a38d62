package responses

import (
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

const (
	errorBodyLimit = 64 << 10
	messageLimit   = 500
)

// readError turns an answer outside 2xx into an *APIError. It reads the body, up to
// 64 KiB of it.
func readError(resp *http.Response, now time.Time) *APIError {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, errorBodyLimit))
	e := &APIError{
		Status:     resp.StatusCode,
		Header:     resp.Header,
		RequestID:  requestID(resp.Header),
		RayID:      plain(resp.Header.Get("Cf-Ray")),
		RetryAfter: retryAfter(resp.Header, now),
	}
	switch {
	case e.Status >= 300 && e.Status < 400:
		e.Location = locationHost(resp)
	case isHTML(resp.Header, body):
		e.HTML = true
	default:
		e.fill(body)
	}
	if e.ResetsAt.IsZero() && e.kind() == ErrQuota {
		e.ResetsAt = ReadRateLimits(resp.Header).exhaustedUntil()
	}
	return e
}

// fill reads either of the two envelopes, {"detail": …} and {"error": {…}}. A body
// that is neither is quoted.
//
// Source: fact E-1 in docs/protocol.md.
func (e *APIError) fill(body []byte) {
	switch detail, object := gjson.GetBytes(body, "detail"), gjson.GetBytes(body, "error"); {
	case !gjson.ValidBytes(body):
		e.Message = plain(string(body))
	case object.IsObject():
		e.fillObject(object)
	case object.Type == gjson.String:
		e.Code = plain(object.Str)
		e.Message = plain(gjson.GetBytes(body, "error_description").Str)
	case detail.IsObject():
		e.fillObject(detail)
	case detail.IsArray():
		e.Message = validationText(detail)
	case detail.Exists():
		e.Message = plain(detail.String())
		if name, ok := strings.CutPrefix(e.Message, "Unsupported parameter: "); ok {
			e.Param = name
		}
	default:
		e.fillObject(gjson.ParseBytes(body))
	}
}

func (e *APIError) fillObject(o gjson.Result) {
	if o.Type == gjson.Null {
		return
	}
	e.Code = plain(o.Get("code").String())
	e.Type = plain(o.Get("type").String())
	e.Param = plain(o.Get("param").String())
	e.Plan = plain(o.Get("plan_type").String())
	e.Message = plain(o.Get("message").String())
	if e.Message == "" && e.Code == "" {
		e.Message = plain(o.Raw)
	}
	if at := o.Get("resets_at"); at.Type == gjson.Number {
		e.ResetsAt = unixSeconds(at.Num)
	}
	if e.RetryAfter == 0 {
		e.RetryAfter = tryAgainIn(e.Message)
	}
}

// validationText joins the messages of a list of validation errors, such as
// [{"loc":["query","client_version"],"msg":"Field required"}].
func validationText(list gjson.Result) string {
	var all []string
	for _, fault := range list.Array() {
		var where []string
		for _, part := range fault.Get("loc").Array() {
			where = append(where, part.String())
		}
		all = append(all, strings.Join(where, ".")+": "+fault.Get("msg").String())
	}
	return plain(strings.Join(all, "; "))
}

func isHTML(h http.Header, body []byte) bool {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && kind == "text/html" {
		return true
	}
	head := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 64)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// pageError is an answer in 2xx that is a page of the edge network.
func pageError(resp *http.Response) *APIError {
	return &APIError{
		Status: resp.StatusCode, HTML: true,
		RequestID: requestID(resp.Header), RayID: plain(resp.Header.Get("Cf-Ray")),
	}
}

func locationHost(resp *http.Response) string {
	at, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return "an unreadable address"
	}
	if at.Host == "" && resp.Request != nil {
		return resp.Request.URL.Host
	}
	return plain(at.Host)
}

func requestID(h http.Header) string {
	if id := h.Get("X-Request-Id"); id != "" {
		return plain(id)
	}
	return plain(h.Get("X-Oai-Request-Id"))
}

// retryAfter reads Retry-After, which is whole seconds or a date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return wait(seconds)
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// tryAgainIn reads the delay that a rate limit inside a stream has in its text,
// "try again in 1.5s" (fact E-3).
func tryAgainIn(message string) time.Duration {
	if !strings.Contains(strings.ToLower(message), "try again in") {
		return 0
	}
	// Compiled here, not at start-up: this is the failure path.
	m := regexp.MustCompile(`(?i)try again in\s*(\d+(?:\.\d+)?)\s*(ms|s)`).FindStringSubmatch(message)
	if m == nil {
		return 0
	}
	amount, _ := strconv.ParseFloat(m[1], 64)
	if strings.EqualFold(m[2], "ms") {
		amount /= 1000
	}
	return wait(amount)
}

// wait is a number of seconds as a duration, within reason.
func wait(seconds float64) time.Duration {
	const most = 365 * 24 * 60 * 60
	if math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, most) * float64(time.Second))
}

// unixSeconds is an instant; zero for a number that is none of the years 1970 to 9999.
func unixSeconds(s float64) time.Time {
	const most = 253_402_300_799
	if !(s > 0 && s <= most) {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

// plain makes text of the backend fit for one line: no control characters, and not
// beyond 500 bytes.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= messageLimit {
		return s
	}
	cut := messageLimit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
