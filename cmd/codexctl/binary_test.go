//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// quality.md, Performance: the binary has at most 12 MiB. docs/decisions/0009: nothing
// looks up a method by a name that the linker cannot see, as text/template does; it
// would have to keep every exported method of every type.
func TestTheBinaryIsSmall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program")
	}
	path := filepath.Join(t.TempDir(), "codexctl")
	build := exec.Command("go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if most := 12 << 20; len(binary) > most {
		t.Errorf("the binary has %d bytes, and may have %d", len(binary), most)
	}
	// The names of its functions are in a stripped binary too: each ends with a zero byte.
	for _, name := range []string{"reflect.Value.Method", "reflect.Value.MethodByName", "text/template.(*Template).Execute"} {
		if bytes.Contains(binary, []byte(name+"\x00")) {
			t.Errorf("%s is linked; go build -ldflags=-dumpdep tells who calls it", name)
		}
	}
	if !bytes.Contains(binary, []byte("main.main\x00")) {
		t.Error("the names of the functions are not where they are looked for")
	}
}
