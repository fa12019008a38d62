package schema

// seen is which items or members of a value have been judged by rules that it fits:
// what is left is for unevaluatedItems and unevaluatedProperties. A nil one notes nothing.
//
// Source: JSON Schema 2020-12, core, section 11.
type seen struct {
	items   map[int]bool
	members map[string]bool
}

func (s *seen) item(i int) {
	if s == nil {
		return
	}
	if s.items == nil {
		s.items = map[int]bool{}
	}
	s.items[i] = true
}

func (s *seen) member(name string) {
	if s == nil {
		return
	}
	if s.members == nil {
		s.members = map[string]bool{}
	}
	s.members[name] = true
}

// add notes all that another has, and says how many steps that took.
func (s *seen) add(other *seen) int {
	if s == nil {
		return 0
	}
	for i := range other.items {
		s.item(i)
	}
	for name := range other.members {
		s.member(name)
	}
	return len(other.items) + len(other.members)
}
