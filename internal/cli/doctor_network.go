package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// skewLimit is how far the clocks may differ.
const skewLimit = time.Minute

// answered is what came back of one request without a login.
type answered struct {
	err    error
	status int
	tls    *tls.ConnectionState
	date   time.Time // the backend's clock; zero if it did not say
	middle time.Time // ours, half way through the request
}

// knock asks the backend for its head, without a login: whatever it answers, it was
// there, over TLS, and had a clock.
func (d *doctor) knock(ctx context.Context) answered {
	if d.fault != nil {
		return answered{err: d.fault}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, d.base.String(), nil)
	if err != nil {
		return answered{err: err}
	}
	req.Header.Set("User-Agent", userAgent())
	client := *d.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	start := d.inv.env.Now()
	resp, err := client.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return answered{err: err}
	}
	_ = resp.Body.Close()
	a := answered{status: resp.StatusCode, tls: resp.TLS, middle: start.Add(d.inv.env.Now().Sub(start) / 2)}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.date = date
	}
	return a
}

// notTried is a row about something that another row stands in the way of.
func notTried(other string) diagnosis {
	return diagnosis{status: statusWarning, summary: "not looked at: see " + other}
}

// checkClock compares the clock with the backend's. A login is judged by ours.
func (d *doctor) checkClock(context.Context) diagnosis {
	a := d.probe()
	switch {
	case a.err != nil:
		return notTried("backend")
	case a.date.IsZero():
		return diagnosis{status: statusWarning, summary: "not compared: the backend does not say what time it is"}
	}
	ahead := a.middle.Sub(a.date)
	switch {
	case ahead > skewLimit:
		return diagnosis{statusWarning, roughly(ahead) + " ahead of the backend's clock", setClock()}
	case ahead < -skewLimit:
		return diagnosis{statusWarning, roughly(-ahead) + " behind the backend's clock", setClock()}
	}
	return healthy("it agrees with the backend's")
}

// setClock is how to set this machine's clock.
func setClock() string {
	switch runtime.GOOS {
	case "darwin":
		return "sudo sntp -sS time.apple.com"
	case "windows":
		return "w32tm /resync"
	}
	return "sudo timedatectl set-ntp true"
}

// checkDNS looks up the names of backend and issuer, unless a proxy does.
func (d *doctor) checkDNS(ctx context.Context) diagnosis {
	if d.base == nil {
		return notTried("config")
	}
	var found []string
	for _, address := range []string{d.base.String(), cmp.Or(d.inv.global.issuer, fallbackOf("issuer"))} {
		u, err := url.Parse(address)
		if err != nil || u.Hostname() == "" || slices.Contains(found, u.Hostname()) {
			continue
		}
		host := u.Hostname()
		proxy, err := d.proxyFor(u)
		if err != nil || proxy != nil || loopback(host) || net.ParseIP(host) != nil {
			continue
		}
		if _, err := net.DefaultResolver.LookupIPAddr(ctx, host); err != nil {
			return diagnosis{statusFail, fmt.Sprintf("%s: %s", host, lookupProblem(ctx, err)), "nslookup " + host + "; check the connection, the VPN and the name servers"}
		}
		found = append(found, host)
	}
	if len(found) == 0 {
		return healthy("no name has to be looked up here")
	}
	return healthy("found: %s", strings.Join(found, ", "))
}

// lookupProblem leaves out the name server, which is the person's own.
func lookupProblem(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil {
		return cause.Error()
	}
	return innermost(err)
}

// innermost is the cause of an error, without the addresses around it.
func innermost(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err // the rest names the person's name server
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// checkBackend makes one call with the login as it is, or without if it cannot be used
// as it is.
func (d *doctor) checkBackend(ctx context.Context) diagnosis {
	if d.fault != nil {
		return notTried("config")
	}
	state := credentials.StateOf(d.login, d.loginErr, d.now)
	switch a := d.probe(); {
	case a.err != nil:
		found := d.unreached(fmt.Errorf("%w: %w", responses.ErrConnection, a.err))
		found.summary = "Failed to connect to ChatGPT backend: " + innermost(a.err)
		return found
	case d.loginErr != nil || !state.Usable():
		return diagnosis{status: statusWarning, summary: "it can be reached; without a login it was not asked for more"}
	case state == credentials.StateRefreshable:
		return healthy("it can be reached; the first call will renew the token")
	}
	client, err := d.inv.unsigned()
	if err != nil {
		return notTried("config")
	}
	source, err := d.inv.openLogin(ctx, d.client)
	if err != nil {
		return d.failing(err)
	}
	source.NoRefresh = true
	client.HTTPClient, client.Authorizer = d.client, source
	start := d.inv.env.Now()
	models, err := client.Models(ctx)
	took := d.inv.env.Now().Sub(start).Milliseconds()
	switch {
	case err != nil:
		return d.unreached(err)
	case len(models) == 0:
		return diagnosis{statusWarning, "it answers, and offers no model: the client version is too old", "declare a newer version: codexctl --client-version V doctor"}
	}
	return healthy("it accepts the login and offers %d models (%d ms)", len(models), took)
}

// unreached is a call that failed. Renewing was switched off here only, so that what the
// login needs is not to switch it on.
func (d *doctor) unreached(err error) diagnosis {
	found := d.failing(err)
	switch meaning(err).exit {
	case exitAuth:
		if d.login.CanRenew() && !errors.Is(err, responses.ErrPlan) && !errors.Is(err, responses.ErrRegion) {
			found.remedy = "codexctl auth refresh; if that fails: codexctl auth login"
		}
	case exitNetwork, exitTimeout:
		if errors.Is(err, responses.ErrConnection) || errors.Is(err, errNoResult) {
			found.remedy = hintDebug
		}
	}
	return found
}
