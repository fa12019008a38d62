// Package catalogue knows which models an account has, and how they want to be asked.
//
// It keeps the list in memory and, if it is given a folder, on disk between processes.
// The file is a help and never a need: one that is missing, broken, of another program
// or on a full disk changes nothing but speed. It is read when something is asked, and
// asking what is known waits for no network.
package catalogue

import (
	"context"
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
