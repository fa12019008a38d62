package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// httpClient is the one client for backend and issuer alike: same proxy, same
// certificates, same trace.
func (inv *invocation) httpClient(ctx context.Context) (*http.Client, error) {
	transport := inv.env.Transport
	if transport == nil {
		var err error
		if transport, err = inv.network(ctx); err != nil {
			return nil, err
		}
	}
	if inv.global.debug {
		transport = &tracer{next: transport, talk: inv.talk, now: inv.env.Now}
	}
	return &http.Client{Transport: transport}, nil
}

func (inv *invocation) network(ctx context.Context) (http.RoundTripper, error) {
	g := &inv.global
	roots, err := inv.roots(ctx)
	if err != nil {
		return nil, err
	}
	proxies := inv.proxies().ProxyFunc()
	proxy := func(r *http.Request) (*url.URL, error) {
		if loopback(r.URL.Hostname()) {
			return nil, nil
		}
		return proxies(r.URL)
	}
	dialer := &net.Dialer{Timeout: g.connectTimeout, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: proxyAnswer,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    g.connectTimeout,
		ForceAttemptHTTP2:      true,
		// A server asks for many callers at a time, and a connection can come back after the
		// next request has opened one; a command closes none before its end.
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     90 * time.Second,
		// A request goes out once, and then its connection waits for the answer: what
		// does not fit is written past the buffer.
		WriteBufferSize: 2 << 10,
		// A compressed stream is held back until a block is full.
		DisableCompression: true,
	}
	return &connectLimit{transport, g.connectTimeout, proxy}, nil
}

// proxies reads the proxy variables through the Env. ALL_PROXY stands in for those
// that are not set.
func (inv *invocation) proxies() *httpproxy.Config {
	get := func(name string) string {
		if v := inv.env.Getenv(name); v != "" {
			return v
		}
		return inv.env.Getenv(strings.ToLower(name))
	}
	all := get("ALL_PROXY")
	config := &httpproxy.Config{
		HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY"),
		CGI: inv.env.Getenv("REQUEST_METHOD") != "",
	}
	if config.HTTPProxy == "" {
		config.HTTPProxy = all
	}
	if config.HTTPSProxy == "" {
		config.HTTPSProxy = all
	}
	return config
}

// roots are the certificates to trust: the system's, and those of --ca-cert. nil is
// the system's alone.
func (inv *invocation) roots(ctx context.Context) (*x509.CertPool, error) {
	path := inv.global.caCert
	if path == "" {
		return nil, nil
	}
	file, err := untilEnd(ctx, func() ([]byte, error) { return os.ReadFile(path) })
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, inv.badSetting("ca-cert", plainPathError(err))
	}
	if !hasCertificate(file) {
		return nil, inv.badSetting("ca-cert", fmt.Errorf("%s holds no certificate in PEM form", path))
	}
	if systemReads(inv.origin["ca-cert"].variable) {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(file)
	return pool, nil
}

// systemReads says whether the system's certificates are those of the file that the
// variable names. They are read when a server first shows its own, and so not at all
// without TLS; a whole bundle takes longer than a short answer.
func systemReads(variable string) bool {
	return variable == "SSL_CERT_FILE" && runtime.GOOS != "windows" && runtime.GOOS != "darwin"
}

// hasCertificate looks for one in a file in PEM form.
func hasCertificate(file []byte) bool {
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			return true
		}
	}
	return false
}

// checkURL refuses an address that a token must not be sent to in the clear.
func (inv *invocation) checkURL(flag, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return inv.badSetting(flag, errors.New("the address cannot be read"))
	case u.User != nil:
		return inv.badSetting(flag, errors.New("the address must not hold a user name or a password"))
	case u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return inv.badSetting(flag, fmt.Errorf("want an address such as https://host/path, not %q", bareURL(u)))
	case u.RawQuery != "" || u.Fragment != "":
		return inv.badSetting(flag, fmt.Errorf("the address %s://%s must not have a query or a fragment", u.Scheme, u.Host))
	case u.Scheme == "http" && !loopback(u.Hostname()) && !truthy(inv.env.Getenv("CODEXCTL_ALLOW_HTTP")):
		return inv.badSetting(flag, fmt.Errorf("plain http is for this machine only; %s is another (CODEXCTL_ALLOW_HTTP=1 allows it)", u.Host))
	}
	return nil
}

// loopback says whether a host is this machine. Names below localhost are not: they
// are looked up like any other.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
