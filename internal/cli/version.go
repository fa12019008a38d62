package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the linker (see the Makefile); otherwise read from the build information
// that Go puts into every binary.
var (
	version string
	commit  string
	date    string
)

// versionDocument is the JSON form of `version`.
type versionDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Version       string         `json:"version"`
	Commit        *string        `json:"commit"`
	Date          *string        `json:"date"`
	Go            string         `json:"go"`
	OS            string         `json:"os"`
	Arch          string         `json:"arch"`
	Error         *errorDocument `json:"error"`
}

func versionCommand() command {
	return command{
		name: "version", summary: "show the version",
		examples: []string{"codexctl version", "codexctl version --json --transform version -r"},
		result:   always(versionDocument{}),
		setup:    func(inv *invocation) ([]flagSpec, action) { return nil, inv.showVersion },
	}
}

func (inv *invocation) showVersion(context.Context, []string) error {
	build := readBuild()
	if inv.global.wantsDocument() {
		return inv.document(build)
	}
	text := "codexctl " + build.Version
	if build.Commit != nil {
		text += " (" + *build.Commit
		if build.Date != nil {
			text += ", " + *build.Date
		}
		text += ")"
	}
	_, err := fmt.Fprintf(inv.out, "%s %s %s/%s\n", text, build.Go, build.OS, build.Arch)
	return err
}

func readBuild() versionDocument {
	doc := versionDocument{
		SchemaVersion: 1, Type: "version", Version: version,
		Commit: stringOrNull(commit), Date: stringOrNull(date),
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if version != "" {
		return doc
	}
	doc.Version = "devel"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return doc
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		doc.Version = v
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			doc.Commit = stringOrNull(setting.Value[:min(len(setting.Value), 12)])
		case "vcs.time":
			doc.Date = stringOrNull(setting.Value)
		}
	}
	return doc
}

// userAgent is how we name ourselves on the wire. It is never another client's.
func userAgent() string {
	return fmt.Sprintf("codexctl/%s (%s; %s)", readBuild().Version, runtime.GOOS, runtime.GOARCH)
}
