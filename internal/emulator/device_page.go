package emulator

import (
	"html"
	"net/http"
	"net/url"
)

// serveDevicePage answers GET /codex/device: the form in which a person types the
// user code. The parameter user_code, which life does not have, fills it in.
func (x *exchange) serveDevicePage() {
	code := html.EscapeString(x.r.URL.Query().Get("user_code"))
	showPage(x.w, "Sign in on a device", `<form method="post" action="`+devicePagePath+`">
<p><label>Code shown on the device: <input name="user_code" value="`+code+`" required autofocus autocomplete="off"></label></p>
<p><button name="action" value="approve">Approve</button> <button name="action" value="deny">Deny</button></p>
</form>`)
}

// serveDeviceDecision answers POST /codex/device, a form of user_code and action,
// which is "approve" or "deny". A code that nobody waits for is 400.
func (x *exchange) serveDeviceDecision() {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		signInError("invalid_request", "The form cannot be read.").write(x.w)
		return
	}
	state, done := deviceApproved, "Device approved"
	switch form.Get("action") {
	case "approve":
	case "deny":
		state, done = deviceDenied, "Device denied"
	default:
		signInError("invalid_request", "The action must be approve or deny.").write(x.w)
		return
	}
	if !x.issuer.decide(form.Get("user_code"), state, x.now) {
		signInError("invalid_user_code", "No device waits with this code.").write(x.w)
		return
	}
	showPage(x.w, done, "<p>You can close this window.</p>")
}

// showPage sends a page of the issuer.
func showPage(w http.ResponseWriter, title, content string) {
	page(http.StatusOK, signInPage(title, content)).write(w)
}
