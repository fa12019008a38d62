package catalogue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

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
	if !c.KnownLite("light") || c.KnownLite("plain") {
		t.Error("KnownLite does not say what the list says")
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
	if c.KnownLite("new") {
		t.Error("KnownLite before LearnedLite = true, want false")
	}
	c.LearnedLite("new")
	c.LearnedLite("new")
	if !c.KnownLite("new") {
		t.Error("KnownLite after LearnedLite = false, want true")
	}
	if !c.NeedsLite(context.Background(), "new") {
		t.Error("NeedsLite after LearnedLite = false, want true")
	}
}

func TestCatalogueGrowsOld(t *testing.T) {
	now, asked := time.Unix(0, 0), 0
	c := &Catalogue{MaxAge: time.Minute, Now: func() time.Time { return now }, List: func(context.Context) ([]responses.Model, error) {
		asked++
		if asked > 2 {
			return nil, errors.New("unreachable")
		}
		return []responses.Model{{Slug: fmt.Sprint("m", asked)}}, nil
	}}
	for _, step := range []struct {
		after time.Duration
		want  string
		asked int
	}{{0, "m1", 1}, {59 * time.Second, "m1", 1}, {time.Second, "m2", 2}, {time.Hour, "m2", 3}} {
		now = now.Add(step.after)
		models, err := c.Models(t.Context())
		if err != nil || models[0].Slug != step.want || asked != step.asked {
			t.Errorf("at %v: %v, %v after asking %d times; want %s after %d", now, models, err, asked, step.want, step.asked)
		}
	}
}
