package proxy

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/rawjson"
	"github.com/codexctl/codexctl/pkg/responses"
)

// readTime is how long a caller may take to send a body.
const readTime = 60 * time.Second

// readBody reads a request's body as JSON, unpacking gzip. Nothing is looked at before
// it is known to be sound, which bounds how deeply it may be nested.
//
// The error wraps errTooLarge, errEncoding, or [responses.ErrBadRequest].
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := s.config.MaxBody
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(s.now().Add(readTime)) // a connection without deadlines waits
	packed := http.MaxBytesReader(w, r.Body, limit)
	var from io.Reader = packed
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(packed)
		if err != nil {
			return nil, bodyError(err, limit)
		}
		from = unpacked
	default:
		return nil, fmt.Errorf("%w: Content-Encoding %q; send gzip or nothing", errEncoding, encoding)
	}
	body, err := readAll(io.LimitReader(from, limit+1), r.ContentLength, limit)
	switch {
	case err != nil:
		return nil, bodyError(err, limit)
	case int64(len(body)) > limit:
		return nil, tooLarge(limit)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, fmt.Errorf("%w: the body is empty", responses.ErrBadRequest)
	case rawjson.Value(body) == nil:
		return nil, fmt.Errorf("%w: the body is not JSON", responses.ErrBadRequest)
	}
	// Not after an error: net/http then still waits for the rest of the body.
	_ = control.SetReadDeadline(time.Time{})
	return body, nil
}

// readAll is io.ReadAll into a buffer of the announced size.
func readAll(from io.Reader, size, limit int64) ([]byte, error) {
	if size < 0 || size > limit {
		return io.ReadAll(from)
	}
	var b bytes.Buffer
	b.Grow(int(min(size, 1<<20)) + bytes.MinRead)
	_, err := b.ReadFrom(from)
	return b.Bytes(), err
}

func bodyError(err error, limit int64) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(limit)
	}
	return fmt.Errorf("%w: read the body: %w", responses.ErrBadRequest, err)
}

func tooLarge(limit int64) error {
	if limit%(1<<20) != 0 {
		return fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	return fmt.Errorf("%w: more than %d MiB", errTooLarge, limit>>20)
}
