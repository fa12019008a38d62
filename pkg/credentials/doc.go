// Package credentials finds, reads and rewrites the files in which programs keep
// a ChatGPT login.
//
// [Locator.Find] gives the login of this machine, [File.Read] that of one file. To have it
// renewed when it runs out, use package auth.
//
// # The three forms
//
// A file's form is told from its shape, never from its name:
//
//   - [Codex], the official CLI's auth.json: an object with a nested "tokens"
//     object, "auth_mode" and "last_refresh". When the access token runs out is
//     read from its exp claim.
//   - [LangChain], what ChatOpenAICodex and our own sign-in write: one flat object
//     of seven keys. It is recognised by an "expires_at" that is a string, or by
//     a key "plan_type" or "user_id".
//   - [Flat], the form of the CCProxy guide: one flat object with a numeric
//     "expires_at". Its "account_id" may be a person ("user-…"), which is not an
//     account, so the claims of the tokens come first and such a value is not used.
//
// A flat object that shows none of those marks is what its place suggests:
// LangChain's at LangChain's path, the guide's everywhere else.
//
// Both flat forms accept "expires_at" as a text (ISO 8601; without an offset it
// is UTC) and as a number of seconds. A number so large that it can only be
// milliseconds is refused. The access token's exp claim fills in when there is no
// "expires_at" at all, and when there is neither, the expiry is unknown.
//
// An auth.json that holds an API key, a personal access token or another identity
// is valid but holds no ChatGPT login: [ErrOtherLogin].
//
// # Writing
//
// A store is written under [File.Lock] in two steps. [File.Prepare] reserves a
// temporary file beside it at full size, so that a full disk or a read-only
// directory shows before a single-use refresh token is spent; [Pending.Commit]
// fills it and renames it into place. Unknown keys, the order of keys and every
// byte that is not ours stay as they were. Reading takes no lock.
//
// # Secrets
//
// Tokens are [Secret] values, which print, log and marshal as a mask: [Secret.Reveal] and
// [Encode] are the only ways out. No error of this package quotes a file's content.
//
// The package never asks what time it is, touches no network and reads no
// environment variable but through [Locator.Getenv].
package credentials
