package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codexctl/codexctl/internal/session"
)

// find is the conversation that a word means: its id, or the beginning of one. Without a
// word it is the newest.
func (k *keptSessions) find(ctx context.Context, words []string) (session.Summary, error) {
	if len(words) > 1 {
		return session.Summary{}, usagef("want one conversation, not %d", len(words))
	}
	list, err := k.list(ctx)
	switch {
	case err != nil:
		return session.Summary{}, err
	case len(words) == 1:
		return k.match(ctx, list, words[0])
	case len(list) == 0:
		return session.Summary{}, nothingKept(k.dir)
	}
	return list[0], nil
}

// match finds a word among what is kept.
func (k *keptSessions) match(ctx context.Context, list []session.Summary, word string) (session.Summary, error) {
	var begins []session.Summary
	for _, sum := range list {
		if sum.ID == word {
			return sum, nil
		}
		if strings.HasPrefix(sum.ID, word) && word != "" {
			begins = append(begins, sum)
		}
	}
	switch len(begins) {
	case 1:
		return begins[0], nil
	case 0:
		return session.Summary{}, k.unknown(ctx, list, word)
	}
	return session.Summary{}, usagef("%q is the beginning of %d conversations, such as %s and %s", word, len(begins), begins[0].ID, begins[1].ID)
}

// exact finds a word that is an id as it stands: what is about to be removed is not
// guessed.
func (k *keptSessions) exact(ctx context.Context, list []session.Summary, word string) (session.Summary, error) {
	for _, sum := range list {
		if sum.ID == word {
			return sum, nil
		}
	}
	return session.Summary{}, k.unknown(ctx, list, word)
}

// unknown says why there is no such conversation, and which may be meant.
func (k *keptSessions) unknown(ctx context.Context, list []session.Summary, word string) error {
	err := fmt.Errorf("session %s: %w", word, session.ErrNotFound)
	if invalid := session.ValidID(word); invalid != nil {
		err = invalid
	} else if k.store != nil {
		if _, _, reason := k.store.Get(ctx, word); reason != nil {
			err = reason
		}
	}
	ids := make([]string, len(list))
	for i, sum := range list {
		ids[i] = sum.ID
	}
	if near, ok := nearestID(word, ids); ok && errors.Is(err, session.ErrNotFound) {
		return &noSessionError{err, "did you mean " + near + "? See what there is: codexctl sessions list"}
	}
	return explainMissing(word, err)
}

// nearestID is the id that somebody may mean who typed word: the only one that begins so,
// else one that is spelled much alike.
func nearestID(word string, ids []string) (string, bool) {
	var begins []string
	for _, id := range ids {
		if word != "" && strings.HasPrefix(id, word) {
			begins = append(begins, id)
		}
	}
	if len(begins) == 1 {
		return begins[0], true
	}
	return closest(word, ids)
}
