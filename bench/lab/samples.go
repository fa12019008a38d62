package lab

import (
	"cmp"
	"slices"
	"time"
)

// Runs are the runs of one command.
type Runs []Run

// Wall is the median.
func (r Runs) Wall() time.Duration { return MedianOf(r, Wall) }

// CPU is the median.
func (r Runs) CPU() time.Duration { return MedianOf(r, CPU) }

// First is the median.
func (r Runs) First() time.Duration { return MedianOf(r, func(x Run) time.Duration { return x.First }) }

// MedianOf is the median of a figure of each element; of two in the middle the
// greater.
func MedianOf[T any, N cmp.Ordered](list []T, figure func(T) N) N {
	figures := make([]N, len(list))
	for i, x := range list {
		figures[i] = figure(x)
	}
	return Median(figures)
}

// Median sorts list and returns what stands in the middle; zero for none.
func Median[N cmp.Ordered](list []N) N {
	var zero N
	if len(list) == 0 {
		return zero
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// Ratio is the median of the ratios ours/theirs, run by run: what disturbs the
// machine for a while disturbs both.
func Ratio(ours, theirs Runs, figure func(Run) time.Duration) float64 {
	ratios := make([]float64, min(len(ours), len(theirs)))
	for i := range ratios {
		ratios[i] = float64(figure(ours[i])) / float64(max(figure(theirs[i]), 1))
	}
	return Median(ratios)
}

// Wall is for [Ratio].
func Wall(r Run) time.Duration { return r.Wall }

// CPU is for [Ratio].
func CPU(r Run) time.Duration { return r.CPU }
