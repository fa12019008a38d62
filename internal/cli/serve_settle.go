package cli

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// headroom is how much garbage a small heap may gather before it is collected. A
	// server holds little, so the collector would else run every few dozen answers.
	headroom = 32 << 20

	// settleTime is how long nothing may have been asked before memory is given back.
	settleTime = time.Second

	// settleBytes is how much a server may hold beside the headroom without that: to give
	// back and take again costs time.
	settleBytes = 16 << 20

	// crowd is how many more answers under way make a collection worth while at once: what
	// they needed to begin would else stand in holes between what they hold, and such holes
	// stay for as long as the answers take.
	crowd = 64
)

// settle gives memory back to the system once a rush of requests is over. What so many
// answers needed to begin would else be held for minutes beside answers that only wait
// for the backend. stop ends it.
func settle(next http.Handler) (handler http.Handler, stop func()) {
	// Nothing ever touches it, so it takes no memory; but the collector counts it.
	unused := make([]byte, headroom)
	s := &settler{next: next}
	s.timer = time.AfterFunc(settleTime, s.giveBack)
	return s, func() { s.timer.Stop(); runtime.KeepAlive(unused) }
}

// settler has memory collected when it is of use.
type settler struct {
	next    http.Handler
	timer   *time.Timer
	running atomic.Int64 // answers under way
	most    atomic.Int64 // of them, at the last collection
}

// ServeHTTP answers one request.
func (s *settler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.timer.Reset(settleTime)
	most := s.most.Load()
	if running := s.running.Add(1); running >= most+crowd && s.most.CompareAndSwap(most, running) {
		go runtime.GC()
	}
	defer s.running.Add(-1)
	s.next.ServeHTTP(w, r)
}

// giveBack gives memory back, if there is much of it.
func (s *settler) giveBack() {
	s.most.Store(s.running.Load())
	var held runtime.MemStats
	runtime.ReadMemStats(&held)
	if held.HeapSys-held.HeapReleased > headroom+settleBytes {
		debug.FreeOSMemory()
	}
}
