// Command hello is the least that a Go program costs: start, one line, end.
package main

import "os"

func main() {
	_, _ = os.Stdout.WriteString("hello\n")
}
