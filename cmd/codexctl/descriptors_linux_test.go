package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidwall/gjson"
)

// A server that may open no more files answers what it can and says of the rest why not;
// when the crowd is gone it answers as before.
func TestServeWithoutDescriptors(t *testing.T) {
	t.Parallel()
	const crowd = 60
	_, url, home := standIn(t)
	s := serve(t, url, home, "--no-store", "--retries", "0")
	few := uint64(descriptors(s.cmd.Process.Pid) + 12)
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: few, Max: few}, nil); err != nil {
		t.Skipf("no limit of files: %v", err)
	}
	var answered, refused atomic.Int64
	ask := func(n int) (int, string) {
		body, _ := json.Marshal(map[string]any{"model": "gpt-5.5", "input": fmt.Sprintf("question %d.", n), "store": false})
		return s.post("/v1/responses", string(body), "Connection", "close")
	}
	var callers sync.WaitGroup
	for n := range crowd {
		callers.Go(func() {
			switch status, answer := ask(n); {
			case status == http.StatusOK && outputText(answer) == fmt.Sprintf("You said: question %d.", n):
				answered.Add(1)
			case status >= 500 && gjson.Get(answer, "error.message").Str != "":
				refused.Add(1)
			default:
				t.Errorf("call %d: %d %s", n, status, answer)
			}
		})
	}
	callers.Wait()
	t.Logf("%d answered, %d refused, with %d files at most", answered.Load(), refused.Load(), few)
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		status, answer := ask(crowd)
		if status == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("once the crowd is gone: %d %s", status, answer)
		}
	}
}
