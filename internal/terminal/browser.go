package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/cli/browser"
	"github.com/kballard/go-shellquote"
)

// OpenBrowser shows an address in the person's browser. command is what to run, with
// the address in the place of %s or behind it; empty is the system's own way. The
// child's output goes to stderr: stdout is the answer's.
//
// It returns when the command has ended, which for most browsers is at once. The
// error is that of a command that cannot be run or fails.
func OpenBrowser(command, address string) error {
	if command == "" {
		browser.Stdout = os.Stderr
		return browser.OpenURL(address)
	}
	words, err := shellquote.Split(command)
	if err != nil || len(words) == 0 {
		return fmt.Errorf("the browser command %q cannot be read", command)
	}
	found := false
	for i, word := range words {
		if strings.Contains(word, "%s") {
			words[i], found = strings.ReplaceAll(word, "%s", address), true
		}
	}
	if !found {
		words = append(words, address)
	}
	child := exec.Command(words[0], words[1:]...)
	child.Stdout, child.Stderr = os.Stderr, os.Stderr
	if err := child.Run(); err != nil {
		return fmt.Errorf("run the browser command %q: %w", command, err)
	}
	return nil
}
