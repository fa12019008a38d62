package emulator

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// errCut says that the scene wants the connection broken.
var errCut = errors.New("the scene cuts the connection")

// transmitter sends frames at the scene's pace, in the scene's bytes, as far as
// the scene lets it.
type transmitter struct {
	ctx     context.Context
	w       http.ResponseWriter
	flush   func() error
	scene   Scene
	rng     *rand.Rand
	encoder frameEncoder
	pending []byte // encoded, not yet written
	deltas  int    // text deltas sent
}

func newTransmitter(x *exchange, scene Scene) *transmitter {
	return &transmitter{
		ctx:     x.r.Context(),
		w:       x.w,
		flush:   http.NewResponseController(x.w).Flush,
		scene:   scene,
		rng:     x.rng,
		encoder: frameEncoder{scene: scene, rng: x.rng},
	}
}

// send sends the frames and returns once all are flushed, or the cut is made, or
// the client is gone. The error is errCut if the connection is to be broken.
func (t *transmitter) send(frames []frame) error {
	if t.scene.CutAt == CutAtHead {
		return t.cut()
	}
	t.w.WriteHeader(http.StatusOK)
	if err := t.flush(); err != nil {
		return err
	}
	for n, f := range frames {
		if t.cutBefore(n, f) {
			return t.cut()
		}
		if err := t.wait(n, f); err != nil {
			return err
		}
		if f.flood != nil {
			if err := f.flood.send(t.ctx, t.w, t.flush); err != nil {
				return err
			}
			continue
		}
		bytes := t.encoder.encode(f, n == 0, n == len(frames)-1)
		if t.scene.CutAt == CutInDelta && f.kind == frameDelta && t.deltas == t.scene.CutDeltas {
			t.pending = append(t.pending, bytes[:len(bytes)/2]...)
			return t.cut()
		}
		if f.kind == frameDelta {
			t.deltas++
		}
		t.pending = append(t.pending, bytes...)
		if err := t.write(); err != nil {
			return err
		}
	}
	return t.drain()
}

// cutBefore reports whether the stream ends before the frame with this number.
func (t *transmitter) cutBefore(n int, f frame) bool {
	switch t.scene.CutAt {
	case CutAtStart:
		return n == 0
	case CutAtCreated:
		return f.kind != frameCreated && n > 0
	case CutAtDeltas:
		return t.deltas >= t.scene.CutDeltas || f.kind == frameTerminal
	case CutAtTerminal, CutInDelta:
		return f.kind == frameTerminal
	}
	return false
}

// cut ends the stream here, in the scene's manner.
func (t *transmitter) cut() error {
	if err := t.drain(); err != nil {
		return err
	}
	switch t.scene.Cut {
	case CutAbort:
		return errCut
	case CutStall:
		<-t.ctx.Done()
		return t.ctx.Err()
	}
	return nil
}

// wait pauses before the frame with this number.
func (t *transmitter) wait(n int, f frame) error {
	d := t.scene.EventDelayMS.duration()
	if n == 0 {
		d = t.scene.FirstDelayMS.duration()
	}
	if f.kind == frameDelta && t.scene.DeltasPerSecond > 0 {
		d += time.Duration(float64(time.Second) / t.scene.DeltasPerSecond)
	}
	if d > 0 {
		if err := t.drain(); err != nil {
			return err
		}
	}
	return pause(t.ctx, d)
}

// write sends what is pending in pieces as the scene likes them.
func (t *transmitter) write() error {
	switch t.scene.Writes {
	case WritesWhole:
		return nil // drain sends it all
	case WritesByte:
		return t.pieces(func() int { return 1 })
	case WritesRandom:
		const longest = 97 // often shorter than an event, sometimes longer
		return t.pieces(func() int { return 1 + t.rng.IntN(longest) })
	}
	return t.drain()
}

// pieces writes pending pieces of the sizes that size gives; a rest that is too
// short stays pending, so that pieces reach across events.
func (t *transmitter) pieces(size func() int) error {
	for len(t.pending) > 0 {
		n := size()
		if n > len(t.pending) {
			return nil
		}
		if err := t.flushed(t.pending[:n]); err != nil {
			return err
		}
		t.pending = t.pending[n:]
	}
	return nil
}

// drain writes all that is pending.
func (t *transmitter) drain() error {
	if len(t.pending) == 0 {
		return t.ctx.Err()
	}
	err := t.flushed(t.pending)
	t.pending = t.pending[:0]
	return err
}

// flushed writes p and flushes it, unless the client is gone.
func (t *transmitter) flushed(p []byte) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	if _, err := t.w.Write(p); err != nil {
		return err
	}
	return t.flush()
}
