package redis

import (
	"context"
	"errors"
	"time"

	"github.com/gomodule/redigo/redis"
)

// tidyFrom is the number of names below which nothing is tidied.
const tidyFrom = 1000

// Tidy drops the names of records that are gone, if those may be the greater part.
// Marks vanish by themselves.
func (b *Backend) Tidy(ctx context.Context, _ time.Time) error {
	names, err := redis.Int(b.server.do(ctx, "HLEN", b.names()))
	if err != nil || names < tidyFrom {
		return err
	}
	lines := 0
	records := map[string]bool{}
	err = b.Each(ctx, func(key string, n int, _ []byte) error {
		records[key] = true
		lines += n
		return nil
	})
	if err != nil || names <= 2*lines {
		return err
	}
	return b.dropNames(ctx, records)
}

func (b *Backend) dropNames(ctx context.Context, records map[string]bool) error {
	cursor := "0"
	for {
		reply, err := redis.Values(b.server.do(ctx, "HSCAN", b.names(), cursor, "COUNT", listBatch))
		if err != nil {
			return err
		}
		var pairs []string
		if _, err := redis.Scan(reply, &cursor, &pairs); err != nil {
			return err
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			if name, key := pairs[i], pairs[i+1]; !records[key] {
				err = errors.Join(err, b.dropName(ctx, name, key))
			}
		}
		if err != nil || cursor == "0" {
			return err
		}
	}
}

// dropName forgets a name unless its record has begun since.
func (b *Backend) dropName(ctx context.Context, name, key string) error {
	_, err := b.server.run(ctx, b.server.scripts.dropName, b.names(), b.record(key), name)
	return err
}
