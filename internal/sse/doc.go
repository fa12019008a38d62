// Package sse reads the framing of a server-sent event stream.
//
// It knows lines, fields and blank lines, and nothing of what an event carries.
// The reader hands out slices of one reused buffer: no copy and no allocation
// for an event whose data stands on one line, which is what servers send.
//
// Source: WHATWG HTML Living Standard, section 9.2 "Server-sent events"
// (9.2.5 parsing, 9.2.6 interpreting), called "the standard" below.
package sse
