// Package catalogue knows which models an account has, and how they want to be asked.
package catalogue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// timeout bounds one look at the backend's catalogue, as in the official client.
const timeout = 5 * time.Second

// Catalogue is the account's list of models, fetched when it is first needed. It is safe
// for concurrent use.
type Catalogue struct {
	// List fetches the list, such as (*responses.Client).Models.
	List func(context.Context) ([]responses.Model, error)

	// MaxAge is after how long the list is fetched anew; 0 is never.
	MaxAge time.Duration

	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu      sync.Mutex
	models  []responses.Model
	fetched time.Time
	learned []string
}

// Models is the list. The error is List's; the next call asks again after one. A list
// that is too old is better than none.
func (c *Catalogue) Models(ctx context.Context) ([]responses.Model, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	if len(c.models) > 0 && (c.MaxAge <= 0 || now().Sub(c.fetched) < c.MaxAge) {
		return c.models, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	models, err := c.List(ctx)
	switch {
	case err != nil && len(c.models) > 0:
		return c.models, nil
	case err != nil:
		return nil, err
	}
	c.models, c.fetched = models, now()
	return models, nil
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

// KnownLite says what is known without asking.
func (c *Catalogue) KnownLite(model string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.learned, model) || hasLite(c.models, model)
}

func hasLite(models []responses.Model, model string) bool {
	return slices.ContainsFunc(models, func(m responses.Model) bool { return m.Slug == model && m.Lite })
}

// LearnedLite remembers that a model takes the Lite form.
func (c *Catalogue) LearnedLite(model string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.learned, model) {
		c.learned = append(c.learned, model)
	}
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
