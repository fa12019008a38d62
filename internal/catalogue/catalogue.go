// Package catalogue knows which models an account has, and how they want to be asked.
//
// It keeps the list in memory and, if it is given a folder, on disk between processes.
// The file is a help and never a need: one that is missing, broken, of another program
// or on a full disk changes nothing but speed. It is read when something is asked, and
// asking what is known waits for no network.
package catalogue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// timeout bounds one look at the backend's catalogue, as in the official client.
	timeout = 5 * time.Second

	// freshFor is how long a list of another process is used without asking, as in the
	// official client (fact M-5).
	freshFor = 5 * time.Minute

	// learnedFor is how long it is remembered that a model takes the Lite form. Where
	// that has changed, every call costs a needless try until then.
	learnedFor = 7 * 24 * time.Hour
)

// ListFunc fetches the list unless it is still the one that etag names; an empty etag
// names none. It returns the list and its own etag, which may be empty, or
// notModified and nothing else.
type ListFunc func(ctx context.Context, etag string) (models []responses.Model, fresh string, notModified bool, err error)

// Key is whose list it is. Lists of different keys are kept apart.
type Key struct {
	// BaseURL is the backend's address.
	BaseURL string

	// Account is the id of the account; with an empty one nothing is kept on disk.
	Account string

	// ClientVersion is the version that the backend grades the list by (fact M-1).
	ClientVersion string
}

// Catalogue is the account's list of models, fetched when it is first needed. Its
// fields are set before the first use. It is safe for concurrent use, by several
// processes too.
type Catalogue struct {
	// List fetches the list, such as (*responses.Client).Models.
	List func(context.Context) ([]responses.Model, error)

	// ListIf fetches it only if it has changed, and is used instead of List; nil if
	// that cannot be asked.
	ListIf ListFunc

	// MaxAge is after how long the list is fetched anew. 0 is never, once it has been
	// fetched, and 5 minutes for a list that another process has fetched.
	MaxAge time.Duration

	// Now is the clock; nil is time.Now.
	Now func() time.Time

	// Folder is where the list is kept between processes, such as
	// $XDG_CACHE_HOME/codexctl. It is made when something is kept. Empty keeps nothing.
	Folder string

	// Key is whose list it is, asked on each use since a server's login may change;
	// nil keeps nothing on disk.
	Key func() Key

	mu     sync.Mutex // held for looks and for the file, never for the network
	key    Key
	loaded bool
	state
	flight *flight
}

// state is what is known under one key.
type state struct {
	models  []responses.Model
	etag    string
	fetched time.Time
	asked   bool                 // the list was fetched or confirmed by this process
	learned map[string]time.Time // the models that were seen to take the Lite form, and when
}

// flight is one question to the backend, for all who ask at the same time.
type flight struct {
	done      chan struct{}
	models    []responses.Model
	err       error
	abandoned bool // whoever led it gave up; the answer is nobody else's
}

// Models is the list. The error is List's, or the context's cause; the next call asks
// again after one. A list that is too old is better than none.
func (c *Catalogue) Models(ctx context.Context) ([]responses.Model, error) {
	held, fresh := c.held()
	if fresh {
		return held, nil
	}
	models, err := c.ask(ctx, false)
	if err != nil && len(held) > 0 {
		return held, nil
	}
	return models, err
}

// Refresh is the list as the backend gives it now, whatever is known. The error is
// List's, or the context's cause; what was known stays.
func (c *Catalogue) Refresh(ctx context.Context) ([]responses.Model, error) {
	return c.ask(ctx, true)
}

// Confirm is the list after the backend was asked whether ours is still the present one,
// however young it is. The error is that of Refresh.
func (c *Catalogue) Confirm(ctx context.Context) ([]responses.Model, error) {
	return c.ask(ctx, false)
}

// Fresh says whether Models would answer without asking.
func (c *Catalogue) Fresh() bool {
	_, fresh := c.held()
	return fresh
}

// Cached is the list without asking the backend, however old, and when it was fetched
// or confirmed; ok is false if there is none.
func (c *Catalogue) Cached() (models []responses.Model, fetched time.Time, ok bool) {
	defer c.open()()
	return c.models, c.fetched, len(c.models) > 0
}

// NeedsLite says whether a model takes the Lite form only. A catalogue that cannot
// be fetched says no.
func (c *Catalogue) NeedsLite(ctx context.Context, model string) bool {
	if c.KnownLite(model) {
		return true
	}
	models, err := c.Models(ctx)
	return err == nil && hasLite(models, model)
}

// KnownLite says what is known without asking, by a list of any age.
func (c *Catalogue) KnownLite(model string) bool {
	defer c.open()()
	return c.hasLearned(model) || hasLite(c.models, model)
}

func hasLite(models []responses.Model, model string) bool {
	return slices.ContainsFunc(models, func(m responses.Model) bool { return m.Slug == model && m.Lite })
}

// LearnedLite remembers that a model takes the Lite form, for a week.
func (c *Catalogue) LearnedLite(model string) {
	defer c.open()()
	if c.hasLearned(model) {
		return
	}
	if c.learned == nil {
		c.learned = make(map[string]time.Time)
	}
	c.learned[model] = c.now()
	c.keep()
}

func (c *Catalogue) hasLearned(model string) bool {
	at, ok := c.learned[model]
	return ok && c.within(at, learnedFor)
}

// Slugs are the names of the models that are meant to be chosen by people.
func Slugs(models []responses.Model) []string {
	var names []string
	for _, m := range models {
		if m.Listed {
			names = append(names, m.Slug)
		}
	}
	return names
}

// held is the list that is known, and whether it need not be asked for.
func (c *Catalogue) held() (models []responses.Model, fresh bool) {
	defer c.open()()
	limit := c.MaxAge
	if limit <= 0 {
		limit = freshFor
	}
	fresh = c.asked && c.MaxAge <= 0 || c.within(c.fetched, limit)
	return c.models, fresh && len(c.models) > 0
}

// ask fetches the list, or waits for somebody who does. anew asks for the whole list,
// even if ours has not changed.
func (c *Catalogue) ask(ctx context.Context, anew bool) ([]responses.Model, error) {
	for {
		f, leads := c.board()
		if leads {
			c.fly(ctx, f, anew)
			return f.models, f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if !f.abandoned {
			return f.models, f.err
		}
	}
}

func (c *Catalogue) board() (f *flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		return c.flight, false
	}
	c.flight = &flight{done: make(chan struct{}), abandoned: true}
	return c.flight, true
}

// fly asks the backend and ends the flight.
func (c *Catalogue) fly(ctx context.Context, f *flight, anew bool) {
	defer func() {
		c.mu.Lock()
		c.flight = nil
		c.mu.Unlock()
		close(f.done)
	}()
	unlock := c.open()
	key, had := c.key, c.state
	unlock()
	if anew {
		had = state{}
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	got, err := c.fetch(limited, had)
	f.models, f.err, f.abandoned = got.models, err, err != nil && ctx.Err() != nil
	if err == nil && len(got.models) > 0 {
		c.take(key, got)
	}
}

var errUnasked = errors.New("the backend says that a list which nobody has is unchanged")

// fetch asks for the list, given what is known of it.
func (c *Catalogue) fetch(ctx context.Context, had state) (state, error) {
	got := state{asked: true}
	if c.ListIf == nil {
		var err error
		got.models, err = c.List(ctx)
		got.fetched = c.now()
		return got, err
	}
	etag := had.etag
	if len(had.models) == 0 {
		etag = ""
	}
	models, fresh, notModified, err := c.ListIf(ctx, etag)
	switch {
	case err != nil:
		return state{}, err
	case notModified && etag == "":
		return state{}, errUnasked
	case notModified:
		models, fresh = had.models, etag
	}
	got.models, got.etag, got.fetched = models, fresh, c.now()
	return got, nil
}

// take remembers a list, unless the login has become another's while it was fetched.
func (c *Catalogue) take(key Key, got state) {
	defer c.open()()
	if c.key != key {
		return
	}
	got.learned = c.learned
	c.state = got
	c.keep()
}

// open locks what is known, read from disk if it is not here yet, and returns the
// unlock.
func (c *Catalogue) open() (unlock func()) {
	var key Key
	if c.Key != nil {
		key = c.Key()
	}
	c.mu.Lock()
	if c.loaded && c.key == key {
		return c.mu.Unlock
	}
	c.loaded, c.key, c.state = true, key, state{}
	if file := c.file(); file != "" {
		c.state, _ = readFile(file)
	}
	return c.mu.Unlock
}

// keep writes what is known to disk, together with what others have written there.
// Two that write at the same moment lose what one of them has learned, and no more.
func (c *Catalogue) keep() {
	file := c.file()
	if file == "" {
		return
	}
	merged := c.state
	merged.learned = make(map[string]time.Time)
	others, _ := readFile(file)
	if others.fetched.After(merged.fetched) && !others.fetched.After(c.now()) {
		merged.models, merged.etag, merged.fetched = others.models, others.etag, others.fetched
	}
	for _, learned := range []map[string]time.Time{others.learned, c.learned} {
		for model, at := range learned {
			if c.within(at, learnedFor) && at.After(merged.learned[model]) {
				merged.learned[model] = at
			}
		}
	}
	c.learned = merged.learned
	_ = writeFile(file, merged) // a cache may fail
	sweep(file, c.now())
}

// file is where the key's list is kept; empty if it is not.
func (c *Catalogue) file() string {
	if c.Folder == "" || c.key.Account == "" {
		return ""
	}
	return fileName(c.Folder, c.key)
}

// within says whether an instant is no longer ago than limit. One that lies ahead, as
// after a change of the clock, is not.
func (c *Catalogue) within(at time.Time, limit time.Duration) bool {
	age := c.now().Sub(at)
	return age >= 0 && age < limit
}

func (c *Catalogue) now() time.Time {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	return now()
}
