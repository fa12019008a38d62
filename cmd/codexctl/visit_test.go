//go:build unix

package main

import (
	"fmt"
	"os"

	"github.com/codexctl/codexctl/internal/emulator"
)

// visit is a browser: it signs in at the address that is its last argument and goes
// back to the program. The page where it ends, with its status before it, goes to the
// file that VISIT_PAGE names.
func visit() {
	person := &emulator.Browser{Preconnect: os.Getenv("VISIT_PRECONNECT") != ""}
	_ = person.Open(os.Args[len(os.Args)-1]) // it fails only when told to
	page, err := person.Wait()
	if name := os.Getenv("VISIT_PAGE"); err == nil && name != "" {
		err = os.WriteFile(name, fmt.Appendf(nil, "%d\n%s", page.Status, page.Body), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "visit:", err)
		os.Exit(1)
	}
}
