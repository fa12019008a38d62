package schema

import (
	"slices"
	"strconv"
	"strings"
)

// step is the way to a value: the last step to it, and the way before. The whole answer
// is nil.
type step struct {
	before *step
	name   string
	index  int // -1 for a step by name
}

func (s *step) length() int {
	n := 0
	for ; s != nil; s = s.before {
		n++
	}
	return n
}

// path spells a way as jq does.
func (s *step) path() string {
	way := make([]*step, 0, 16)
	for ; s != nil; s = s.before {
		way = append(way, s)
	}
	if len(way) == 0 {
		return "."
	}
	var b strings.Builder
	for _, s := range slices.Backward(way) {
		plain := s.index < 0 && plainName(s.name)
		if plain || b.Len() == 0 {
			b.WriteByte('.')
		}
		switch {
		case plain:
			b.WriteString(s.name)
		case s.index < 0:
			b.WriteString("[" + strconv.Quote(s.name) + "]")
		default:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
