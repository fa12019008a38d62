package catalogue

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codexctl/codexctl/pkg/responses"
)

func TestCatalogueAsksOnceAndAgainAfterAFailure(t *testing.T) {
	asked := 0
	failing := errors.New("unreachable")
	c := &Catalogue{List: func(context.Context) ([]responses.Model, error) {
		asked++
		if asked == 1 {
			return nil, failing
		}
		return []responses.Model{{Slug: "plain", Listed: true}, {Slug: "light", Listed: true, Lite: true}, {Slug: "hidden"}}, nil
	}}
	ctx := context.Background()
	if _, err := c.Models(ctx); !errors.Is(err, failing) {
		t.Errorf("error = %v, want %v", err, failing)
	}
	models, err := c.Models(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"plain", "light"}, Slugs(models)); diff != "" {
		t.Errorf("slugs (-want +got):\n%s", diff)
	}
	for model, want := range map[string]bool{"plain": false, "light": true, "hidden": false, "unknown": false} {
		if got := c.NeedsLite(ctx, model); got != want {
			t.Errorf("NeedsLite(%q) = %v, want %v", model, got, want)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

func TestCatalogueRemembersWhatItLearned(t *testing.T) {
	c := &Catalogue{List: func(context.Context) ([]responses.Model, error) { return nil, errors.New("unreachable") }}
	if c.NeedsLite(context.Background(), "new") {
		t.Error("NeedsLite without a list = true, want false")
	}
	c.LearnedLite("new")
	if !c.NeedsLite(context.Background(), "new") {
		t.Error("NeedsLite after LearnedLite = false, want true")
	}
}
