package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The journal keeps at most so many entries and bytes of bodies; the oldest go
// first. A longer body than bodyKept is left out of its entry.
const (
	journalEntries = 20_000
	journalBytes   = 16 << 20
	bodyKept       = 1 << 20
)

// Outcome says how an exchange ended.
type Outcome string

// The outcomes of an exchange; an entry of a running one has none.
const (
	OutcomeDone       Outcome = "done"        // answered as the scene wanted
	OutcomeAborted    Outcome = "aborted"     // the scene cut the connection
	OutcomeClientGone Outcome = "client_gone" // the client left first
)

// Entry is one request as the emulator saw it, without any secret: tokens, codes
// and keys are replaced by "***".
type Entry struct {
	// Seq numbers the requests from 1, in order of arrival.
	Seq uint64 `json:"seq"`

	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`

	// Status is the HTTP status that was answered; 0 while there is none.
	Status int `json:"status"`

	// RequestID is the backend's name for the request; empty if the answer has none.
	RequestID string `json:"request_id,omitempty"`

	// Outcome is empty while the answer is running.
	Outcome Outcome `json:"outcome,omitempty"`

	// Header holds all request headers under canonical names, Host included.
	Header http.Header `json:"header"`

	// Body is the JSON body; a form body as an object of strings. It is nil if
	// there was none, if it was neither, or if it was longer than 1 MiB.
	Body json.RawMessage `json:"body,omitempty"`

	// BodyBytes is the length of the body as it was sent.
	BodyBytes int `json:"body_bytes"`
}

// journal is a bounded list of entries. The zero value is empty and ready.
type journal struct {
	mu      sync.Mutex
	entries []*Entry
	bytes   int
}

// begin notes a request that has arrived.
func (j *journal) begin(seq uint64, now time.Time, r *http.Request, body []byte) *Entry {
	m := masker{bearer: bearer(r)}
	entry := &Entry{
		Seq:       seq,
		Time:      now.UTC(),
		Method:    r.Method,
		Path:      m.text(r.URL.Path),
		Query:     m.form(r.URL.RawQuery),
		Header:    m.header(r),
		BodyBytes: len(body),
	}
	if len(body) <= bodyKept {
		entry.Body = m.body(r.Header.Get("Content-Type"), body)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	j.bytes += len(entry.Body)
	for len(j.entries) > journalEntries || j.bytes > journalBytes {
		j.bytes -= len(j.entries[0].Body)
		j.entries[0] = nil // so that the array does not keep it alive
		j.entries = j.entries[1:]
	}
	return entry
}

// status notes the status of the answer, and the name in its header.
func (j *journal) status(entry *Entry, status int, header http.Header) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.Status = status
	if id := header[requestIDHeader]; len(id) > 0 {
		entry.RequestID = id[0]
	}
}

// finish notes how the exchange ended.
func (j *journal) finish(entry *Entry, outcome Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.Outcome = outcome
}

// list copies the entries with one of the paths, or all if there are no paths.
func (j *journal) list(paths []string) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []*Entry
	for _, entry := range j.entries {
		if len(paths) == 0 || slices.Contains(paths, entry.Path) {
			found = append(found, entry)
		}
	}
	// Two requests at once may be noted in the other order than they were numbered. A
	// sort of pointers is a fifth of the code of one that moves whole entries.
	slices.SortFunc(found, func(a, b *Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	copies := make([]Entry, len(found))
	for i, entry := range found {
		copies[i] = *entry
	}
	return copies
}

// clear forgets the entries.
func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.bytes = nil, 0
}

// statusWriter notes the status that a handler answers.
type statusWriter struct {
	http.ResponseWriter
	journal *journal
	entry   *Entry
	wrote   bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		w.journal.status(w.entry, status, w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the flusher.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
