// Package session keeps conversations: what was sent and answered, so that the next
// request can be sent with all that came before.
//
// A conversation is a tree of exchanges ([Node]) and a pointer to one of them. A
// [Store] hands out turns: one at a time on each conversation, in order of arrival.
// Where the exchanges lie is a [Backend]'s business: a [Folder] of files, or a Redis
// server (internal/redis). The Store alone has a clock and knows what is idle, ended
// or too much; a Backend only keeps, lists and excludes.
//
// Nothing here knows HTTP, flags, or what stands in an item.
package session
