package config

import "strconv"

// tables is what each path of a file has been defined as, so that nothing is defined
// twice. The key is the path, joined.
//
// Source: TOML 1.0, "Table" and "Inline Table".
type tables map[string]definition

type definition int

const (
	undefined definition = iota
	above                // stands in a header, with something behind it
	headed               // has a header of its own
	keyed                // stands in a dotted key, with something behind it
	valued               // has a value, which may be an inline table
)

const twice = "it is defined already"

// header notes [path] and says what is wrong with it.
func (t tables) header(path []string) string {
	for i := range path[1:] {
		switch parent := join(path[:i+1]); t[parent] {
		case undefined:
			t[parent] = above
		case valued:
			return twice
		}
	}
	switch name := join(path); t[name] {
	case undefined, above:
		t[name] = headed
		return ""
	}
	return twice
}

// key notes a key, dotted or not, in a table and says what is wrong with it.
func (t tables) key(table, key []string) string {
	path := append(table[:len(table):len(table)], key...)
	for i := len(table) + 1; i < len(path); i++ {
		switch parent := join(path[:i]); t[parent] {
		case undefined:
			t[parent] = keyed
		case keyed:
		default:
			return twice
		}
	}
	name := join(path)
	if t[name] != undefined {
		return twice
	}
	t[name] = valued
	return ""
}

// join makes one name of a path, and never the same of two.
func join(path []string) string {
	var name []byte
	for _, part := range path {
		name = strconv.AppendQuote(name, part)
	}
	return string(name)
}
