// Package emulator is a local stand-in for the ChatGPT issuer and the Codex
// backend, as one [net/http.Handler].
//
// It serves newcomers who have no account, users who test scripts without
// spending quota, and our own tests. It imports nothing else of this module: a
// witness must not share the suspect's code. It is stricter than life, so that
// what passes here passes there.
//
// A request goes through these rooms:
//
//	emulator.go   host guard, journal, routes
//	authorize.go  the sign-in page -> code.go (codes) -> code_grant.go (tokens)
//	device*.go    the device login, from its start to a code
//	token.go      renewal; revoke.go: the end of a sign-in
//	auth.go       who is asking (tokens come from issuer.go, jwt.go)
//	rules*.go     may this be asked; every refusal with the backend's own shape
//	answer.go     what is said -> compose.go (events) -> transmit.go (bytes, pace, cuts)
//
// [Browser] is the person's part in a sign-in, for tests.
//
// A [Scene] bends any of them: it makes the backend slow, forgetful, rude or
// broken in one chosen way. Everything random comes from [Config.Seed].
//
// Shapes are those of docs/protocol.md: what the reference client reads, what
// third parties reported, and what 22 recorded exchanges of May 2026 show. A rule
// that is our own and not the backend's says so.
package emulator
