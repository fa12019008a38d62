//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
)

// port NAME puts a free port into a variable; port -busy NAME one that somebody holds
// until the script ends.
func port(ts *testscript.TestScript, neg bool, args []string) {
	busy := len(args) == 2 && args[0] == "-busy"
	if neg || len(args) != 1 && !busy {
		ts.Fatalf("usage: port [-busy] NAME")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[len(args)-1], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	if !busy {
		ts.Check(l.Close())
		return
	}
	ts.Defer(func() { _ = l.Close() })
}

// free PORT checks that nobody holds a port.
func free(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free PORT")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:"+args[0])
	ts.Check(err)
	ts.Check(l.Close())
}

// mode PATH BITS compares the permission bits of a file or folder, in octal digits.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PATH BITS")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has the mode %s, want %s", args[0], got, args[1])
	}
}

// person approve FILE lets the device in whose user_code is in a JSON document, and
// person deny FILE turns it away. person leave FILE ends, as from another machine, the
// sign-in that a stored login came from; with ! it must have ended already.
func person(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: person approve|deny|leave FILE")
	}
	stand, text, done := worldOf(ts).emulator, ts.ReadFile(args[1]), false
	switch args[0] {
	case "approve":
		done = stand.Approve(gjson.Get(text, "user_code").Str)
	case "deny":
		done = stand.Deny(gjson.Get(text, "user_code").Str)
	case "leave":
		done = stand.Revoke(gjson.Get(text, "refresh_token").Str)
	}
	if !done {
		ts.Fatalf("the emulator knows nothing of that")
	}
}
