package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// proxyFor is the proxy on the way to an address; nil for none.
func (d *doctor) proxyFor(u *url.URL) (*url.URL, error) {
	if loopback(u.Hostname()) {
		return nil, nil
	}
	return d.inv.proxies().ProxyFunc()(u)
}

// checkProxy tries whether the proxy can be reached and lets us through.
func (d *doctor) checkProxy(ctx context.Context) diagnosis {
	if d.base == nil {
		return notTried("config")
	}
	const remedy = "correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or go around it: export NO_PROXY="
	host := d.base.Hostname()
	proxy, err := d.proxyFor(d.base)
	switch {
	case err != nil || !d.proxySound():
		return diagnosis{statusFail, "the proxy's variable holds no address", remedy + host} // the error would show it
	case proxy == nil:
		return healthy("none on the way to %s", host)
	}
	name := proxy.Scheme + "://" + proxy.Host
	if proxy.User != nil {
		name = proxy.Scheme + "://" + maskedHeader + "@" + proxy.Host
	}
	port := cmp.Or(proxy.Port(), map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme])
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), port))
	if err != nil {
		return diagnosis{statusFail, fmt.Sprintf("%s cannot be reached: %s", name, innermost(err)), remedy + host}
	}
	_ = conn.Close()
	var refused *proxyError
	if a := d.probe(); errors.As(a.err, &refused) {
		return diagnosis{statusFail, fmt.Sprintf("%s does not let us through: %v", name, refused), remedy + host}
	} else if a.status == http.StatusProxyAuthRequired {
		return diagnosis{statusFail, name + " wants a user name and a password", remedy + host}
	}
	return healthy("%s is reached", name)
}

// proxySound says whether the variable for the backend's scheme, if it is set, holds an
// address. One that does not is passed over in silence, or taken for the name of a host.
func (d *doctor) proxySound() bool {
	proxies := d.inv.proxies()
	value := proxies.HTTPSProxy
	if d.base.Scheme == "http" {
		value = proxies.HTTPProxy
	}
	if value == "" || loopback(d.base.Hostname()) {
		return true
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != ""
}
