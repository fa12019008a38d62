package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Load is many equal requests over connections that stay open. It speaks as much of
// HTTP/1.1 as the measured servers do, since a whole client would take more of the
// processors than they.
type Load struct {
	// URL is where the requests go, and Body what they say.
	URL  string
	Body string

	// Connections is how many requests run at a time.
	Connections int

	// Requests is how many are made and counted in all.
	Requests int

	// Want is the body of every answer, byte for byte.
	Want []byte

	// Cold leaves out the request on each connection that does not count.
	Cold bool

	// Opened, if not nil, is called once the first byte of an answer's body has come.
	Opened func()
}

// Loaded is what a load took.
type Loaded struct {
	// Wall is the time from the first request to the last answer.
	Wall time.Duration

	latencies, firsts []time.Duration // sorted
}

// PerSecond is how many requests were answered in a second.
func (l Loaded) PerSecond() float64 { return float64(len(l.latencies)) / l.Wall.Seconds() }

// Latency is the time to the end of an answer that the part of all did not exceed.
func (l Loaded) Latency(part float64) time.Duration { return quantile(l.latencies, part) }

// First is the same of the time to the first byte of the body.
func (l Loaded) First(part float64) time.Duration { return quantile(l.firsts, part) }

func quantile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

// Run opens the connections, makes a request on each that does not count, and then the
// others, as fast as they are answered. The first wrong answer ends it.
func (l Load) Run(ctx context.Context) (Loaded, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, host, err := l.request()
	if err != nil {
		return Loaded{}, err
	}
	var opened, ended sync.WaitGroup
	start := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(l.Requests))
	parts := make([]Loaded, l.Connections)
	for i := range parts {
		opened.Add(1)
		ended.Go(func() {
			c, err := l.open(ctx, host, request)
			opened.Done()
			if err != nil {
				cancel(err)
				return
			}
			defer c.conn.Close()
			<-start
			for ctx.Err() == nil && left.Add(-1) >= 0 {
				if err := l.one(c, request, &parts[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	opened.Wait()
	begin := time.Now()
	close(start)
	ended.Wait()
	sum := Loaded{Wall: time.Since(begin)}
	for _, part := range parts {
		sum.latencies = append(sum.latencies, part.latencies...)
		sum.firsts = append(sum.firsts, part.firsts...)
	}
	slices.Sort(sum.latencies)
	slices.Sort(sum.firsts)
	return sum, context.Cause(ctx)
}

// Once is the body of one answer.
func (l Load) Once(ctx context.Context) ([]byte, error) {
	request, host, err := l.request()
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, host)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	_, _, err = c.exchange(request, nil)
	return c.body, err
}

// request is the same for all of them.
func (l Load) request() (request []byte, host string, err error) {
	address, err := url.Parse(l.URL)
	if err != nil {
		return nil, "", err
	}
	request = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		address.RequestURI(), address.Host, len(l.Body), l.Body)
	return request, address.Host, nil
}

// open is a connection that has had one answer.
func (l Load) open(ctx context.Context, host string, request []byte) (*connection, error) {
	c, err := dial(ctx, host)
	if err != nil {
		return nil, err
	}
	if l.Cold {
		return c, nil
	}
	var warm Loaded
	if err := l.one(c, request, &warm); err != nil {
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

// one makes one request and looks at its answer.
func (l Load) one(c *connection, request []byte, to *Loaded) error {
	first, whole, err := c.exchange(request, l.Opened)
	if err != nil {
		return err
	}
	if !bytes.Equal(c.body, l.Want) {
		return fmt.Errorf("%s: the answer is wrong: %s", l.URL, difference(c.body, l.Want))
	}
	to.firsts, to.latencies = append(to.firsts, first), append(to.latencies, whole)
	return nil
}

// difference shows where got leaves want.
func difference(got, want []byte) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	from := max(0, at-40)
	return fmt.Sprintf("%d bytes instead of %d; at %d got %.200q, want %.200q", len(got), len(want), at, got[from:], want[from:])
}

// connection is one that stays open.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

// answerTime bounds one answer, so that a lost one ends the measurement.
const answerTime = 2 * time.Minute

func dial(ctx context.Context, host string) (*connection, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &connection{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// exchange sends a request and reads its answer into c.body. It returns the times to
// the first byte of the body and to its end.
func (c *connection) exchange(request []byte, opened func()) (first, whole time.Duration, err error) {
	start := time.Now()
	if err := c.conn.SetDeadline(start.Add(answerTime)); err != nil {
		return 0, 0, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, 0, err
	}
	chunked, length, err := c.head()
	if err != nil {
		return 0, 0, fmt.Errorf("read an answer's head: %w", err)
	}
	if _, err := c.in.Peek(1); err != nil {
		return 0, 0, err
	}
	first = time.Since(start)
	if opened != nil {
		opened()
	}
	c.body = c.body[:0]
	if chunked {
		err = c.chunks()
	} else {
		err = c.take(length)
	}
	return first, time.Since(start), err
}

// head reads up to the body. A status other than 200 is an error.
func (c *connection) head() (chunked bool, length int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return false, 0, err
	}
	if status, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 ")); !ok || !bytes.HasPrefix(status, []byte("200 ")) {
		return false, 0, fmt.Errorf("the status is %q", line)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return false, 0, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch string(name) {
		case "":
			return chunked, length, nil
		case "Transfer-Encoding":
			chunked = true
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return false, 0, err
			}
		}
	}
}

func errChunk() error { return errors.New("a chunk does not end where it says") }

func (c *connection) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if end, err := c.in.ReadSlice('\n'); err != nil || string(end) != "\r\n" {
			return errors.Join(errChunk(), err)
		}
		if size == 0 {
			return nil
		}
	}
}

// take appends n bytes to the body.
func (c *connection) take(n int) error {
	at := len(c.body)
	c.body = slices.Grow(c.body, n)[:at+n]
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}
