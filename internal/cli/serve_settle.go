package cli

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// headroom is how much garbage a small heap may gather before it is collected. A
	// server holds little, so the collector would else run every few dozen answers.
	headroom = 32 << 20

	// collectAt is the collector's percentage (GOGC) of a server, which counts the headroom
	// too. With more, what many callers leave at the same moment would stand in holes
	// between what they hold, and those stay for as long as their answers take.
	collectAt = 25

	// settleTime is how long nothing may have been asked before memory is given back.
	settleTime = time.Second

	// settleBytes is how much a server may hold beside the headroom without that: to give
	// back and take again costs time.
	settleBytes = 16 << 20
)

// settle gives memory back to the system once a rush of requests is over. What so many
// answers needed to begin would else be held for minutes beside answers that only wait
// for the backend. stop ends it.
//
// A percentage that the user has set in gogc, the variable GOGC, stands.
func settle(gogc string, next http.Handler) (handler http.Handler, stop func()) {
	// Nothing ever touches it, so it takes no memory; but the collector counts it.
	unused := make([]byte, headroom)
	restore := func() {}
	if gogc == "" {
		before := debug.SetGCPercent(collectAt)
		restore = func() { debug.SetGCPercent(before) }
	}
	timer := time.AfterFunc(settleTime, giveBack)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer.Reset(settleTime)
		next.ServeHTTP(w, r)
	}), func() { timer.Stop(); restore(); runtime.KeepAlive(unused) }
}

func giveBack() {
	var held runtime.MemStats
	runtime.ReadMemStats(&held)
	if held.HeapSys-held.HeapReleased > headroom+settleBytes {
		debug.FreeOSMemory()
	}
}
