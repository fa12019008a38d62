// Package chatcompat translates between Chat Completions and the Responses API, in
// both directions. It is pure: no connection, no file, no clock.
//
// [Parse] takes a request apart by the table that [Fields] shows. [Plan.Choice]
// translates the stream that comes back, into chunks or into one object.
package chatcompat
