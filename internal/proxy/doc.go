// Package proxy is the local server: OpenAI's Responses and Chat Completions APIs over
// one person's Codex login.
//
// A request passes these rooms, in this order: the guard (guard.go: who may ask), the
// routes (routes.go), the body (body.go), the conversation it belongs to
// (conversation.go), what is sent (native.go and chat.go), the answer on its way back
// (relay.go, nativestream.go, chatstream.go, collect.go), or the failure (failure.go,
// status.go). Each request leaves one line in the log and its marks in the metrics.
//
// The package does not know how a login is made, nor what flags are called: whoever
// builds a [Server] hands in a client, a store, and the words for errors.
package proxy
