package credentials

import (
	"os"
	"path/filepath"
)

// Exposure is a way in which a store may give its login away.
type Exposure struct {
	// Path is the store.
	Path string

	// Mode is the store's permissions if others than its owner have any, else 0.
	Mode os.FileMode

	// WorkTree is the git work tree that the store lies in, if any.
	WorkTree string
}

// String says what is wrong with the store.
func (e Exposure) String() string {
	if e.WorkTree != "" {
		return e.Path + " lies inside the git work tree " + e.WorkTree
	}
	return e.Path + " is open to others (mode " + e.Mode.String() + ")"
}

// Exposures returns what a careful owner should change about an existing store: it
// is open to the group or to everybody, or lies where git might pick it up.
func (f File) Exposures() []Exposure {
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil
	}
	var out []Exposure
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		out = append(out, Exposure{Path: f.Path, Mode: mode})
	}
	if tree := f.workTree(); tree != "" {
		out = append(out, Exposure{Path: f.Path, WorkTree: tree})
	}
	return out
}

// workTree walks up from the store, as named and as resolved.
func (f File) workTree() string {
	starts := []string{f.Path}
	if target, err := f.target(); err == nil {
		starts = append(starts, target)
	}
	for _, start := range starts {
		dir, err := filepath.Abs(filepath.Dir(start))
		if err != nil {
			continue
		}
		for {
			if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
				return dir
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return ""
}
