//go:build unix

package credentials

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// stranger is a user who owns nothing here.
var stranger = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}

func TestReadErrorsNameThePath(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/malformed", `{"access_token":1}`)
	write(t, dir+"/other", `{"auth_mode":"apikey"}`)
	write(t, dir+"/large", `{"access_token":"a","x":"`+strings.Repeat("x", maxStore)+`"}`)
	if err := syscall.Mkfifo(dir+"/pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		want       error
		text       string
	}{
		{"row 10: no file", "/none", fs.ErrNotExist, "/none does not exist"},
		{"no folder", "/no/such/file", fs.ErrNotExist, "/no/such/file does not exist"},
		{"malformed", "/malformed", ErrMalformed, "/malformed: field access_token is malformed: not a text"},
		{"too large", "/large", ErrMalformed, "/large is malformed: larger than 1048576 bytes"},
		{"another login", "/other", ErrOtherLogin, "/other holds no ChatGPT login (apikey)"},
		{"a folder", "", ErrUnreadable, " cannot be read: not a regular file"},
		{"a pipe", "/pipe", ErrUnreadable, "/pipe cannot be read: not a regular file"},
		{"below a file", "/malformed/x", ErrUnreadable, "/malformed/x cannot be read: not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := File{Path: dir + tt.path}.Read(t.Context())
			if !errors.Is(err, tt.want) || err.Error() != dir+tt.text {
				t.Errorf("Read error = %v, want %q, which is %v", err, dir+tt.text, tt.want)
			}
		})
	}
}

func TestReadAsAnotherUser(t *testing.T) {
	needRoot(t)
	path := openFolder(t) + "/auth.json"
	write(t, path, `{"access_token":"a"}`)
	if got := other(t, stranger, "read", path); got != "unreadable: "+path+" cannot be read: permission denied" {
		t.Errorf("another user reads: %s, want permission denied", got)
	}
}

func TestReadWaitsForAFileBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/auth.json"
		write(t, path, `{"tokens":{"acc`)
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(400 * time.Millisecond)
			write(t, path, `{"tokens":{"access_token":"a"}}`)
		}()
		c, _, err := File{Path: path}.Read(t.Context())
		<-done
		if err != nil || c.AccessToken.Reveal() != "a" {
			t.Errorf("Read = %q, %v, want a", c.AccessToken.Reveal(), err)
		}
	})
}

func TestReadGivesUpOnAFileThatStaysTorn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/auth.json"
		write(t, path, "")
		start := time.Now()
		_, _, err := File{Path: path}.Read(t.Context())
		if took := time.Since(start); !errors.Is(err, ErrMalformed) || took != 500*time.Millisecond {
			t.Errorf("Read error = %v after %v, want %v after 500ms", err, took, ErrMalformed)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := (File{Path: path}).Read(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Read error = %v, want %v", err, context.Canceled)
		}
	})
}

// rulings.md, Renewing: only the official client writes in place.
func TestReadWaitsForNobodyButTheOfficialClient(t *testing.T) {
	for format, want := range map[Format]time.Duration{
		LangChain: 0, Flat: 0, Codex: 500 * time.Millisecond, "": 500 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			path := t.TempDir() + "/auth.json"
			write(t, path, `{"access_token": "a`)
			start := time.Now()
			_, _, err := File{Path: path, Format: format}.Read(t.Context())
			if took := time.Since(start); !errors.Is(err, ErrMalformed) || took != want {
				t.Errorf("form %q: Read error = %v after %v, want %v after %v", format, err, took, ErrMalformed, want)
			}
		})
	}
}

func TestReadOfAGoodStoreLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/auth.json", `{"access_token":"a"}`)
	if _, _, err := (File{Path: dir + "/auth.json"}).Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "folder", []string{"auth.json"}, entries(t, dir))
}

func TestStampSeesEveryWrite(t *testing.T) {
	path := t.TempDir() + "/auth.json"
	f := File{Path: path}
	if f.Stamp().Same(f.Stamp()) {
		t.Errorf("two stamps of no file are the same, want not")
	}
	write(t, path, "{}")
	before := f.Stamp()
	if !before.Same(f.Stamp()) {
		t.Errorf("stamps of an untouched file differ, want same")
	}
	write(t, path, "{ }")
	if before.Same(f.Stamp()) {
		t.Errorf("stamps before and after a write are the same, want not")
	}
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/real", "{}")
	if err := os.Symlink("real", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := (File{Path: dir + "/link"}).Remove(); err != nil {
			t.Errorf("Remove error = %v, want none", err)
		}
	}
	diff(t, "folder", []string{"link"}, entries(t, dir))
	loop := t.TempDir() + "/loop"
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if err := (File{Path: loop}).Remove(); !errors.Is(err, ErrNotWritable) {
		t.Errorf("Remove of a loop: error = %v, want %v", err, ErrNotWritable)
	}
}

func TestExposures(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/tree/sub/auth.json"
	write(t, path, "{}")
	diff(t, "private store", []Exposure(nil), File{Path: path}.Exposures())
	diff(t, "no store", []Exposure(nil), File{Path: dir + "/none"}.Exposures())
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/tree/.git", "gitdir: elsewhere")
	want := []Exposure{{Path: path, Mode: 0o640}, {Path: path, WorkTree: dir + "/tree"}}
	diff(t, "open store in a work tree", want, File{Path: path}.Exposures())
	if err := os.Symlink(path, dir+"/link"); err != nil {
		t.Fatal(err)
	}
	got := File{Path: dir + "/link"}.Exposures()
	if len(got) != 2 || got[1].WorkTree != dir+"/tree" {
		t.Errorf("symlink into a work tree: %v, want it seen", got)
	}
	diff(t, "text", path+" is open to others (mode -rw-r-----)", want[0].String())
	diff(t, "text", path+" lies inside the git work tree "+dir+"/tree", want[1].String())
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to become another user")
	}
}

// openFolder is a folder that other users can enter but not write.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "credentials")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(dir)
}
