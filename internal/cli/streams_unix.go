//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// unkilled is a standard stream under another number. A reader that goes away shall be an
// error of the write and not the end of the process: Go makes it the end for the numbers
// 1 and 2 alone. To be told of the signal instead, or to ignore it, would cost the
// start of every command two threads, or be inherited by our children.
func unkilled(stream *os.File) *os.File {
	const firstFree = 3
	number, err := unix.FcntlInt(stream.Fd(), unix.F_DUPFD_CLOEXEC, firstFree)
	if err != nil {
		return stream // no more files may be open: then a reader that goes is the end
	}
	return os.NewFile(uintptr(number), stream.Name())
}
