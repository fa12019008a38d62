package proxy

import (
	"net/http"
	"time"
)

// healthDocument tells whether the server can do its work.
type healthDocument struct {
	Status   string  `json:"status"` // pass, or fail when nobody is signed in
	Version  string  `json:"version"`
	SignedIn bool    `json:"signed_in"`
	Expires  *string `json:"token_expires_at"` // RFC 3339, UTC; null when unknown
	Message  *string `json:"message"`          // what is wrong; null when nothing is
}

// live says that the server is up, and nothing of the login: it is open to all.
func (x *exchange) live() error {
	writeJSON(x.w, http.StatusOK, encode(struct {
		Status string `json:"status"`
	}{"pass"}))
	return nil
}

// health tells the same as ready, with a status that says that the server is up.
func (x *exchange) health() error { return x.tellHealth(http.StatusOK) }

// ready says whether a request could be answered: somebody is signed in and the token
// can be used. It is 503 otherwise.
func (x *exchange) ready() error { return x.tellHealth(http.StatusServiceUnavailable) }

func (x *exchange) tellHealth(failing int) error {
	if !x.server.keyFits(x.r) {
		return x.live() // whose login it is, and where it lies, is for those with the key
	}
	status, document := http.StatusOK, healthDocument{Status: "pass", Version: x.server.config.Version, SignedIn: true}
	login, err := x.server.config.Login(x.ctx)
	switch {
	case err != nil:
		told := x.server.config.Explain(err)
		status, document.Status, document.SignedIn, document.Message = failing, "fail", false, &told.Message
	case !login.Expires.IsZero():
		at := login.Expires.UTC().Format(time.RFC3339)
		document.Expires = &at
	}
	writeJSON(x.w, status, encode(document))
	return nil
}
