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

// Catalogue is the account's list of models, fetched when it is first needed and
// kept for as long as the process lives. It is safe for concurrent use.
type Catalogue struct {
	// List fetches the list, such as (*responses.Client).Models.
	List func(context.Context) ([]responses.Model, error)

	mu      sync.Mutex
	models  []responses.Model
	learned []string
}

// Models is the list. The error is List's; the next call asks again after one.
func (c *Catalogue) Models(ctx context.Context) ([]responses.Model, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.models) > 0 {
		return c.models, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	models, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	c.models = models
	return models, nil
}

// NeedsLite says whether a model takes the Lite form only. A catalogue that cannot
// be fetched says no.
func (c *Catalogue) NeedsLite(ctx context.Context, model string) bool {
	c.mu.Lock()
	known := slices.Contains(c.learned, model)
	c.mu.Unlock()
	if known {
		return true
	}
	models, err := c.Models(ctx)
	return err == nil && slices.ContainsFunc(models, func(m responses.Model) bool { return m.Slug == model && m.Lite })
}

// LearnedLite remembers that a model takes the Lite form.
func (c *Catalogue) LearnedLite(model string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learned = append(c.learned, model)
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
