package emulator

// browserScenes are about signing in with a browser.
func browserScenes() []namedScene {
	return []namedScene{
		{"login-denied", "the person declines at the sign-in page", Scene{Authorize: AuthorizeDenied}},
		{"login-no-entitlement", "the workspace has no Codex: access_denied with missing_codex_entitlement", Scene{Authorize: AuthorizeNoEntitlement}},
		{"login-wrong-state", "the sign-in page returns another state", Scene{Authorize: AuthorizeWrongState}},
		{"login-wrong-state-once", "the sign-in page returns another state once, then fine", Scene{Authorize: AuthorizeWrongState, Times: 1}},
		{"login-no-code", "the sign-in page returns no code", Scene{Authorize: AuthorizeNoCode}},
		{"login-originator", "unknown originators meet missing_required_parameter", Scene{Authorize: AuthorizeOriginator}},
		{"login-any-port", "a callback on any port gets tokens, not on 1455 and 1457 alone", Scene{AnyPort: true}},
		{"login-free-plan", "who signs in has the plan free", Scene{Plan: "free"}},
		{"login-no-account", "who signs in has the plan free and no account in the claims", Scene{Plan: "free", NoAccount: true}},
		{"exchange-server-error", "the code meets 500", Scene{Exchange: TokenServerError}},
		{"exchange-server-error-once", "the code meets 500 once, then fine", Scene{Exchange: TokenServerError, Times: 1}},
		{"exchange-invalid-grant", "the code meets 400 invalid_grant", Scene{Exchange: TokenInvalidGrant}},
		{"exchange-rate-limited", "the code meets 429", Scene{Exchange: TokenRateLimited}},
		{"exchange-html", "the code meets 503 with an HTML page", Scene{Exchange: TokenHTML}},
		{"exchange-garbage", "the code meets 200 with something that is not JSON", Scene{Exchange: TokenGarbage}},
		{"exchange-no-id-token", "tokens for the code without id_token", Scene{Exchange: TokenNoIDToken}},
		{"exchange-no-refresh-token", "tokens for the code without refresh_token", Scene{Exchange: TokenNoRefreshToken}},
		{"exchange-slow", "the code is traded in 3 s", Scene{ExchangeDelayMS: 3000}},
		{"exchange-lost", "the code is traded, but the answer is lost", Scene{Exchange: TokenLost}},
	}
}

// deviceScenes are about signing in on a device.
func deviceScenes() []namedScene {
	return []namedScene{
		{"device-person", "a device waits until somebody approves it at /codex/device", Scene{DeviceApproval: DeviceApprovalPerson}},
		{"device-at-once", "the first poll of a device succeeds", Scene{DeviceApproval: DeviceApprovalAtOnce}},
		{"device-three-polls", "a device is told to wait three times", Scene{DevicePolls: 3, DeviceIntervalS: 1}},
		{"device-number-interval", "the interval of polls is a number", Scene{DeviceStart: DeviceStartNumberInterval}},
		{"device-no-interval", "no interval of polls is told", Scene{DeviceStart: DeviceStartNoInterval}},
		{"device-usercode", "the user code is spelled usercode", Scene{DeviceStart: DeviceStartUsercode}},
		{"device-expires-in", "the lifetime of the user code is told", Scene{DeviceStart: DeviceStartExpiresIn}},
		{"device-quick", "polls may come each second", Scene{DeviceIntervalS: 1}},
		{"device-slow", "polls may come each 30 s", Scene{DeviceIntervalS: 30}},
		{"device-pending-404", "pending is 404", Scene{DevicePending: DevicePendingNotFound}},
		{"device-pending-unreadable", "pending is 403 with a body cut off", Scene{DevicePending: DevicePendingUnreadable}},
		{"device-pending-unknown", "pending is 403 deviceauth_authorization_unknown", Scene{DevicePending: DevicePendingUnknown}},
		{"device-expired", "polls meet a final 403: expired", Scene{Device: DevicePollExpired}},
		{"device-declined", "polls meet 401 authorization_declined", Scene{Device: DevicePollDeclined}},
		{"device-rate-limited-once", "a poll meets 429 once, then fine", Scene{Device: DevicePollRateLimited, Times: 1}},
		{"device-server-error-once", "a poll meets 500 once, then fine", Scene{Device: DevicePollServerError, Times: 1}},
		{"device-server-error-always", "polls meet 500 always", Scene{Device: DevicePollServerError}},
		{"device-unavailable-once", "a poll meets 503 with an HTML page once, then fine", Scene{Device: DevicePollUnavailable, Times: 1}},
		{"device-empty-grant", "a poll succeeds without a code", Scene{Device: DevicePollEmpty}},
		{"device-off", "the start is 404: device login is off in the security settings", Scene{Device: DeviceOff}},
		{"device-start-unavailable", "the start is 503 with an HTML page", Scene{Device: DeviceStartUnavailable}},
		{"device-start-garbage", "the start is 200 with something that is not JSON", Scene{Device: DeviceStartGarbage}},
	}
}

// revokeScenes are about signing out.
func revokeScenes() []namedScene {
	return []namedScene{
		{"revoke-server-error", "revocation answers 500 and revokes nothing", Scene{Revoke: TokenServerError}},
		{"revoke-html", "revocation answers 503 with an HTML page and revokes nothing", Scene{Revoke: TokenHTML}},
		{"revoke-slow", "revocation takes 15 s, longer than clients wait", Scene{RevokeDelayMS: 15_000}},
	}
}
