package config

import (
	"fmt"
	"slices"
	"strings"
)

// sections is what may stand in a file.
type sections struct {
	list []Section
	keys map[string]map[string]Shape // by section
}

func newSections(list []Section) *sections {
	s := &sections{list: list, keys: map[string]map[string]Shape{"": {}}}
	for _, section := range list {
		if s.keys[section.Name] == nil {
			s.keys[section.Name] = make(map[string]Shape)
		}
		for _, key := range section.Keys {
			s.keys[section.Name][key.Name] = key.Shape
		}
	}
	return s
}

// found is the key that a path leads to.
type found struct {
	setting
	shape   Shape
	inTable bool   // the path leads to an entry of the key's table
	entry   string // its name
}

// find says which key a path leads to. A command's section goes before a key of the
// same name.
func (s *sections) find(path []string) (found, bool) {
	for n := len(path) - 1; n >= 0; n-- {
		section, sound := command(path[:n])
		keys, known := s.keys[section]
		if !known || !sound {
			continue
		}
		rest := path[n:]
		shape, known := keys[rest[0]]
		at := found{setting: setting{section, rest[0]}, shape: shape}
		switch {
		case !known:
		case len(rest) == 1:
			return at, true
		case len(rest) == 2 && shape == Pairs:
			at.inTable, at.entry = true, rest[1]
			return at, true
		}
	}
	return found{}, false
}

// isTable says whether a table may stand at a path: a section, the beginning of one,
// or a key that takes a table.
func (s *sections) isTable(path []string) bool {
	if name, sound := command(path); sound {
		for section := range s.keys {
			if section == name || strings.HasPrefix(section, name+" ") {
				return true
			}
		}
	}
	at, ok := s.find(path)
	return ok && at.shape == Pairs && !at.inTable
}

// explain says what is wrong with a path that leads nowhere: to a table, or to a key.
func (s *sections) explain(path []string, table bool) string {
	for n := 1; n <= len(path); n++ {
		at, ok := s.find(path[:n])
		switch {
		case !ok || s.isSection(path[:n]):
		case at.shape == Pairs:
			return "want one value for each entry, not a table"
		default:
			return "want one value, not a table"
		}
	}
	what, near := "key", s.nearestKey(path)
	if table {
		what, near = "table", s.nearestTable(path)
	}
	if near == "" {
		return "unknown " + what
	}
	return fmt.Sprintf("unknown %s; did you mean %s?", what, near)
}

// nearestKey is the key that was probably meant; empty if none is near. A key behind
// the last line of a table belongs to that table, so other places are looked at too.
func (s *sections) nearestKey(path []string) string {
	section, key := s.section(path), path[len(path)-1]
	for _, at := range []string{section, ""} {
		if name := closest(key, s.names(at)); name != "" {
			return spell(at, name)
		}
	}
	var all []string
	for _, other := range s.list {
		if _, there := s.keys[other.Name][fold(key)]; there {
			all = append(all, spell(other.Name, fold(key)))
		}
	}
	return strings.Join(all, " or ")
}

// nearestTable is the table that was probably meant; empty if none is near.
func (s *sections) nearestTable(path []string) string {
	var names []string
	for _, section := range s.list {
		if section.Name != "" {
			names = append(names, strings.ReplaceAll(section.Name, " ", "."))
		}
		for _, key := range section.Keys {
			if key.Shape == Pairs {
				names = append(names, strings.TrimPrefix(strings.ReplaceAll(section.Name, " ", ".")+"."+key.Name, "."))
			}
		}
	}
	if name := closest(strings.Join(path, "."), names); name != "" {
		return "[" + name + "]"
	}
	return ""
}

// section is the longest section that a path goes through.
func (s *sections) section(path []string) string {
	for n := len(path) - 1; n > 0; n-- {
		if s.isSection(path[:n]) {
			return strings.Join(path[:n], " ")
		}
	}
	return ""
}

func (s *sections) isSection(path []string) bool {
	name, sound := command(path)
	return sound && s.keys[name] != nil
}

// command is the name of the section at a path; sound is false if no command can be
// called so, such as [""] or ["auth login"].
func command(path []string) (name string, sound bool) {
	for _, word := range path {
		if word == "" || strings.Contains(word, " ") {
			return "", false
		}
	}
	return strings.Join(path, " "), true
}

// names is the keys of a section, in order.
func (s *sections) names(section string) []string {
	var names []string
	for name := range s.keys[section] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func spell(section, key string) string {
	if section == "" {
		return key + " at the top"
	}
	return key + " in [" + strings.ReplaceAll(section, " ", ".") + "]"
}

// closest is the name that a misspelled word is nearest to, if one is near.
func closest(word string, names []string) string {
	if len(word) > shown {
		return ""
	}
	word = fold(word)
	best, least := "", max(2, len(word)/3)+1
	for _, name := range names {
		if d := distance(word, fold(name)); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// distance is how many characters must be changed, added, left out or exchanged with
// their neighbour to turn a into b.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
