// Package redis keeps conversations in a Redis or Valkey server, and locks that
// several machines share. It is for one instance, version 6 or later, not for a cluster.
//
// It knows nothing of what is kept: [Server.Backend] satisfies session.Backend, and
// [Server.Guard] satisfies auth.Guard, both by their methods alone.
package redis
