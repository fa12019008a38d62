package batch

import (
	"errors"
	"fmt"
)

// What can go wrong, by meaning. Ask with [errors.Is].
var (
	// ErrInput is an input that cannot be used. [*LineError] names the line.
	ErrInput = errors.New("the input cannot be used")

	// ErrInputChanged is an input file that was changed while its items were being asked.
	ErrInputChanged = errors.New("the input file has changed since it was checked")

	// ErrLocked is an output file that another process is writing.
	ErrLocked = errors.New("another process is writing this output file")

	// ErrOutputExists is an output file that holds something and is not to be resumed.
	ErrOutputExists = errors.New("the output file is not empty")

	// ErrNotOutput is a file to resume that does not look like the output of a batch.
	// It is left as it is.
	ErrNotOutput = errors.New("this is not the output of a batch")

	// ErrTooManyErrors ends a run after as many failed items as it may have.
	ErrTooManyErrors = errors.New("too many records have failed")

	// ErrOutput is a record that could not be written.
	ErrOutput = errors.New("a record could not be written")
)

// LineError is what is wrong with a line of the input, or of a file to resume.
type LineError struct {
	// Line is the number of the line, from 1; blank lines count.
	Line int

	// Err is what is wrong with it.
	Err error
}

// Error names the line.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns Err.
func (e *LineError) Unwrap() error { return e.Err }
