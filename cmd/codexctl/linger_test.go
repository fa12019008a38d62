package main

import (
	"os"
	"os/exec"
	"time"
)

// linger runs a line of shell, stays for a moment and ends as it did: a script's terminal
// is taken away with its process, and with it what nobody has read from it yet.
func linger() {
	cmd := exec.Command("sh", "-c", os.Args[1])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if cmd.Run() != nil && cmd.ProcessState == nil {
		os.Exit(127)
	}
	time.Sleep(500 * time.Millisecond)
	os.Exit(cmd.ProcessState.ExitCode())
}
