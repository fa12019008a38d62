package emulator

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// inMemory marks the context of a request that came through [Emulator.Transport].
type inMemory struct{}

// hostAllowed reports whether r may be served. Over a socket only loopback names
// are, so that no web page can reach the emulator by DNS rebinding; in memory
// there is no browser, and tests like to use real host names.
func hostAllowed(r *http.Request) bool {
	if r.Context().Value(inMemory{}) != nil {
		return true
	}
	return loopbackHost(r.Host)
}

// loopbackHost reports whether a host, with or without a port, is this machine by
// its name alone.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
