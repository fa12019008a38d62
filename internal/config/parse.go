package config

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// deepest is more parts than a key of ours has: what follows is not looked at.
const deepest = 8

// parser goes through the expressions of a file, in order.
//
// It sits on go-toml's own parser instead of its decoder: that one knows the line of
// every key and not only of errors, and is a third of the size. What the decoder would
// add, that nothing is defined twice, is in tables.go; a fuzzer compares the two.
type parser struct {
	path   string
	toml   unstable.Parser
	data   []byte
	lines  []int // where each line begins
	known  *sections
	ask    func() []Section
	tables tables
	values map[setting]*Value
}

// parse is the values of a file. The error is an [*Error].
func parse(path string, data []byte, ask func() []Section) (map[setting]*Value, error) {
	p := &parser{
		path: path, data: bytes.TrimPrefix(data, []byte("\ufeff")),
		ask: ask, tables: make(tables), values: make(map[setting]*Value),
	}
	if at := invalidText(p.data); at >= 0 {
		return nil, p.notTOML(at, "it is no UTF-8 text")
	}
	p.toml.Reset(p.data)
	var table []string
	for p.toml.NextExpression() {
		node := p.toml.Expression()
		var err error
		switch node.Kind {
		case unstable.Table:
			table, _ = p.key(node.Key())
			err = p.header(table, node)
		case unstable.ArrayTable:
			path, at := p.key(node.Key())
			err = p.bad(at, path, "write [%s], not [[%[1]s]]: there can be only one", dotted(path))
		default:
			err = p.keyValue(table, node)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.toml.Error(); err != nil {
		return nil, p.syntaxError(err)
	}
	return p.values, nil
}

// header notes a table and checks that it may stand there.
func (p *parser) header(path []string, node *unstable.Node) error {
	_, at := p.key(node.Key())
	if len(path) > deepest {
		return p.bad(at, path, "unknown table")
	}
	if problem := p.tables.header(path); problem != "" {
		return p.notTOML(at, problem)
	}
	return p.table(path, at)
}

// table checks that a table may stand at path.
func (p *parser) table(path []string, at int) error {
	if err := p.secret(path, at); err != nil {
		return err
	}
	if !p.sections().isTable(path) {
		return p.bad(at, path, "%s", p.sections().explain(path, true))
	}
	return nil
}

// keyValue takes the value of a key in a table.
func (p *parser) keyValue(table []string, node *unstable.Node) error {
	key, at := p.key(node.Key())
	path := append(table[:len(table):len(table)], key...)
	if len(path) > deepest {
		return p.bad(at, path, "unknown key")
	}
	if problem := p.tables.key(table, key); problem != "" {
		return p.notTOML(at, problem)
	}
	value := node.Value()
	if value.Kind != unstable.InlineTable {
		return p.value(path, at, value)
	}
	if err := p.table(path, at); err != nil {
		return err
	}
	for it := value.Children(); it.Next(); {
		if err := p.keyValue(path, it.Node()); err != nil {
			return err
		}
	}
	return nil
}

// value takes what is no table.
func (p *parser) value(path []string, at int, node *unstable.Node) error {
	found, ok := p.sections().find(path)
	name, prefix := path, ""
	if found.inTable {
		name, prefix = path[:len(path)-1], found.entry+"="
	}
	if err := p.secret(name, at); err != nil {
		return err
	}
	switch {
	case !ok:
		return p.bad(at, path, "%s", p.sections().explain(path, false))
	case found.inTable && (found.entry == "" || strings.Contains(found.entry, "=")):
		return p.bad(at, path, "want a name that is not empty and has no = in it")
	}
	v := p.values[found.setting]
	if v == nil { // else it is a table, of which this is another entry
		v = &Value{Origin: Origin{p.path, p.place(at).line}, name: dotted(name), path: p.path}
		p.values[found.setting] = v
	}
	if node.Kind != unstable.Array {
		v.Boolean = node.Kind == unstable.Bool && !found.inTable
		return p.text(v, path, at, prefix, node)
	}
	if found.inTable || found.shape == One {
		return p.bad(at, path, "want one value, not a list")
	}
	for it := node.Children(); it.Next(); {
		item := it.Node()
		start := at
		if item.Raw.Length > 0 {
			start = int(item.Raw.Offset)
		}
		if err := p.text(v, path, start, "", item); err != nil {
			return err
		}
	}
	return nil
}

// text adds a single value to v.
func (p *parser) text(v *Value, path []string, at int, prefix string, node *unstable.Node) error {
	text, problem := scalar(node)
	switch {
	case problem != "":
		return p.bad(at, path, "%s", problem)
	case text == "":
		return p.bad(at, path, "it is empty; leave the line out to do without")
	case secretText(text):
		return p.bad(at, path, "it holds a secret, and secrets do not belong into this file: set a variable of the environment")
	}
	v.Texts = append(v.Texts, prefix+text)
	v.places = append(v.places, p.place(at))
	return nil
}

// scalar is a value as text, or what is wrong with it.
func scalar(node *unstable.Node) (text, problem string) {
	switch node.Kind {
	case unstable.String:
		if bytes.IndexByte(node.Data, 0) >= 0 {
			return "", "it holds a NUL character"
		}
		return string(node.Data), ""
	case unstable.Bool:
		return string(node.Data), ""
	case unstable.Integer:
		n, err := strconv.ParseInt(string(node.Data), 0, 64)
		if err != nil {
			return "", "the number is out of range"
		}
		return strconv.FormatInt(n, 10), ""
	case unstable.Float:
		return strings.TrimPrefix(strings.ReplaceAll(string(node.Data), "_", ""), "+"), ""
	case unstable.Array, unstable.InlineTable:
		return "", "want a text, a number, true or false in the list"
	}
	return "", "want no date and no time; as a text it needs quotes"
}

// secret refuses a key that asks for a secret, wherever it stands.
func (p *parser) secret(path []string, at int) error {
	for _, name := range path {
		if secretKey(name) {
			return p.bad(at, path, "secrets do not belong into this file: sign in with codexctl auth login, or set a variable of the environment")
		}
	}
	return nil
}

// sections is what may stand in the file, asked for when it is first needed.
func (p *parser) sections() *sections {
	if p.known == nil {
		var list []Section
		if p.ask != nil {
			list = p.ask()
		}
		p.known = newSections(list)
	}
	return p.known
}

// key is the parts of a key and where it begins.
func (p *parser) key(it unstable.Iterator) (path []string, at int) {
	for it.Next() {
		if path == nil {
			at = int(it.Node().Raw.Offset)
		}
		path = append(path, string(it.Node().Data))
	}
	return path, at
}

// dotted is a key as the file spells it, to be shown.
func dotted(path []string) string {
	parts := make([]string, len(path))
	for i, name := range path {
		parts[i] = name
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == '.' || isNoToken(r) }) {
			parts[i] = strconv.Quote(name)
		}
	}
	name := strings.Join(parts, ".")
	if secretText(name) {
		return "a secret"
	}
	return short(name)
}
