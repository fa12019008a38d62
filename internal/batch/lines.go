package batch

import (
	"bufio"
	"errors"
	"io"
)

// errLong is a line over the limit of its reader.
var errLong = errors.New("the line is too long")

// lineReader cuts lines out of a stream and knows where they stand.
type lineReader struct {
	in    *bufio.Reader
	limit int // the longest line in bytes, without its end

	line   int   // the number of the last line, from 1
	offset int64 // where the next line begins
}

func newLineReader(r io.Reader, limit int) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// next returns the next line without its newline, in memory of its own, and whether it
// had one. The error is io.EOF after the last, errLong, or the stream's own.
func (l *lineReader) next() (line []byte, ended bool, err error) {
	for {
		piece, err := l.in.ReadSlice('\n')
		l.offset += int64(len(piece))
		if len(line) == 0 && len(piece) > 0 {
			l.line++
		}
		if err == nil {
			piece = piece[:len(piece)-1]
		}
		line = append(line, piece...)
		switch {
		case len(line) > l.limit+len("\r"):
			return nil, false, errLong
		case err == nil:
			return line, true, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}
