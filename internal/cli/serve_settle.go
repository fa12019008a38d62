package cli

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// settleTime is how long nothing may have been asked before memory is given back.
	settleTime = time.Second

	// settleBytes is how much a server may hold without that: to give back and take
	// again costs time.
	settleBytes = 32 << 20
)

// settle gives memory back to the system once a rush of requests is over. What so many
// answers needed to begin would else be held for minutes beside answers that only wait
// for the backend. stop ends it.
func settle(next http.Handler) (handler http.Handler, stop func()) {
	timer := time.AfterFunc(settleTime, giveBack)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer.Reset(settleTime)
		next.ServeHTTP(w, r)
	}), func() { timer.Stop() }
}

func giveBack() {
	var held runtime.MemStats
	runtime.ReadMemStats(&held)
	if held.HeapSys-held.HeapReleased > settleBytes {
		debug.FreeOSMemory()
	}
}
