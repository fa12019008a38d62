package emulator

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// browserPatience bounds all that a [Browser] does for one address, so that no
// test hangs.
const browserPatience = 30 * time.Second

// Browser is a person with a browser, for tests of programs that sign in: it opens
// the sign-in page and follows it back to the program. The zero value is a person
// who signs in at once; a field must not change after the first Open.
type Browser struct {
	// Issuer reaches the sign-in page. If nil, a socket does. The callback is
	// reached through a socket in any case, and never through a proxy.
	Issuer http.RoundTripper

	// StartError, if not nil, is what Open returns; it does nothing else then.
	StartError error

	// NeverVisit leaves it at opening: nobody signs in.
	NeverVisit bool

	// Preconnect opens a connection to the callback's port first, on which nothing
	// is ever sent, as browsers do. It stays open until the final page is there.
	Preconnect bool

	// TamperState changes the state on the way back.
	TamperState bool

	// VisitTwice calls the callback a second time after the first, with the same
	// address, as a person who reloads does.
	VisitTwice bool

	running sync.WaitGroup
	mu      sync.Mutex
	page    Page
	err     error
}

// Page is where a [Browser] has ended.
type Page struct {
	Status int
	Body   string
	URL    string

	// Again is the page of the second visit. It is nil if there was none, or if
	// nobody answered any more.
	Again *Page
}

// Open opens the address in the background, where [Browser.Wait] waits for it. The
// error is StartError.
func (b *Browser) Open(address string) error {
	if b.StartError != nil || b.NeverVisit {
		return b.StartError
	}
	b.running.Go(func() {
		page, err := b.visit(address)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.page, b.err = page, err
	})
	return nil
}

// Wait waits until all addresses have been visited and returns the final page of
// the one that ended last: the client's, or the issuer's if it did not send the
// browser back. The page is empty if nothing was visited. It takes 30 s at most
// for each visit; the error is that of a server that could not be reached, or of a
// redirect from the callback to anything but this machine.
func (b *Browser) Wait() (Page, error) {
	b.running.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.page, b.err
}

// visit signs in at the address and returns to the program.
func (b *Browser) visit(address string) (Page, error) {
	transport := &http.Transport{} // has no proxy and is nobody else's
	defer transport.CloseIdleConnections()
	if b.Preconnect {
		silent, err := preconnect(address)
		if err != nil {
			return Page{}, err
		}
		defer silent.Close()
	}
	issuer := http.Client{Transport: transport, Timeout: browserPatience, CheckRedirect: stayHere}
	if b.Issuer != nil {
		issuer.Transport = b.Issuer
	}
	page, callback, err := load(&issuer, address)
	if err != nil || callback == nil {
		return page, err
	}
	if !loopbackHost(callback.Host) {
		return page, &strayError{callback.Host}
	}
	if b.TamperState {
		query := callback.Query()
		query.Set("state", query.Get("state")+"tampered")
		callback.RawQuery = query.Encode()
	}
	program := http.Client{Transport: transport, Timeout: browserPatience, CheckRedirect: stayLocal}
	page, _, err = load(&program, callback.String())
	if err == nil && b.VisitTwice {
		if again, _, err := load(&program, callback.String()); err == nil {
			page.Again = &again
		}
	}
	return page, err
}

// preconnect opens a connection to the redirect that the address asks for.
func preconnect(address string) (net.Conn, error) {
	page, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("preconnect: %w", err)
	}
	callback, err := url.Parse(page.Query().Get("redirect_uri"))
	if err != nil {
		return nil, fmt.Errorf("preconnect: %w", err)
	}
	dialer := net.Dialer{Timeout: browserPatience}
	silent, err := dialer.Dial("tcp", callback.Host)
	if err != nil {
		return nil, fmt.Errorf("preconnect: %w", err)
	}
	return silent, nil
}

// load fetches a page as a browser that comes from another site. If it redirects
// and the client does not follow, the target is not nil.
func load(client *http.Client, address string) (page Page, target *url.URL, err error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return Page{}, nil, err
	}
	for name, value := range map[string]string{
		"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (emulator)",
		"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return Page{}, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Page{}, nil, fmt.Errorf("read the page: %w", err)
	}
	if location, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		target = location
	}
	return Page{Status: response.StatusCode, Body: string(body), URL: response.Request.URL.String()}, target, nil
}

// strayError is a redirect that leaves this machine.
type strayError struct{ host string }

func (e *strayError) Error() string {
	return fmt.Sprintf("redirect to %q, which is not this machine", e.host)
}

// stayHere follows no redirect.
func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// stayLocal follows redirects on this machine.
func stayLocal(request *http.Request, before []*http.Request) error {
	if !loopbackHost(request.URL.Host) {
		return &strayError{request.URL.Host}
	}
	const most = 10
	if len(before) >= most {
		return fmt.Errorf("more than %d redirects", most)
	}
	return nil
}
