package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/codexctl/codexctl/internal/proxy"
)

// Bounds on what a caller may make the server wait for. Bodies and answers have theirs
// in internal/proxy.
const (
	headerTime     = 10 * time.Second
	idleConnection = 2 * time.Minute
	headerBytes    = 64 << 10
)

// listenAndServe serves until the context ends, then lets running answers end.
func (o *serveOptions) listenAndServe(ctx context.Context, inv *invocation, handler http.Handler, logger *slog.Logger) error {
	told := ctx.Done() // from here on a signal is an orderly end
	listeners, url, err := o.listen(ctx)
	if err != nil {
		return inv.blame("unix", err)
	}
	running, cut := context.WithCancelCause(context.Background())
	defer cut(nil)
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleConnection, MaxHeaderBytes: headerBytes,
		BaseContext: func(net.Listener) context.Context { return running },
		ErrorLog:    slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- server.Serve(l) }()
	}
	if err = o.announce(inv, url); err == nil {
		o.remarkLogin(ctx, inv)
		select {
		case <-told:
		case err = <-ended:
			err = fmt.Errorf("the server ended: %w", err)
			ended <- err
		}
	}
	o.close(server, cut, inv)
	for range listeners {
		<-ended
	}
	return err
}

// close lets running answers end, for as long as --drain says, then ends them.
func (o *serveOptions) close(server *http.Server, cut context.CancelCauseFunc, inv *invocation) {
	ctx, cancel := context.WithTimeout(context.Background(), o.drain)
	defer cancel()
	inv.talk.detail("ending; running answers have %s", o.drain)
	if server.Shutdown(ctx) == nil {
		return
	}
	cut(proxy.Ending())
	// Streams that are cut have an error to tell, which takes no time.
	last, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	if server.Shutdown(last) != nil {
		_ = server.Close()
	}
}

// remarkLogin says at the start what the first request would find out.
func (o *serveOptions) remarkLogin(ctx context.Context, inv *invocation) {
	if _, err := inv.locator().Find(ctx, inv.env.Now()); err != nil {
		told := inv.explain(err)
		inv.talk.note("codexctl: nobody is signed in yet: %s", told.Message)
		if told.Hint != nil {
			inv.talk.note("hint: %s", *told.Hint)
		}
	}
}

// listen opens what the server listens on, and says how it is reached.
func (o *serveOptions) listen(ctx context.Context) ([]net.Listener, string, error) {
	switch {
	case o.unix != "":
		l, err := listenUnix(ctx, o.unix)
		return []net.Listener{l}, "unix:" + o.unix, err
	case o.host != "" && o.host != "localhost":
		l, err := listenTCP(ctx, o.host, o.port)
		if err != nil {
			return nil, "", err
		}
		return []net.Listener{l}, baseURL(o.name(), portOf(l)), nil
	}
	first, err := listenTCP(ctx, "127.0.0.1", o.port)
	if err != nil {
		return nil, "", err
	}
	listeners := []net.Listener{first}
	// `localhost` is ::1 to many clients. A machine without IPv6 does without; a port that
	// somebody else has there would answer in our place.
	second, err := listenTCP(ctx, "::1", portOf(first))
	var busy *portError
	switch {
	case err == nil:
		listeners = append(listeners, second)
	case errors.As(err, &busy) && inUse(busy.err):
		_ = first.Close()
		return nil, "", err
	}
	return listeners, baseURL("127.0.0.1", portOf(first)), nil
}

func listenTCP(ctx context.Context, host string, port int) (net.Listener, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &portError{address: address, flag: "-p 0", err: err}
	}
	return l, nil
}

// listenUnix opens a socket that only its owner can use. A socket that nobody answers on
// was left behind and is replaced; anything else is not ours to remove.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, usagef("--unix %s: there is a file that is no socket", path)
		}
		dialer := net.Dialer{Timeout: time.Second}
		if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
			_ = conn.Close()
			return nil, &portError{address: path, flag: "--unix PATH", err: errors.New("somebody is listening there")}
		}
		_ = os.Remove(path)
	}
	var config net.ListenConfig
	l, err := withUmask(func() (net.Listener, error) { return config.Listen(ctx, "unix", path) })
	if err != nil {
		return nil, &portError{address: path, flag: "--unix PATH", err: err}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, usagef("--unix: %v", plainPathError(err))
	}
	return l, nil
}

func portOf(l net.Listener) int {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

func baseURL(host string, port int) string {
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}
