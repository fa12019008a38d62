package redis

import (
	"context"
	"errors"
	"time"

	"github.com/gomodule/redigo/redis"
)

// tidyFrom is the number of names below which nothing is tidied.
const tidyFrom = 1000

// Tidy drops the names of records that are gone, if those are the greater part. How
// many names a record has is not known, so it judges by a sample. Marks vanish by
// themselves.
func (b *Backend) Tidy(ctx context.Context, _ time.Time) error {
	names, err := redis.Int(b.server.do(ctx, "HLEN", b.names()))
	if err != nil || names < tidyFrom {
		return err
	}
	records := map[string]bool{}
	err = b.Each(ctx, func(key string, _ int, _ []byte) error {
		records[key] = true
		return nil
	})
	if err != nil {
		return err
	}
	// A hash has its fields in random order, so any part is a fair sample, unless it was
	// tidied for itself: therefore all or nothing.
	sample, _, err := b.scanNames(ctx, "0")
	gone := 0
	for _, key := range sample {
		if !records[key] {
			gone++
		}
	}
	if err != nil || 2*gone <= len(sample) {
		return err
	}
	return b.dropNames(ctx, records)
}

// scanNames is some of the names with their keys, about listBatch, and where to go on;
// "0" is the beginning and the end.
func (b *Backend) scanNames(ctx context.Context, cursor string) (keys map[string]string, next string, err error) {
	reply, err := redis.Values(b.server.do(ctx, "HSCAN", b.names(), cursor, "COUNT", listBatch))
	if err != nil {
		return nil, "", err
	}
	var pairs []string
	if _, err := redis.Scan(reply, &next, &pairs); err != nil {
		return nil, "", err
	}
	keys = map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	return keys, next, nil
}

func (b *Backend) dropNames(ctx context.Context, records map[string]bool) error {
	cursor := "0"
	for {
		keys, next, err := b.scanNames(ctx, cursor)
		for name, key := range keys {
			if !records[key] {
				err = errors.Join(err, b.dropName(ctx, name, key))
			}
		}
		if err != nil || next == "0" {
			return err
		}
		cursor = next
	}
}

// dropName forgets a name unless its record has begun since.
func (b *Backend) dropName(ctx context.Context, name, key string) error {
	_, err := b.server.run(ctx, b.server.scripts.dropName, b.names(), b.record(key), name)
	return err
}
