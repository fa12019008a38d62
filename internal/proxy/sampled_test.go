package proxy

import "testing"

// sampled are the rows of a large table that are run: all of them or, with -short, every
// fifth. So the race detector, for which -short is, sees each way of asking but not each
// case of it. A scene has four rows in outcomes, so each fifth is another form.
func sampled[T any](rows []T) []T {
	const step = 5
	if !testing.Short() {
		return rows
	}
	var some []T
	for i := 0; i < len(rows); i += step {
		some = append(some, rows[i])
	}
	return some
}
