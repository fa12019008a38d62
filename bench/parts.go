package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// part is a group of rows that are measured together.
type part struct {
	name    string
	measure func(context.Context, *lab.Lab) ([]row, error)
}

// parts is everything that is measured, in the order of the table.
func parts() []part {
	return []part{
		{"binary", measureBinary},
		{"start", measureStart},
		{"answer", measureAnswer},
		{"stream", measureStream},
		{"framing", measureFraming},
		{"serve", measureServe},
		{"question", measureQuestion},
		{"paced", measurePaced},
		{"allocations", measureAllocations},
		{"idle", measureIdle},
		{"endurance", measureEndurance},
		{"batch", measureBatch},
		{"session", measureSession},
		{"peers", measurePeers},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// wanted are the parts in the list of names; all for an empty list.
func wanted(list string) ([]part, error) {
	all := parts()
	if list == "" {
		return all, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: no part %q; there are %s", name, strings.Join(partNames(), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
