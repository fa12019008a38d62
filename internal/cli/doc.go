// Package cli is the command line of codexctl: commands, flags, settings, what goes
// to which stream, exit codes and hints.
//
// The program is a function of a context, an [Env] and arguments: [Main]. Nothing
// from outside enters but through the Env, so that a test runs the whole of it.
//
// A command is one file: a literal that describes it, an options struct whose flags
// are plain assignments, and a run method. Flags from anywhere on the line reach it
// through the argument pass in line.go; settings from the environment through
// settings.go; errors leave through the table in exit.go.
package cli
