// Package responses talks to the Codex backend, which is OpenAI's Responses API
// behind a ChatGPT login.
//
// A [Client] sends a [Request] and gives a [Stream] of events. The stream can be
// read event by event, gathered into a [Response] with [Collect], or written out by
// a sink: [TextSink] for the text alone, [FrameSink] for the bytes as they came,
// [LineSink] for one event per line.
//
// The package knows the request's shape, the backend's rules and its failures. It
// knows neither tokens nor files: whoever calls hands in an [Authorizer], for
// example an *auth.Source.
//
// A Client and the things that it is made of are safe for concurrent use, and one serves a
// whole program; a Stream is read by one goroutine. A [Request] and a [Response] marshal
// to the JSON of the API. Failures are asked by meaning with errors.Is ([ErrQuota],
// [ErrTruncated], …); an [*APIError] has the facts.
//
// The backend is not documented by its owner. What is known of it stands in
// docs/protocol.md, as numbered facts with their sources; comments here name them.
package responses
