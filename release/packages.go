package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// packages makes the Linux packages of t.
func (r *release) packages(t target, binary string, extras []file) error {
	for _, format := range []string{"deb", "rpm", "apk"} {
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		info := nfpm.WithDefaults(r.packageInfo(t, binary, extras))
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		if err := writeTo(filepath.Join(r.out, packager.ConventionalFileName(info)), info, packager); err != nil {
			return err
		}
	}
	return nil
}

func writeTo(path string, info *nfpm.Info, packager nfpm.Packager) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return packager.Package(info, out)
}

func (r *release) packageInfo(t target, binary string, extras []file) *nfpm.Info {
	contents := files.Contents{r.content(file{from: binary, mode: 0o755}, "/usr/bin/codexctl")}
	for _, f := range extras {
		if to, wanted := installed(f.to); wanted {
			contents = append(contents, r.content(f, to))
		}
	}
	contents = append(contents, r.content(file{from: filepath.Join(r.root, "contrib/systemd/codexctl.service"), mode: 0o644}, "/usr/lib/systemd/user/codexctl.service"))
	info := &nfpm.Info{
		Name: "codexctl", Arch: t.arch, Platform: "linux", Version: r.version.name, MTime: r.version.date,
		Section: "utils", Priority: "optional", License: "MIT", Homepage: "https://github.com/codexctl/codexctl",
		Maintainer: "codexctl <https://github.com/codexctl/codexctl>", Vendor: "codexctl",
		Description: "Use a ChatGPT subscription from shells, pipes, scripts and programs.",
	}
	info.Contents = contents
	info.Recommends = []string{"ca-certificates"}
	info.Deb.Compression = "xz"
	info.RPM.BuildHost = "localhost"
	info.RPM.Summary = info.Description
	return info
}

func (r *release) content(f file, to string) *files.Content {
	return &files.Content{
		Source: f.from, Destination: to,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.version.date},
	}
}

// installed is where a file of the archive goes on a system; those without a place
// are left out.
func installed(name string) (string, bool) {
	folder, base, _ := strings.Cut(name, "/")
	switch {
	case folder == "man":
		return "/usr/share/man/man1/" + base, true
	case base == "codexctl.bash":
		return "/usr/share/bash-completion/completions/codexctl", true
	case base == "_codexctl":
		return "/usr/share/zsh/vendor-completions/_codexctl", true
	case base == "codexctl.fish":
		return "/usr/share/fish/vendor_completions.d/codexctl.fish", true
	case name == "LICENSE":
		return "/usr/share/doc/codexctl/copyright", true
	case name == "README.md" || name == "CHANGELOG.md" || name == noticesFile:
		return "/usr/share/doc/codexctl/" + name, true
	default:
		return "", false
	}
}
