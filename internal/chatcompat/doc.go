// Package chatcompat translates between Chat Completions and the Responses API. It is
// pure: no connection, no file, no clock.
package chatcompat
