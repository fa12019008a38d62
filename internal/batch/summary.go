package batch

import "time"

// Tokens is what answers have cost.
type Tokens struct {
	// Input is the tokens sent, of them Cached from the cache; Output is the tokens
	// answered, of them Reasoning unseen.
	Input, Cached, Output, Reasoning int64
}

func (t *Tokens) add(u Tokens) {
	t.Input += u.Input
	t.Cached += u.Cached
	t.Output += u.Output
	t.Reasoning += u.Reasoning
}

// Summary is how far a run has come. Total is the sum of Completed, Failed, Skipped
// and NotAttempted.
type Summary struct {
	// Total is the number of items in the input.
	Total int

	// Completed is how many items have been answered by this run.
	Completed int

	// Failed is how many have a record that says why there is no whole answer.
	Failed int

	// FailedBy counts the failed ones by their code. It is not changed later.
	FailedBy map[string]int

	// Skipped is how many were answered by an earlier run.
	Skipped int

	// NotAttempted is how many have no record: not begun, under way, or broken off.
	NotAttempted int

	// Running is how many are under way, or are waiting for their turn at the gate.
	Running int

	// Foreign is how many answers of an earlier run are to no item of the input.
	Foreign int

	// Started is when the run began, Elapsed how long ago that was.
	Started time.Time
	Elapsed time.Duration

	// Work is the time spent on all items together, Longest on one of them; waiting
	// for the first turn at the gate is not part of it.
	Work, Longest time.Duration

	// Tokens is what the answers of this run have cost.
	Tokens Tokens
}
