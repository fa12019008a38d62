package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// files are the files of a folder, by name, as they were.
type files map[string]file

type file struct {
	info fs.FileInfo
	data []byte
}

func readFiles(dir string) (files, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	all := make(files)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all[filepath.Base(path)] = file{info, data}
	}
	return all, nil
}

// onlyGrown wants each of the files to be the same one still, longer than before, with
// every byte where it was.
func (before files) onlyGrown(dir string) error {
	after, err := readFiles(dir)
	if err != nil {
		return err
	}
	for name, was := range before {
		is := after[name]
		switch {
		case is.info == nil || !os.SameFile(was.info, is.info):
			return fmt.Errorf("%s has been replaced", name)
		case !bytes.HasPrefix(is.data, was.data):
			return fmt.Errorf("%s has been written anew", name)
		case strings.HasPrefix(name, "index"): // `ask` adds no names
		case len(is.data) == len(was.data):
			return fmt.Errorf("%s has not grown", name)
		}
	}
	return nil
}

// cutBack makes the files as long as they were.
func (before files) cutBack(dir string) error {
	var errs []error
	for name, was := range before {
		errs = append(errs, os.Truncate(filepath.Join(dir, name), int64(len(was.data))))
	}
	return errors.Join(errs...)
}
