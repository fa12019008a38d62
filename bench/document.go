package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// document is the page that keeps the last full run. Only what stands between the
// two marks is written.
const (
	document  = "docs/benchmarks.md"
	beginMark = "<!-- figures: written by `make bench-write` -->\n"
	endMark   = "<!-- end of figures -->\n"
)

func (t *table) writeDocument(ctx context.Context, path string) error {
	return replaceBetween(path, beginMark, machine(ctx)+"\n"+t.markdown())
}

// replaceBetween puts text between the mark that begins the figures of a page and the
// one that ends them.
func replaceBetween(path, beginMark, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return fmt.Errorf("%s: no place for the figures: want the lines %q and %q", path, beginMark, endMark)
	}
	return os.WriteFile(path, []byte(before+beginMark+"\n"+text+"\n"+endMark+after), 0o644)
}

// machine says where and when, and with what.
func machine(ctx context.Context) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d processors (%s), %s\n", time.Now().UTC().Format(time.DateOnly),
		runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), processor(), runtime.Version())
	for _, tool := range [][]string{{"curl", "--version"}, {"jq", "--version"}, {"node", "--version"}, {"redis-server", "--version"}} {
		out, err := exec.CommandContext(ctx, tool[0], tool[1:]...).Output()
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(out), "\n")
		words := strings.Fields(first)
		if len(words) > 3 {
			words = words[:3]
		}
		name := tool[0] + " "
		if strings.HasPrefix(words[0], tool[0]) {
			name = ""
		}
		fmt.Fprintf(&b, "· %s%s\n", name, strings.Join(words, " "))
	}
	return b.String()
}

// processor is the name of the processor, where the system tells it.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(data), "model name\t: ")
	name, _, _ := strings.Cut(rest, "\n")
	if name == "" {
		return "unknown"
	}
	return name
}
