//go:build unix

package credentials

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var fresh = Credential{AccessToken: NewSecret("fresh"), RefreshToken: NewSecret("r2"), AccountID: "acc", ExpiresAt: expiry}

func TestCommitModesUnderUmaskZero(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/open", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/open/auth.json", `{"access_token":"a"}`)
	if err := os.Chmod(dir+"/open/auth.json", 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir + "/new/deep/auth.json", dir + "/open/auth.json"} {
		lock, err := File{Path: path}.Lock(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		store(t, File{Path: path}, fresh)
		lock.Unlock()
	}
	got := map[string]string{}
	for _, path := range []string{"/new", "/new/deep", "/new/deep/auth.json", "/new/deep/auth.json.lock", "/open", "/open/auth.json"} {
		info, err := os.Stat(dir + path)
		if err != nil {
			t.Fatal(err)
		}
		got[path] = fmt.Sprintf("%o", info.Mode().Perm())
	}
	want := map[string]string{
		"/new": "700", "/new/deep": "700", "/new/deep/auth.json": "600", "/new/deep/auth.json.lock": "600",
		"/open": "755", "/open/auth.json": "600",
	}
	diff(t, "row 6: modes", want, got)
}

func TestCommitWritesThroughSymlinks(t *testing.T) {
	dir := t.TempDir()
	for link, to := range map[string]string{"link": "real/auth.json", "chain": "link", "dangling": "real/new.json"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir+"/real/auth.json", `{"access_token":"a","expires_at":1,"keep":1}`)
	for _, link := range []string{"chain", "dangling"} {
		store(t, File{Path: filepath.Join(dir, link)}, fresh)
		if info, err := os.Lstat(filepath.Join(dir, link)); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no symlink any more: %v, %v", link, info.Mode(), err)
		}
	}
	if got := read(t, dir+"/real/auth.json"); !strings.Contains(got, `"access_token":"fresh"`) || !strings.Contains(got, `"keep":1`) {
		t.Errorf("target holds %s, want the fresh token and keep", got)
	}
	diff(t, "folder", []string{"auth.json", "new.json"}, entries(t, dir+"/real"))
}

// What .. means behind a link is what the system says it means, so that what was read is
// what is written.
func TestCommitWritesWhatWasReadThroughDots(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/real/deep/x", "")
	write(t, dir+"/real/auth.json", `{"access_token":"a","expires_at":1,"keep":1}`)
	for link, to := range map[string]string{"folder": "real/deep", "named": "folder/../auth.json"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir + "/folder/../auth.json", dir + "/named"} {
		store(t, File{Path: path}, fresh)
		if got := read(t, dir+"/real/auth.json"); !strings.Contains(got, `"access_token":"fresh"`) || !strings.Contains(got, `"keep":1`) {
			t.Errorf("%s: the file behind it holds %s, want the fresh token and keep", path, got)
		}
		if _, err := os.Lstat(dir + "/auth.json"); err == nil {
			t.Errorf("%s: another file was written", path)
		}
		write(t, dir+"/real/auth.json", `{"access_token":"a","expires_at":1,"keep":1}`)
	}
}

func TestCommitChoosesTheFormOfANewFile(t *testing.T) {
	c := fresh
	c.AccessToken, c.IDToken, c.LastRefresh = NewSecret("fresh"), NewSecret(claimsJWT("acc", expiry)), expiry
	for format, want := range map[Format]Format{"": LangChain, LangChain: LangChain, Codex: Codex, Flat: Flat} {
		f := File{Path: t.TempDir() + "/auth.json", Format: format}
		store(t, f, c)
		if _, got, err := f.Read(t.Context()); err != nil || got != want {
			t.Errorf("new file of form %q reads as %q, %v, want %q", format, got, err, want)
		}
	}
}

func TestPrepareAsReplacesEverything(t *testing.T) {
	for _, before := range []string{`{"auth_mode":"apikey"}`, `torn`, ""} {
		f := File{Path: t.TempDir() + "/auth.json"}
		if before != "" {
			write(t, f.Path, before)
		}
		p, err := f.PrepareAs(LangChain)
		if err != nil {
			t.Fatalf("PrepareAs: %v", err)
		}
		if err := p.Commit(t.Context(), fresh); err != nil {
			t.Fatalf("Commit: %v", err)
		}
		want, _ := Encode(fresh, LangChain)
		diff(t, "store", string(want), read(t, f.Path))
	}
	if _, err := (File{Path: "/proc/version/x"}).PrepareAs(LangChain); !errors.Is(err, ErrUnreadable) {
		t.Errorf("PrepareAs below a file: error = %v, want %v", err, ErrUnreadable)
	}
}

func TestPrepareReservesRoomAndAbortGivesItBack(t *testing.T) {
	dir := t.TempDir()
	f := File{Path: dir + "/auth.json"}
	const before = `{"access_token":"a"}`
	write(t, f.Path, before)
	p, err := f.Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(p.temp.Name())
	if err != nil || info.Size() < reserve || info.Mode().Perm() != 0o600 {
		t.Errorf("reserved %v, %v, want %d bytes of mode 0600", info, err, reserve)
	}
	p.Abort()
	p.Abort()
	diff(t, "folder", []string{"auth.json"}, entries(t, dir))
	diff(t, "store", before, read(t, f.Path))
}

func TestPrepareFailsBeforeAnythingIsSpent(t *testing.T) {
	const before = `{"access_token":"a"}`
	t.Run("disk full", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir+"/auth.json", before)
		got := other(t, nil, "small disk", dir+"/auth.json")
		if want := "not writable: " + dir + "/auth.json cannot be written: file too large"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		diff(t, "folder", []string{"auth.json"}, entries(t, dir))
		diff(t, "store", before, read(t, dir+"/auth.json"))
	})
	t.Run("folder of another user", func(t *testing.T) {
		needRoot(t)
		dir := openFolder(t)
		write(t, dir+"/auth.json", before)
		if err := os.Chmod(dir+"/auth.json", 0o644); err != nil {
			t.Fatal(err)
		}
		for _, mode := range []string{"prepare", "lock"} {
			got := other(t, stranger, mode, dir+"/auth.json")
			if want := "not writable: " + dir + "/auth.json cannot be written: permission denied"; got != want {
				t.Errorf("%s: got %q, want %q", mode, got, want)
			}
		}
		if got := other(t, stranger, "read", dir+"/auth.json"); got != "ok" {
			t.Errorf("reading there: got %q, want ok", got)
		}
	})
	t.Run("folder that cannot be made", func(t *testing.T) {
		path := t.TempDir() + "/file"
		write(t, path, before)
		if _, err := (File{Path: path + "/sub/auth.json"}).Lock(t.Context(), 0); !errors.Is(err, ErrNotWritable) {
			t.Errorf("Lock error = %v, want %v", err, ErrNotWritable)
		}
	})
	t.Run("another kind of login", func(t *testing.T) {
		f := File{Path: t.TempDir() + "/auth.json"}
		write(t, f.Path, `{"auth_mode":"apikey"}`)
		if _, err := f.Prepare(t.Context()); !errors.Is(err, ErrOtherLogin) {
			t.Errorf("Prepare error = %v, want %v", err, ErrOtherLogin)
		}
	})
	t.Run("a file that is a mount point", func(t *testing.T) {
		needRoot(t)
		dir := t.TempDir()
		write(t, dir+"/real", before)
		write(t, dir+"/auth.json", "")
		mountOver(t, dir+"/real", dir+"/auth.json")
		if _, err := (File{Path: dir + "/auth.json"}).Prepare(t.Context()); !errors.Is(err, ErrNotWritable) {
			t.Errorf("Prepare error = %v, want %v", err, ErrNotWritable)
		}
	})
}

func TestCommitLeavesAStoreThatSomebodyElseWrote(t *testing.T) {
	tests := []struct {
		name, before, between string
		want                  error
	}{
		{"new tokens", `{"access_token":"a"}`, `{"access_token":"b"}`, ErrChanged},
		{"another form", `{"access_token":"a"}`, `{"tokens":{"access_token":"a"}}`, ErrChanged},
		{"signed out", `{"access_token":"a"}`, "", ErrChanged},
		{"signed in", "", `{"access_token":"b"}`, ErrChanged},
		{"only something else", `{"access_token":"a"}`, `{"access_token":"a","new":1}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			f := File{Path: dir + "/auth.json"}
			if tt.before != "" {
				write(t, f.Path, tt.before)
			}
			p, err := f.Prepare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(f.Path)
			if tt.between != "" {
				write(t, f.Path, tt.between)
			}
			if err := p.Commit(t.Context(), fresh); !errors.Is(err, tt.want) {
				t.Fatalf("Commit error = %v, want %v", err, tt.want)
			}
			after, _ := os.ReadFile(f.Path)
			if tt.want != nil {
				diff(t, "store", tt.between, string(after))
			} else if !strings.Contains(string(after), `"new":1`) || !strings.Contains(string(after), "fresh") {
				t.Errorf("store holds %s, want the fresh token and the new key", after)
			}
			if n := len(entries(t, dir)); n > 1 {
				t.Errorf("folder holds %q, want no leftovers", entries(t, dir))
			}
		})
	}
}

func TestCommitFailsWhenTheTargetCannotBeReplaced(t *testing.T) {
	dir := t.TempDir()
	f := File{Path: dir + "/sub/auth.json"}
	p, err := f.Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir + "/sub"); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(t.Context(), fresh); !errors.Is(err, ErrNotWritable) {
		t.Errorf("Commit error = %v, want %v", err, ErrNotWritable)
	}
}

func TestPrepareSweepsOldLeftovers(t *testing.T) {
	dir := t.TempDir()
	f := File{Path: dir + "/auth.json"}
	names := []string{".auth.json.OLD.tmp", ".auth.json.NEW.tmp", ".other.json.OLD.tmp"}
	for _, name := range names {
		write(t, filepath.Join(dir, name), "x")
		if strings.Contains(name, "OLD") {
			day := time.Now().Add(-24 * time.Hour)
			if err := os.Chtimes(filepath.Join(dir, name), day, day); err != nil {
				t.Fatal(err)
			}
		}
	}
	store(t, f, fresh)
	diff(t, "folder", []string{".auth.json.NEW.tmp", ".other.json.OLD.tmp", "auth.json"}, entries(t, dir))
}

func TestCommitKeepsTheOwner(t *testing.T) {
	needRoot(t)
	f := File{Path: t.TempDir() + "/auth.json"}
	write(t, f.Path, `{"access_token":"a"}`)
	if err := os.Chown(f.Path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	store(t, f, fresh)
	info, err := os.Stat(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 65534 {
		t.Errorf("owner = %d, want 65534", owner)
	}
}

func TestRescue(t *testing.T) {
	cause := errors.New("the cause")
	dir := t.TempDir() + "/state"
	err := Rescue(dir, fresh, cause)
	want, _ := Encode(fresh, LangChain)
	diff(t, "copy", string(want), read(t, err.Path))
	info, _ := os.Stat(err.Path)
	if !errors.Is(err, cause) || filepath.Dir(err.Path) != dir || info.Mode().Perm() != 0o600 || !strings.Contains(err.Error(), err.Path) {
		t.Errorf("Rescue = %v, mode %v, want it to name a copy of mode 0600 in %s", err, info.Mode(), dir)
	}
	for name, lost := range map[string]*RescueError{
		"no folder":          Rescue("", fresh, cause),
		"folder is a device": Rescue("/dev/full/x", fresh, cause),
		"nothing to save":    Rescue(dir, Credential{}, cause),
	} {
		if lost.Path != "" || !errors.Is(lost, cause) {
			t.Errorf("%s: %+v, want no path and the cause", name, lost)
		}
	}
}

func TestKilledWritersLeaveAWholeStore(t *testing.T) {
	path := t.TempDir() + "/auth.json"
	for i := range 20 {
		cmd := command("store", path)
		if err := cmd.Start(); err != nil {
			t.Skipf("cannot start another process: %v", err)
		}
		time.Sleep(time.Duration(20+7*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if _, _, err := Decode(data, LangChain); err != nil {
			t.Fatalf("after kill %d the store reads as %v: %q", i, err, data)
		}
	}
}

func TestPrepareNewKeepsTheDocumentAndNothingOfTheOldLogin(t *testing.T) {
	old := claimsJWT("acc", expiry)
	id := jwt(`{"email":"new@example.com"}`)
	next := Credential{AccessToken: NewSecret("opaque"), RefreshToken: NewSecret("r2"), LastRefresh: expiry}
	withID := next
	withID.IDToken = NewSecret(id)
	tests := []struct {
		name   string
		before string
		login  Credential
		want   string
		err    error
	}{
		{
			"LangChain's", `{"x": [1,  2], "access_token":"` + old + `","account_id":"acc","expires_at":"2030-01-01","id_token":"` + old + `","plan_type":"plus","refresh_token":"r","user_id":"u"}`, next,
			`{"x": [1,  2], "access_token":"opaque","account_id":null,"expires_at":null,"id_token":null,"plan_type":null,"refresh_token":"r2","user_id":null}`, nil,
		},
		{
			"the guide's", `{"access_token":"` + old + `","account_id":"acc","expires_at":1893456000,"id_token":"` + old + `"}`, next,
			`{"access_token":"opaque","account_id":null,"expires_at":null,"id_token":null,"refresh_token":"r2"}`, nil,
		},
		{
			"the official", `{"auth_mode":"chatgpt","tokens":{"id_token":"` + old + `","access_token":"` + old + `","refresh_token":"r","account_id":"acc"},"x":1}`, withID,
			`{"auth_mode":"chatgpt","tokens":{"id_token":"` + id + `","access_token":"opaque","refresh_token":"r2","account_id":null},"x":1,"last_refresh":"` + expiry.UTC().Format(codexLayout) + `"}`, nil,
		},
		{
			"the official, which has to have an id token", `{"tokens":{"id_token":"` + old + `","access_token":"` + old + `","refresh_token":"r"}}`, next,
			`{"tokens":{"id_token":"` + old + `","access_token":"` + old + `","refresh_token":"r"}}`, ErrIncomplete,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := File{Path: filepath.Join(t.TempDir(), "auth.json")}
			write(t, file.Path, tt.before)
			p, err := file.PrepareNew(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Commit(t.Context(), tt.login); !errors.Is(err, tt.err) {
				t.Errorf("Commit = %v, want %v", err, tt.err)
			}
			diff(t, "store", tt.want, read(t, file.Path))
			diff(t, "folder", []string{"auth.json"}, entries(t, filepath.Dir(file.Path)))
		})
	}
	p, err := File{Path: filepath.Join(t.TempDir(), "gone")}.PrepareNew(t.Context())
	p.Abort()
	if err != nil {
		t.Errorf("missing store: PrepareNew = %v, want none", err)
	}
}
