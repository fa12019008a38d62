// Command release builds what is published: an archive for each system, Linux
// packages, a bill of materials for each binary, a Homebrew formula and the checksums
// of all. The same commit and the same Go give the same bytes, wherever they are built.
//
//	go run -C release . -root .. -out ../dist
//
// SOURCE_DATE_EPOCH, in seconds since 1970, replaces the date of the commit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	root := flags.String("root", "..", "the folder of the project")
	out := flags.String("out", "../dist", "the folder for what is built; it must be empty or missing")
	list := flags.String("targets", strings.Join(allTargets(), ","), "systems and architectures, with commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	targets, err := parseTargets(*list)
	if err != nil {
		return err
	}
	r, err := begin(ctx, *root, *out)
	if err != nil {
		return err
	}
	defer r.end()
	return r.publish(ctx, targets)
}

// release is one run.
type release struct {
	root, out string // absolute
	work      string // a folder that goes away at the end
	version   version
}

func begin(ctx context.Context, root, out string) (*release, error) {
	r := &release{}
	var err error
	if r.root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if r.out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	if err := emptyFolder(r.out); err != nil {
		return nil, err
	}
	if r.version, err = readVersion(ctx, r.root, os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return nil, err
	}
	r.work, err = os.MkdirTemp("", "codexctl-release-")
	return r, err
}

func (r *release) end() { _ = os.RemoveAll(r.work) }

// emptyFolder makes the folder, or sees that it holds nothing: what lies there from an
// earlier run would be published with the rest.
func emptyFolder(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(path, 0o755)
	}
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; remove it first", path)
	}
	return err
}

// publish makes everything.
func (r *release) publish(ctx context.Context, targets []target) error {
	extras, err := r.writeExtras(ctx)
	if err != nil {
		return err
	}
	for _, t := range targets {
		fmt.Fprintf(os.Stderr, "release: %s %s\n", r.version.name, t)
		binary, err := r.build(ctx, t)
		if err != nil {
			return err
		}
		notices, err := r.writeNotices(ctx, t, binary)
		if err != nil {
			return fmt.Errorf("%s: licences of others: %w", t, err)
		}
		texts := append(slices.Clone(extras), notices)
		if err := r.archive(t, append([]file{{from: binary, to: t.binary(), mode: 0o755}}, texts...)); err != nil {
			return fmt.Errorf("%s: archive: %w", t, err)
		}
		if err := r.writeBill(t, binary); err != nil {
			return fmt.Errorf("%s: bill of materials: %w", t, err)
		}
		if t.system != "linux" {
			continue
		}
		if err := r.packages(t, binary, texts); err != nil {
			return fmt.Errorf("%s: packages: %w", t, err)
		}
	}
	if err := r.writeFormula(targets); err != nil {
		return err
	}
	return r.writeSums()
}
