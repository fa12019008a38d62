package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tidwall/gjson"
)

// maxRecord is the longest record that is read back, in bytes.
const maxRecord = 256 << 20

// recordHead is how every record begins. It tells a torn record from something that
// is not ours.
const recordHead = `{"id":`

// span is a part of a file.
type span struct{ from, to int64 }

// survey is what an output file holds.
type survey struct {
	kept     Kept
	answered map[string]bool // by the text of the id

	spans []span // what is to be kept
	size  int64  // of all spans, with the newline that the last may lack
	clean bool   // that is the file as it is
}

// verdict is what is to become of a line.
type verdict int

const (
	keepLine verdict = iota
	blankLine
	failedLine
	tornLine
	repeatedLine
)

// newSurvey reads an output file, whose records are not longer than limit. The error
// wraps [ErrNotOutput] or is the reader's.
func newSurvey(r io.Reader, limit int) (*survey, error) {
	s := &survey{answered: make(map[string]bool), clean: true}
	lines := newLineReader(r, limit)
	for {
		from := lines.offset
		line, ended, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case errors.Is(err, errLong):
			return nil, foreign(lines.line, errLong)
		case err != nil:
			return nil, err
		}
		v, err := s.judge(line)
		if err != nil {
			return nil, foreign(lines.line, err)
		}
		if v != keepLine || !ended {
			s.clean = false
		}
		if v == keepLine {
			s.keep(span{from, lines.offset}, ended)
		}
	}
}

func foreign(line int, err error) error {
	return fmt.Errorf("%w: %w", ErrNotOutput, &LineError{line, err})
}

// keep adds a line.
func (s *survey) keep(line span, ended bool) {
	if last := len(s.spans) - 1; last >= 0 && s.spans[last].to == line.from {
		s.spans[last].to = line.to
	} else {
		s.spans = append(s.spans, line)
	}
	s.size += line.to - line.from
	if !ended {
		s.size++
	}
}

// judge counts a line and says what is to become of it. The error says why it is
// nobody's record.
func (s *survey) judge(line []byte) (verdict, error) {
	line = bytes.TrimSpace(line)
	switch {
	case len(line) == 0:
		return blankLine, nil
	case !json.Valid(line):
		if !looksTorn(line) {
			return 0, errors.New("neither a record nor a part of one")
		}
		s.kept.Torn++
		return tornLine, nil
	}
	status := gjson.GetBytes(line, "status")
	id, given, err := readID(line)
	switch {
	case err != nil:
		return 0, err
	case !given || status.Type != gjson.String:
		return 0, errors.New("a record has an id and a status")
	case status.Str != "completed":
		s.kept.Failed++
		return failedLine, nil
	case s.answered[id.Text]:
		s.kept.Repeated++
		return repeatedLine, nil
	}
	s.answered[id.Text] = true
	s.kept.Completed++
	return keepLine, nil
}

// looksTorn says whether a line that is not JSON may be the rest of a record: one that
// was cut off, perhaps with another behind it, or the zeros that a power cut leaves.
func looksTorn(line []byte) bool {
	return bytes.HasPrefix(line, []byte(recordHead)) || bytes.HasPrefix([]byte(recordHead), line) ||
		line[0] == 0
}

// replace writes what is kept into a new file and puts it where the old one was.
func (f *File) replace(target string, s *survey) error {
	old := f.file
	// The lock is held, so there is one such file at most, left by a killed process.
	name := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".tmp")
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	temp, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := fill(temp, old, s); err != nil {
		return errors.Join(fmt.Errorf("rewrite the output file: %w", err), temp.Close(), os.Remove(name))
	}
	// Not every system replaces a file that is open, or renames one.
	f.file = nil
	if err = errors.Join(temp.Close(), old.Close()); err == nil {
		err = os.Rename(name, target)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("rewrite the output file: %w", err), os.Remove(name))
	}
	syncFolder(filepath.Dir(target))
	f.file, err = os.OpenFile(target, os.O_RDWR, 0)
	return err
}

// fill copies what is kept from old to temp, with its mode and owner, onto the disk.
func fill(temp, old *os.File, s *survey) error {
	info, err := old.Stat()
	if err != nil {
		return err
	}
	var written int64
	for _, part := range s.spans {
		n, err := io.Copy(temp, io.NewSectionReader(old, part.from, part.to-part.from))
		if err != nil {
			return err
		}
		written += n
	}
	if written < s.size {
		if _, err := temp.WriteString("\n"); err != nil {
			return err
		}
	}
	keepOwner(temp, info)
	if err := temp.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	return temp.Sync()
}

// syncFolder makes the rename survive a power cut. Some file systems cannot.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
