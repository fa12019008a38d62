package emulator

import "slices"

// AuthorizeFault is what goes wrong at the sign-in page.
type AuthorizeFault string

// The faults of the sign-in page. Those of the first group send the browser back
// to the client; "originator" shows a page of the issuer instead.
const (
	AuthorizeDenied        AuthorizeFault = "access_denied"
	AuthorizeNoEntitlement AuthorizeFault = "missing_entitlement" // access_denied, the workspace has no Codex
	AuthorizeWrongState    AuthorizeFault = "wrong_state"         // a good code with a state that nobody sent
	AuthorizeNoCode        AuthorizeFault = "no_code"             // state and scope, but no code

	AuthorizeOriginator AuthorizeFault = "originator" // originators are checked against a list
)

// known reports whether there is such a fault, or none.
func (f AuthorizeFault) known() bool {
	return slices.Contains([]AuthorizeFault{
		"", AuthorizeDenied, AuthorizeNoEntitlement, AuthorizeWrongState, AuthorizeNoCode, AuthorizeOriginator,
	}, f)
}

// DeviceFault is what goes wrong in a device login.
type DeviceFault string

// The faults of a device login: two groups, of its start and of its polls. None
// changes what the issuer knows of the login.
const (
	DeviceOff              DeviceFault = "off"               // start: 404, switched off in the ChatGPT security settings
	DeviceStartUnavailable DeviceFault = "start_unavailable" // start: 503 with a page
	DeviceStartGarbage     DeviceFault = "start_garbage"     // start: 200, but not JSON

	DevicePollRateLimited DeviceFault = "poll_rate_limited" // poll: 429
	DevicePollServerError DeviceFault = "poll_server_error" // poll: 500
	DevicePollUnavailable DeviceFault = "poll_unavailable"  // poll: 503 with a page
	DevicePollEmpty       DeviceFault = "poll_empty"        // poll: 200 with an empty object
	DevicePollExpired     DeviceFault = "expired"           // poll: 403 that is final
	DevicePollDeclined    DeviceFault = "declined"          // poll: 401 authorization_declined
)

// known reports whether there is such a fault, or none.
func (f DeviceFault) known() bool {
	return slices.Contains([]DeviceFault{
		"", DeviceOff, DeviceStartUnavailable, DeviceStartGarbage, DevicePollRateLimited, DevicePollServerError,
		DevicePollUnavailable, DevicePollEmpty, DevicePollExpired, DevicePollDeclined,
	}, f)
}

// DeviceStart is how the answer to the start of a device login is spelled. All
// have been reported of the issuer.
type DeviceStart string

// The spellings; the empty one is the usual: user_code, and interval as a string.
const (
	DeviceStartUsual          DeviceStart = ""
	DeviceStartNumberInterval DeviceStart = "number_interval" // interval is a number
	DeviceStartNoInterval     DeviceStart = "no_interval"
	DeviceStartUsercode       DeviceStart = "usercode"   // for user_code
	DeviceStartExpiresIn      DeviceStart = "expires_in" // the lifetime in seconds is told, too
)

// known reports whether there is such a spelling.
func (s DeviceStart) known() bool {
	return slices.Contains([]DeviceStart{
		DeviceStartUsual, DeviceStartNumberInterval, DeviceStartNoInterval, DeviceStartUsercode, DeviceStartExpiresIn,
	}, s)
}

// DevicePending is how a poll is told to go on waiting. All have been reported of
// the issuer.
type DevicePending string

// The ways to say so; the empty one is 403 with a code that says pending.
const (
	DevicePendingForbidden  DevicePending = ""
	DevicePendingNotFound   DevicePending = "not_found"  // 404 with the same code
	DevicePendingUnreadable DevicePending = "unreadable" // 403, the body cut off
	DevicePendingUnknown    DevicePending = "unknown"    // 403 with the code of an unknown login
)

// known reports whether there is such a way.
func (p DevicePending) known() bool {
	return slices.Contains([]DevicePending{
		DevicePendingForbidden, DevicePendingNotFound, DevicePendingUnreadable, DevicePendingUnknown,
	}, p)
}

// DeviceApproval is who lets a device in.
type DeviceApproval string

// The ways of approval; the empty one approves by itself after Scene.DevicePolls
// polls, so that demonstrations end.
const (
	DeviceApprovalPolls  DeviceApproval = ""
	DeviceApprovalAtOnce DeviceApproval = "at_once" // the first poll succeeds
	DeviceApprovalPerson DeviceApproval = "person"  // waits for the page, or for [Emulator.Approve]
)

// known reports whether there is such a way.
func (a DeviceApproval) known() bool {
	return slices.Contains([]DeviceApproval{DeviceApprovalPolls, DeviceApprovalAtOnce, DeviceApprovalPerson}, a)
}

// exchangeable reports whether the fault can meet a code as it can meet a refresh
// token, or is none.
func (f TokenFault) exchangeable() bool {
	return slices.Contains([]TokenFault{
		"", TokenServerError, TokenInvalidGrant, TokenHTML, TokenGarbage, TokenRateLimited,
		TokenNoIDToken, TokenNoRefreshToken, TokenLost,
	}, f)
}

// revocable reports whether the fault can meet a revocation, or is none.
func (f TokenFault) revocable() bool {
	return slices.Contains([]TokenFault{"", TokenServerError, TokenHTML, TokenRateLimited}, f)
}

// checkSignIn refuses words that no field about signing in knows.
func (s Scene) checkSignIn() error {
	for _, choice := range []struct {
		known        bool
		field, value string
	}{
		{s.Authorize.known(), "authorize", string(s.Authorize)},
		{s.Exchange.exchangeable(), "exchange", string(s.Exchange)},
		{s.Device.known(), "device", string(s.Device)},
		{s.DeviceStart.known(), "device_start", string(s.DeviceStart)},
		{s.DevicePending.known(), "device_pending", string(s.DevicePending)},
		{s.DeviceApproval.known(), "device_approval", string(s.DeviceApproval)},
		{s.Revoke.revocable(), "revoke", string(s.Revoke)},
	} {
		if !choice.known {
			return unknownChoice(choice.field, choice.value)
		}
	}
	return nil
}
