// Command reverseproxy is the least that a server in front of another costs: the
// standard library's reverse proxy, which reads the request's body before it passes
// it on, as any server must that looks into it.
//
//	reverseproxy UPSTREAM AUTHORIZATION
//
// It prints the address on which it listens.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reverseproxy:", err)
		os.Exit(1)
	}
}

func serve(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want UPSTREAM and AUTHORIZATION, not %d arguments", len(args))
	}
	upstream, err := url.Parse(args[0])
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: handler(upstream, args[1]), ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}

// handler passes every request on to upstream's own path, with the login in it. It
// flushes after every write, and keeps as many idle connections as it is asked to use.
func handler(upstream *url.URL, authorization string) http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 1024
	transport.DisableCompression = true
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.URL.Path = upstream.Scheme, upstream.Host, upstream.Path
			r.Out.Host = upstream.Host
			r.Out.Header.Set("Authorization", authorization)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "read the request", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})
}
