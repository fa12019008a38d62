package catalogue

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// fileVersion grows when older programs would misread the file.
	fileVersion = 1

	// fileLimit is the largest file that is read, in bytes: a list has 16 MiB at most.
	fileLimit = 20 << 20

	prefix, suffix = "models-", ".jsonl"

	// staleAfter is when a file that nobody has written since is removed, and
	// leftoverAfter when the unfinished one of a killed process is.
	staleAfter    = 30 * 24 * time.Hour
	leftoverAfter = time.Hour
)

// header is the first line of a file. The entries of its models follow, one a line, as
// they came, or without white space if they had several lines. So what `ask` wants to know stands in a few hundred
// bytes, and the entries, which are large, need not be parsed.
type header struct {
	Version int                  `json:"version"`
	ETag    string               `json:"etag,omitempty"`
	Fetched time.Time            `json:"fetched"`
	Learned map[string]time.Time `json:"learned,omitempty"`
	Models  []line               `json:"models"`

	// Sum is the CRC-32 (IEEE) of all that follows the line.
	Sum uint32 `json:"sum"`
}

// line is what is known about a model, besides its entry.
type line struct {
	Slug   string `json:"slug"`
	Listed bool   `json:"listed,omitempty"`
	Lite   bool   `json:"lite,omitempty"`
}

// fileName is the file of a key. It tells nobody the account.
func fileName(folder string, k Key) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", k.BaseURL, k.Account, k.ClientVersion))
	return filepath.Join(folder, prefix+hex.EncodeToString(sum[:16])+suffix)
}

var errBroken = errors.New("no catalogue, or a broken one")

// readFile is what a file knows; nothing beside an error.
func readFile(path string) (state, error) {
	data, err := read(path)
	if err != nil {
		return state{}, err
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	var h header
	if err := json.Unmarshal(first, &h); err != nil {
		return state{}, err
	}
	if h.Version != fileVersion || h.Sum != crc32.ChecksumIEEE(rest) || bytes.Count(rest, []byte("\n")) != len(h.Models) {
		return state{}, errBroken
	}
	s := state{etag: h.ETag, fetched: h.Fetched, learned: h.Learned}
	for _, m := range h.Models {
		var entry []byte
		entry, rest, _ = bytes.Cut(rest, []byte("\n"))
		known := responses.Model{Slug: m.Slug, Listed: m.Listed, Lite: m.Lite}
		if len(entry) > 0 {
			known.Entry = entry[:len(entry):len(entry)]
		}
		s.models = append(s.models, known)
	}
	return s, nil
}

// read is the content of a regular file: nothing else is opened, since a named pipe
// would wait for a writer.
func read(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errBroken, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat() // of the file that was opened: the name may have gone to another
	if err != nil || info.Size() > fileLimit {
		return nil, errors.Join(errBroken, err)
	}
	data := make([]byte, info.Size()) // a file is not written to after it has its name
	_, err = io.ReadFull(file, data)
	return data, err
}

// writeFile replaces a file: whoever reads it sees the old one or the new one. After
// an error the old one is there.
func writeFile(path string, s state) error {
	data, err := encode(s)
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(folder, prefix+"*.tmp") // 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// encode is the content of a file. The error is about an entry of several lines that
// is not JSON.
func encode(s state) ([]byte, error) {
	h := header{Version: fileVersion, ETag: s.etag, Fetched: s.fetched.UTC(), Learned: s.learned, Models: []line{}}
	var rest bytes.Buffer
	for _, m := range s.models {
		h.Models = append(h.Models, line{m.Slug, m.Listed, m.Lite})
		if bytes.IndexByte(m.Entry, '\n') < 0 {
			rest.Write(m.Entry)
		} else if err := json.Compact(&rest, m.Entry); err != nil {
			return nil, err
		}
		rest.WriteByte('\n')
	}
	h.Sum = crc32.ChecksumIEEE(rest.Bytes())
	first, err := json.Marshal(h)
	return append(append(first, '\n'), rest.Bytes()...), err
}

// sweep removes what nobody uses any more: lists of former client versions and
// accounts, and what killed processes have left. The file at path stays.
func sweep(path string, now time.Time) {
	folder := filepath.Dir(path)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		limit := staleAfter
		switch {
		case !strings.HasPrefix(name, prefix), name == filepath.Base(path):
			continue
		case strings.HasSuffix(name, ".tmp"):
			limit = leftoverAfter
		case !strings.HasSuffix(name, suffix):
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > limit {
			_ = os.Remove(filepath.Join(folder, name))
		}
	}
}
