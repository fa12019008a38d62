package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a release whose programs are texts.
func sample(t *testing.T) (*release, []file) {
	t.Helper()
	r := &release{
		root: t.TempDir(), out: t.TempDir(), work: t.TempDir(),
		version: version{name: "v1.2.3", commit: "0123456789ab", date: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)},
	}
	program := filepath.Join(r.work, "program")
	page := filepath.Join(r.work, "page")
	for path, text := range map[string]string{program: "a program", page: "a page"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r, []file{{program, "codexctl", 0o755}, {page, "man/codexctl.1", 0o644}}
}

// An archive holds the files below one folder, with the release's date and nobody's
// name, and its bytes do not depend on when or by whom it is packed.
func TestArchive(t *testing.T) {
	for _, target := range []target{{"linux", "amd64"}, {"windows", "arm64"}} {
		t.Run(target.String(), func(t *testing.T) {
			r, files := sample(t)
			path := filepath.Join(r.out, r.archiveName(target))
			if err := r.archive(target, files); err != nil {
				t.Fatal(err)
			}
			first, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(files[0].from, later, later); err != nil {
				t.Fatal(err)
			}
			if err := r.archive(target, files); err != nil {
				t.Fatal(err)
			}
			second, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, second) {
				t.Error("a second archive of the same files has other bytes")
			}
			folder := "codexctl_1.2.3_" + target.system + "_" + target.arch + "/"
			want := []string{folder + "codexctl 755 a program", folder + "man/codexctl.1 644 a page"}
			if got := listing(t, target, first); !slices.Equal(got, want) {
				t.Errorf("archive holds %q, want %q", got, want)
			}
		})
	}
}

func listing(t *testing.T, target target, data []byte) []string {
	t.Helper()
	var lines []string
	add := func(name string, mode os.FileMode, r io.Reader) {
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Join([]string{name, strings.TrimLeft(octal(mode), "0"), string(text)}, " "))
	}
	if target.system == "windows" {
		packed, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range packed.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode(), in)
		}
		return lines
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	packed := tar.NewReader(zipped)
	for {
		head, err := packed.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Uname != "" || head.Gname != "" || head.Uid != 0 {
			t.Errorf("%s has an owner: %q", head.Name, head.Uname)
		}
		add(head.Name, head.FileInfo().Mode(), packed)
	}
}

func octal(mode os.FileMode) string {
	const digits = "01234567"
	m := mode.Perm()
	return string([]byte{digits[m>>6&7], digits[m>>3&7], digits[m&7]})
}

// The checksums cover every file, in the form of sha256sum.
func TestSums(t *testing.T) {
	r, _ := sample(t)
	if err := os.WriteFile(filepath.Join(r.out, "a"), []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.writeSums(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(r.out, sumsFile))
	if err != nil {
		t.Fatal(err)
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n"
	if string(got) != want {
		t.Errorf("%s = %q, want %q", sumsFile, got, want)
	}
}

// What lies in the folder from an earlier run must not be published again.
func TestOutFolderMustBeEmpty(t *testing.T) {
	dir := t.TempDir()
	if err := emptyFolder(dir); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := emptyFolder(dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with a file: error = %v, want that it is not empty", err)
	}
}

// The licences of others go along, and a module without one is an error.
func TestLicencesOfOthers(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	if err := addLicences(&b, "example.org/none v1.0.0", dir); err == nil || !strings.Contains(err.Error(), "example.org/none") {
		t.Errorf("without a licence: error = %v, want one that names the module", err)
	}
	for name, text := range map[string]string{"LICENSE.md": "You may.\n", "NOTICE": "We made it.\n", "license.go": "package license\n", "README": "Hello.\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := addLicences(&b, "example.org/some v1.0.0", dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"example.org/some v1.0.0: LICENSE.md", "You may.", "We made it."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the notices lack %q:\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "Hello.") {
		t.Error("the notices hold a file that is no licence")
	}
}

func TestTargets(t *testing.T) {
	if _, err := parseTargets("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), "plan9/386") {
		t.Errorf("error = %v, want one that names plan9/386", err)
	}
	targets, err := parseTargets(strings.Join(allTargets(), ","))
	if err != nil || len(targets) != 6 {
		t.Errorf("%d targets, %v, want 6", len(targets), err)
	}
}

// docs/releases.md: `TARGETS=linux/amd64 make dist-verify`. A variable of the Makefile with that
// name would stand in its place.
func TestTargetsPassMake(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	command := exec.Command("make", "-s", "-C", "..", "-f", "Makefile", "-f", "-", "show")
	command.Stdin = strings.NewReader("show:\n\t@echo \"targets: $$TARGETS\"\n")
	command.Env = append(os.Environ(), "MAKEFLAGS=", "TARGETS=linux/amd64")
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "targets: linux/amd64\n") {
		t.Errorf("make hands on %q, %v", out, err)
	}
}

func TestFormula(t *testing.T) {
	r, files := sample(t)
	targets := []target{{"darwin", "arm64"}, {"linux", "amd64"}, {"windows", "amd64"}}
	for _, x := range targets {
		if err := r.archive(x, files); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.writeFormula(targets); err != nil {
		t.Fatal(err)
	}
	formula, err := os.ReadFile(filepath.Join(r.out, "codexctl.rb"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := sumOf(filepath.Join(r.out, r.archiveName(targets[0])))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`version "1.2.3"`, "on_macos do\n    on_arm do", "codexctl_1.2.3_darwin_arm64.tar.gz", sum} {
		if !strings.Contains(string(formula), want) {
			t.Errorf("the formula lacks %q:\n%s", want, formula)
		}
	}
	if strings.Contains(string(formula), "windows") {
		t.Error("the formula names windows")
	}
}

// Linux packages are the same bytes whenever they are made, and put the program,
// the pages and the completions where a system looks for them.
func TestPackages(t *testing.T) {
	r, files := sample(t)
	unit := filepath.Join(r.root, "contrib", "systemd")
	if err := os.MkdirAll(unit, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unit, "codexctl.service"), []byte("[Unit]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := target{"linux", "amd64"}
	first := packageSums(t, r, x, files)
	r.out = t.TempDir()
	if second := packageSums(t, r, x, files); !slices.Equal(first, second) {
		t.Errorf("packages made twice differ:\n%q\n%q", first, second)
	}
	if len(first) != 3 {
		t.Errorf("%d packages, want deb, rpm and apk: %q", len(first), first)
	}
	for from, want := range map[string]string{
		"man/codexctl.1": "/usr/share/man/man1/codexctl.1", "completions/_codexctl": "/usr/share/zsh/vendor-completions/_codexctl",
		"completions/codexctl.ps1": "",
	} {
		if got, _ := installed(from); got != want {
			t.Errorf("%s is installed as %q, want %q", from, got, want)
		}
	}
}

func packageSums(t *testing.T, r *release, x target, files []file) []string {
	t.Helper()
	if err := r.packages(x, files[0].from, files[1:]); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(r.out)
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, e := range entries {
		sum, err := sumOf(filepath.Join(r.out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, e.Name()+" "+sum)
	}
	return sums
}
