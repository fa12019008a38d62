// Command codexctl uses a ChatGPT subscription from shells, pipes, CI scripts and
// programs.
package main

import (
	"context"
	"os"

	"github.com/codexctl/codexctl/internal/cli"
)

func main() {
	os.Exit(cli.Main(untilSignal(context.Background()), cli.ProcessEnv(), os.Args[1:]))
}
