package catalogue

import (
	"context"
	"errors"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// ListFunc fetches the list unless it is still the one that etag names; an empty etag
// names none. It returns the list and its own etag, which may be empty, or
// notModified and nothing else.
type ListFunc func(ctx context.Context, etag string) (models []responses.Model, fresh string, notModified bool, err error)

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
