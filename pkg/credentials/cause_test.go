package credentials

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheCauseComesThrough waits for a store, and leaves because of something that
// only the caller knows.
func TestTheCauseComesThrough(t *testing.T) {
	own := errors.New("the caller has its own reason")
	endings := map[string]func(context.Context, time.Duration) (context.Context, context.CancelFunc){
		"a time limit": func(parent context.Context, after time.Duration) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(parent, after, own)
		},
		"a signal": func(parent context.Context, after time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(parent)
			timer := time.AfterFunc(after, func() { cancel(own) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		},
	}
	tests := []struct {
		name string
		wait func(ctx context.Context, t *testing.T, f File) error
	}{
		{"Lock", func(ctx context.Context, t *testing.T, f File) error {
			lock, err := f.Lock(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
			_, err = f.Lock(ctx, time.Minute)
			return err
		}},
		{"Read", func(ctx context.Context, t *testing.T, f File) error {
			write(t, f.Path, "")
			_, _, err := f.Read(ctx)
			return err
		}},
		{"Prepare", func(ctx context.Context, t *testing.T, f File) error {
			write(t, f.Path, "")
			_, err := f.Prepare(ctx)
			return err
		}},
		{"Commit", func(ctx context.Context, t *testing.T, f File) error {
			p, err := f.Prepare(ctx)
			if err != nil {
				t.Fatal(err)
			}
			write(t, f.Path, "")
			err = p.Commit(ctx, Credential{AccessToken: NewSecret("fresh")})
			diff(t, "store", "", read(t, f.Path))
			return err
		}},
		{"Locator.Find", func(ctx context.Context, t *testing.T, f File) error {
			write(t, f.Path, "")
			_, err := Locator{AuthFile: f.Path}.Find(ctx, time.Now())
			return err
		}},
	}
	const after = 130 * time.Millisecond
	for how, end := range endings {
		for _, tt := range tests {
			t.Run(tt.name+": "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := File{Path: t.TempDir() + "/auth.json"}
					write(t, f.Path, `{"access_token":"old","refresh_token":"r"}`)
					ctx, cancel := end(t.Context(), after)
					defer cancel()
					began := time.Now()
					err := tt.wait(ctx, t, f)
					if !errors.Is(err, own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrLockTimeout) {
						t.Errorf("error = %v, want %v alone", err, own)
					}
					if took := time.Since(began); took != after {
						t.Errorf("left after %v, want %v", took, after)
					}
				})
			})
		}
	}
}
