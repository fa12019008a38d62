package cli

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"
)

// A crowd of answers under way is a reason to collect memory; as many of them one after
// another are none.
func TestSettleCollectsForACrowd(t *testing.T) {
	end := make(chan struct{})
	var begun, ended sync.WaitGroup
	handler, stop := settle(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			begun.Done()
			<-end
		}
	}))
	defer stop()
	asked := func(path string) {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
	}
	forced := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}

	before := forced()
	for range 2 * crowd {
		asked("/")
	}
	if got := forced() - before; got != 0 {
		t.Errorf("%d collections for answers one after another, want none", got)
	}
	begun.Add(crowd + crowd/2)
	for range crowd + crowd/2 {
		ended.Go(func() { asked("/wait") })
	}
	begun.Wait()
	for tries := 0; forced() == before && tries < 1000; tries++ {
		time.Sleep(10 * time.Millisecond)
	}
	if got := forced() - before; got != 1 {
		t.Errorf("%d collections for %d answers at a time, want 1", got, crowd+crowd/2)
	}
	close(end)
	ended.Wait()
}
