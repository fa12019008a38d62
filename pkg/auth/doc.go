// Package auth signs a person in to ChatGPT and keeps the login usable: it renews
// access tokens and puts them on requests.
//
// [Open] finds the login and returns a [Source]. Before each request
// [Source.Authorize] sets the headers; when the backend answers 401,
// [Source.Refused] says whether another try makes sense. These two methods are what a client of
// package responses wants. A Source is safe for concurrent use.
//
// # Signing in
//
// [BrowserLogin] sends the person to the issuer's page and waits on this machine for
// their browser to come back; [DeviceLogin] gives them a code to type elsewhere. Both
// hand the fresh login to a function, usually [Keeper.Store], and nobody hears of
// success before it has returned: an old login is replaced only by a new one that is
// on disk. [Revoke] ends a login.
//
// What comes back from the browser counts only with this sign-in's state. Anybody
// may knock at the port: wrong visitors get an error page, and waiting goes on. The
// verifier and the tokens are in no address and on no page, and there is no redirect
// that would carry anything along.
//
// # Renewing
//
// A token is renewed five minutes before it expires and once after a refusal.
// Refresh tokens are single-use and each renewal voids the one before, so the order
// of things matters:
//
//  1. One renewal runs per Source; everybody else waits for its result.
//  2. It takes the [Guard], if there is one, and the store's lock, waiting at most
//     30 seconds for both.
//  3. It reads the store again. If somebody has renewed in the meantime, their
//     token is adopted and no request is made.
//  4. It reserves the room for the new tokens on disk. If that fails, no request is
//     made.
//  5. It asks the issuer, with a time limit of 30 seconds. From here to the rename
//     the caller's cancellation is ignored: the answer may exist only once.
//  6. It writes and renames. If that fails, the tokens go to a rescue file.
//
// After any error the store is byte for byte what it was.
//
// The request is form-encoded, as RFC 6749, section 6, has it. The official CLI
// sends JSON; the issuer is known to take both, and other issuers take the form.
//
// # Where tokens go
//
// A token issued by https://auth.openai.com is sent to chatgpt.com and
// auth.openai.com only, unless the user named the login: [ErrForeignHost]. The same
// holds for a token whose issuer is unknown. Redirects are not followed.
package auth
