package proxy

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// writeProcess appends what this process holds, under the names that Prometheus's own
// clients use. What the system does not tell is left out.
func writeProcess(b *bytes.Buffer) {
	fmt.Fprintf(b, "go_goroutines %d\n", runtime.NumGoroutine())
	// Both files are Linux's. The first one lists the descriptor by which it is read.
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		fmt.Fprintf(b, "process_open_fds %d\n", len(open)-1)
	}
	if pages, ok := residentPages(); ok {
		fmt.Fprintf(b, "process_resident_memory_bytes %d\n", pages*os.Getpagesize())
	}
}

// residentPages is the second field of statm.
//
// Source: proc_pid_statm(5).
func residentPages() (int, bool) {
	data, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(data)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.Atoi(string(fields[1]))
	return pages, err == nil
}
