package auth

import (
	"context"
	"fmt"
	"strconv"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// BrowserLogin signs a person in with their browser: authorization code with PKCE
// (RFC 7636), and a listener on this machine for the way back (RFC 8252, section
// 7.3). The zero value works if somebody is told the address, by Show or Open.
//
// Show, Open's result and Warn arrive on the goroutine that called
// [BrowserLogin.Login].
type BrowserLogin struct {
	// Config is whom to ask.
	Config Config

	// Ports are tried in order, on both loopback addresses; 0 is any free port. Empty
	// means [RegisteredPorts]. About another the person should be warned; see
	// [RegisteredPort].
	Ports []int

	// Originator names the calling program on the authorize page. Empty sends none,
	// which is safe: the page has refused names that it did not know.
	//
	// Source: fact B-3 in docs/protocol.md.
	Originator string

	// Show is given the address to open, once, when the listener is ready. It must
	// return. Nil shows it to nobody.
	Show func(address string)

	// Open starts a browser. It is called after Show, on a goroutine of its own, and
	// should return when the browser has started: Login waits for it only a second
	// after all else is done. Its error is reported and the sign-in goes on. Nil
	// opens nothing.
	Open func(address string) error

	// Paste brings lines that the person pastes when the browser cannot reach this
	// machine: the address of the last page, its query, or the code alone. Nil, or
	// closed, means that there are none. Nobody receives once Login has returned.
	Paste <-chan string

	// Store keeps the login; the browser is told of the success only after it has
	// returned nil. See [Keeper.Store]. Nil keeps nothing.
	Store func(credentials.Credential) error

	// Warn is told of what went wrong without stopping us: a browser that did not
	// start, a pasted text that is no answer. Nil means nobody is told.
	Warn func(error)

	// Retry is the command that the page of a failed sign-in offers. Empty means
	// none.
	Retry string
}

// Login waits for the person to sign in, until ctx ends, and returns the login that
// Store has accepted. It makes one request to the issuer for each code that comes
// back, usually one. When it returns, the port is free.
//
// The error is a [*PortError]; a [*SignInError], which is [ErrDenied],
// [ErrNoEntitlement] or [ErrSignInFailed]; for an answer of the token endpoint
// ErrSignInFailed with an [*EndpointError]; a [*RedirectError]; Store's; the
// context's cause; or the transport's. After any error nothing was stored, unless
// Store did it.
func (l *BrowserLogin) Login(ctx context.Context) (credentials.Credential, error) {
	fresh, err := l.login(ctx)
	if err != nil {
		return credentials.Credential{}, fmt.Errorf("sign in: %w", err)
	}
	return fresh, nil
}

func (l *BrowserLogin) login(ctx context.Context) (credentials.Credential, error) {
	ports := l.Ports
	if len(ports) == 0 {
		ports = RegisteredPorts()
	}
	held, err := listen(ctx, ports)
	if err != nil {
		return credentials.Credential{}, err
	}
	try := &attempt{
		BrowserLogin: l,
		callback:     newCallback(),
		verifier:     newVerifier(),
		redirect:     "http://localhost:" + strconv.Itoa(held.port) + callbackPath,
	}
	server := serve(held, try.callback)
	opened := try.present()
	fresh, err := try.wait(ctx, server.failed, opened.failed)
	if err != nil {
		try.callback.settle(failedPage(err, l.Retry))
	} else {
		try.callback.settle(donePage())
	}
	server.stop()
	opened.wait()
	return fresh, err
}
