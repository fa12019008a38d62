package auth

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// The limits of the callback server. A browser sends the cookies of everything on
// localhost, so headers may be long.
const (
	headerTimeout    = 5 * time.Second
	readTimeout      = 10 * time.Second
	writeTimeout     = 2 * time.Minute // longer than an exchange and a wait for the store's lock
	maxCallbackBytes = 64 << 10

	// farewell is how long pages may take to leave when all is over.
	farewell = time.Second
)

// callbackServer waits for the browser to come back.
type callbackServer struct {
	server  http.Server
	held    loopback
	failed  chan error // what Serve said, one for each listener
	running sync.WaitGroup

	mu     sync.Mutex
	silent map[net.Conn]struct{} // connections that have not said anything yet
}

// serve answers on all addresses of held until stop is called.
func serve(held loopback, handler http.Handler) *callbackServer {
	s := &callbackServer{
		held:   held,
		failed: make(chan error, len(held.listeners)),
		silent: make(map[net.Conn]struct{}),
	}
	s.server = http.Server{
		Handler:                      handler,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		MaxHeaderBytes:               maxCallbackBytes,
		ConnState:                    s.track,
		ErrorLog:                     log.New(io.Discard, "", 0),
	}
	s.server.SetKeepAlivesEnabled(false)
	for _, listener := range held.listeners {
		s.running.Go(func() { s.failed <- s.server.Serve(listener) })
	}
	return s
}

// stop frees the port at once, lets the pages that are being written leave, and
// returns when nothing is running any more.
func (s *callbackServer) stop() {
	s.held.release()
	s.hangUp()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	// What cannot be closed politely is closed.
	_ = s.server.Shutdown(ctx)
	_ = s.server.Close()
	s.running.Wait()
}

// track knows the connections that browsers open in advance. They would hold up
// [http.Server.Shutdown] for seconds.
func (s *callbackServer) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.silent[conn] = struct{}{}
		return
	}
	delete(s.silent, conn)
}

func (s *callbackServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.silent {
		_ = conn.Close()
	}
}
