package emulator

import (
	"bytes"
	"context"
	"io"
	"strconv"
)

// flood is many equal text deltas. Only the sequence number differs, so each is
// two copies and a number, and no stream benchmark waits for its server.
type flood struct {
	head, tail []byte // the frame before and after its sequence number
	first      int    // sequence number of the first
	count      int
}

// newFlood makes a flood of count events like event, which must end in
// `"sequence_number":0}`.
func newFlood(name string, event []byte, first, count int) *flood {
	head := bytes.TrimSuffix(event, []byte("0}"))
	return &flood{
		head:  append([]byte("event: "+name+"\ndata: "), head...),
		tail:  []byte("}\n\n"),
		first: first,
		count: count,
	}
}

// send writes the flood in large chunks and flushes once at the end.
func (f *flood) send(ctx context.Context, w io.Writer, flush func() error) error {
	const chunk = 64 << 10
	buf := make([]byte, 0, chunk+len(f.head)+len(f.tail)+20)
	for n := range f.count {
		buf = append(buf, f.head...)
		buf = strconv.AppendInt(buf, int64(f.first+n), 10)
		buf = append(buf, f.tail...)
		if len(buf) < chunk {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	if _, err := w.Write(buf); err != nil {
		return err
	}
	return flush()
}
