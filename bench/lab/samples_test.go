package lab

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name string
		list []float64
		want float64
	}{
		{"none", nil, 0},
		{"one", []float64{3}, 3},
		{"of three the middle one, in any order", []float64{9, 1, 4}, 4},
		{"of two in the middle the greater", []float64{1, 2, 3, 100}, 3},
	}
	for _, tt := range tests {
		if got := Median(tt.list); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMedianOfLeavesTheListAsItIs(t *testing.T) {
	list := []int{3, 1, 2}
	if got := MedianOf(list, func(n int) int { return -n }); got != -2 {
		t.Errorf("got %d, want -2", got)
	}
	if list[0] != 3 || list[1] != 1 || list[2] != 2 {
		t.Errorf("the list is %v now, want 3, 1, 2", list)
	}
}

// A pause of the machine that meets both sides of one round leaves the ratio alone,
// though it is in both medians.
func TestRatioIsTakenRoundByRound(t *testing.T) {
	run := func(ms ...int) Runs {
		var runs Runs
		for _, n := range ms {
			runs = append(runs, Run{Wall: time.Duration(n) * time.Millisecond})
		}
		return runs
	}
	if got := Ratio(run(2, 20, 200), run(1, 10, 100), Wall); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if got := Ratio(run(3, 3, 9), run(1, 1), Wall); got != 3 {
		t.Errorf("a round that only one side has counts: got %v, want 3", got)
	}
	if got := Ratio(nil, run(1), Wall); got != 0 {
		t.Errorf("without rounds: got %v, want 0", got)
	}
}

func TestRunsAreToldByTheirMedians(t *testing.T) {
	runs := Runs{{Wall: 5, CPU: 30, First: 1}, {Wall: 7, CPU: 10, First: 3}, {Wall: 6, CPU: 20, First: 2}}
	if runs.Wall() != 6 || runs.CPU() != 20 || runs.First() != 2 {
		t.Errorf("got %d, %d, %d; want 6, 20, 2", runs.Wall(), runs.CPU(), runs.First())
	}
}
