// Package config reads the configuration file: settings by the names of flags, as
// text that a flag can parse, each with the line it stands on.
//
// The file is TOML. A key is a long flag with underscores. At the top level it counts
// for every command that has the flag, in a table named like a command for that one:
//
//	model = "gpt-5.5"
//	header = ["X-Team: blue", "X-Desk: 4"]
//
//	[model_alias]
//	"gpt-4" = "gpt-5.5"
//
//	[serve]
//	port = 8000
//
// The package does not know the flags: which keys there are is handed in. It writes
// nothing, and it holds no secrets: a key that asks for one is refused.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sizeLimit is the largest file that is read, in bytes.
const sizeLimit = 1 << 20

// File is the settings of one configuration file. A nil File has none.
type File struct {
	// Path is where the file was looked for, as it was handed in.
	Path string

	values map[setting]*Value
}

// setting is where a value stands: a key of a section.
type setting struct{ section, key string }

// Value is what the file says about one key.
type Value struct {
	// Texts are for a flag to parse, in the file's order: one for a key with a single
	// value, any number for a list, KEY=VALUE for each line of a table. None is empty.
	Texts []string

	// Boolean is true for true or false without quotes, so that a flag that takes a
	// switch or a text can tell them apart.
	Boolean bool

	// Origin is the line of the key; of a table, that of its first entry.
	Origin Origin

	name   string
	places []place // of each text
	path   string
}

// Origin is a line of a configuration file.
type Origin struct {
	// File is the file's path.
	File string

	// Line counts from 1.
	Line int
}

// String is the file's name without its folder, and the line: config.toml:12.
func (o Origin) String() string { return fmt.Sprintf("%s:%d", filepath.Base(o.File), o.Line) }

// Options are how a file is read.
type Options struct {
	// Required makes a missing file an error: the person has named it. It also lets
	// the file be something else than a regular one, such as a pipe or /dev/null.
	Required bool

	// Sections gives what may stand in the file. It is called at most once, and not at
	// all for a file that says nothing.
	Sections func() []Section
}

// Section is a table of the file: a command, or the top level.
type Section struct {
	// Name is the command as it is typed, such as "auth login", which the file calls
	// [auth.login]. Empty is the top level.
	Name string

	// Keys are what may stand in it.
	Keys []Key
}

// Key is a setting that the file may have.
type Key struct {
	// Name is the long flag with underscores.
	Name string

	// Shape is what values it takes.
	Shape Shape
}

// Shape is what values a key takes.
type Shape int

// What values a key takes.
const (
	// One is a single text, number, or true or false.
	One Shape = iota

	// Many is One, or a list of those.
	Many

	// Pairs is Many, or a table: each entry is the text KEY=VALUE.
	Pairs
)

// Load reads the file at path. One that is missing has no settings, unless it is
// required.
//
// Every error is an [*Error]: the file cannot be read, has more than 1 MiB, is not
// TOML, or has a key or a value that the options do not know. The first one counts.
func Load(path string, o Options) (*File, error) {
	f := &File{Path: path}
	data, err := read(path, o.Required)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.Required:
		return f, nil
	case err != nil:
		return nil, &Error{File: path, Reason: reason(err), Err: err}
	}
	f.values, err = parse(path, data, o.Sections)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Value is what stands under a key of a section, "" for the top level; ok is false if
// nothing does.
func (f *File) Value(section, key string) (v Value, ok bool) {
	if f == nil {
		return Value{}, false
	}
	found := f.values[setting{section, key}]
	if found == nil {
		return Value{}, false
	}
	return *found, true
}

// Setting is what the file says about a flag of a command: in the command's section,
// else at the top level.
func (f *File) Setting(command, key string) (v Value, ok bool) {
	if v, ok = f.Value(command, key); ok {
		return v, true
	}
	return f.Value("", key)
}

// Refuse is the error for a text that the flag does not take, by its index in
// v.Texts: want says what it takes, such as "a whole number".
func (v Value) Refuse(text int, want string) *Error {
	e := &Error{File: v.path, Line: v.Origin.Line, Key: v.name, Reason: "want " + want}
	if text >= 0 && text < len(v.Texts) {
		e.Line, e.Column = v.places[text].line, v.places[text].column
		e.Reason += ", not " + quote(v.Texts[text])
	}
	return e
}

var (
	errFolder  = errors.New("it is a folder, not a file")
	errSpecial = errors.New("it is no regular file")
	errLarge   = errors.New("it has more than 1 MiB")
)

// read is the content of the file. Unless a person has named it, only a regular file
// is opened: a named pipe would wait for a writer.
func read(path string, named bool) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errFolder
	case !info.Mode().IsRegular() && !named:
		return nil, errSpecial
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, sizeLimit+1))
	if err == nil && len(data) > sizeLimit {
		err = errLarge
	}
	return data, err
}

// reason is an error without the path, which [Error] names.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return err.Error()
}
