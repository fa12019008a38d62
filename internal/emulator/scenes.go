package emulator

// SceneInfo is one line about a named scene.
type SceneInfo struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// namedScene is a scene that can be chosen by name.
type namedScene struct {
	name, about string
	scene       Scene
}

// NamedScene returns the scene of this name. It has its Name set.
func NamedScene(name string) (Scene, bool) {
	for _, group := range sceneGroups() {
		for _, n := range group() {
			if n.name == name {
				n.scene.Name = name
				return n.scene, true
			}
		}
	}
	return Scene{}, false
}

// SceneNames lists the named scenes with one line about each, in groups: answers,
// failures inside 200, HTTP faults, cuts, paces, oddities, the token endpoint,
// signing in with a browser and on a device, signing out.
func SceneNames() []SceneInfo {
	var infos []SceneInfo
	for _, group := range sceneGroups() {
		for _, n := range group() {
			infos = append(infos, SceneInfo{n.name, n.about})
		}
	}
	return infos
}

// sceneGroups holds functions, not tables, so that no program pays for the
// scenes before it asks for one.
func sceneGroups() []func() []namedScene {
	return []func() []namedScene{answerScenes, failureScenes, accountScenes, faultScenes, cutScenes, paceScenes, eventScenes, byteScenes, tokenScenes,
		browserScenes, deviceScenes, revokeScenes}
}

// answerScenes answer successfully, in some special way.
func answerScenes() []namedScene {
	return []namedScene{
		{"default", "an echo, the tool call asked for, or JSON that fits the schema", Scene{}},
		{"full-output", "response.completed repeats the whole output", Scene{FullOutput: true}},
		{"empty-answer", "completed without any output item", Scene{Empty: true}},
		{"other-model", "the openai-model header names another model than was asked for", Scene{ServedModel: "gpt-5.2"}},
		{"tool-call", "one tool is called, whatever tool_choice says", Scene{ToolCalls: 1}},
		{"parallel-tool-calls", "two tools are called at once", Scene{ToolCalls: 2}},
		{"tool-bad-arguments", "a tool is called with arguments that are no JSON", Scene{ToolCalls: 1, ToolArguments: `{"location": "Par`}},
		{"reasoning", "a reasoning summary comes first, even unasked", Scene{Reasoning: "**Weighing the question**\n\nIt is short, so the answer can be short."}},
		{"refusal", "a refusal instead of text", Scene{Refusal: "I cannot help with that."}},
		{"several-messages", "two messages, a commentary and a final answer", Scene{Messages: []string{"Let me see.", "Here is the answer."}}},
		{"unicode", "text of many scripts, with emoji of several code points", Scene{
			Deltas: []string{"Grüße, ", "世界", " — ", "👩‍👩‍👧", " and ", "e\u0301", " \U0001F1EA\U0001F1FA", " שלום", "."}}},
		{"control-characters", "text that tries to steer the terminal", Scene{
			Deltas: []string{"plain ", "\x1b[31mred\x1b[0m ", "\x1b]0;title\x07", "bell\x07 ", "back\b\b ", "\u009b2J", "\u202etxt.exe\u202c", "\r\nend"}}},
		{"incomplete-max-tokens", "ends as incomplete for max_output_tokens", Scene{Incomplete: "max_output_tokens"}},
		{"incomplete-content-filter", "ends as incomplete for content_filter", Scene{Incomplete: "content_filter"}},
		{"flood", "50,000 text deltas of 20 bytes at full speed", Scene{FloodDeltas: 50_000, FloodBytes: 20}},
		{"flood-bare", "500,000 text deltas of 20 bytes; the final events carry no text", Scene{FloodDeltas: 500_000, FloodBytes: 20, FloodBare: true}},
		{"stale-reasoning", "encrypted reasoning that is sent back is refused with 400", Scene{StaleReasoning: true}},
		{"lite-not-found", "a plain request to a Lite model is answered with 404", Scene{Lite: LiteNotFound}},
		{"lite-optional", "a plain request to a Lite model is answered all the same", Scene{Lite: LiteAccept}},
	}
}

// failureScenes fail inside a stream that began with status 200.
func failureScenes() []namedScene {
	scenes := []namedScene{
		{"failed", "response.failed without a code of its own", Scene{Failed: "server_error"}},
		{"failed-once", "response.failed once, then fine", Scene{Failed: "server_error", Times: 1}},
		{"failed-after-deltas", "response.failed after three text deltas", Scene{Deltas: []string{"H", "e", "l", "lo"}, Failed: "server_error", FailedAfterDeltas: 3}},
		{"overload-once", "an error event and response.failed for overload once, then fine", Scene{Failed: "server_is_overloaded", ErrorEvent: errorEventBefore, Times: 1}},
		{"overload-always", "an error event and response.failed for overload, always", Scene{Failed: "server_is_overloaded", ErrorEvent: errorEventBefore}},
		{"error-event-alone", "an error event, then the stream ends", Scene{Failed: "server_is_overloaded", ErrorEvent: errorEventAlone}},
	}
	for _, code := range []struct{ name, code string }{
		{"failed-context-length", "context_length_exceeded"},
		{"failed-insufficient-quota", "insufficient_quota"},
		{"failed-usage-not-included", "usage_not_included"},
		{"failed-usage-limit", "usage_limit_reached"},
		{"failed-cyber-policy", "cyber_policy"},
		{"failed-bio-policy", "bio_policy"},
		{"failed-misalignment-policy", "misalignment_policy_violation"},
		{"failed-invalid-prompt", "invalid_prompt"},
		{"failed-overloaded", "server_is_overloaded"},
		{"failed-slow-down", "slow_down"},
		{"failed-rate-limit", "rate_limit_exceeded"},
	} {
		scenes = append(scenes, namedScene{code.name, "response.failed with the code " + code.code, Scene{Failed: code.code}})
	}
	return scenes
}

// accountScenes are HTTP answers about who asks and what he may.
func accountScenes() []namedScene {
	return []namedScene{
		{"unauthorized-once", "401 once, then fine", Scene{Fault: FaultTokenExpired, Times: 1}},
		{"unauthorized-always", "401 always", Scene{Fault: FaultUnauthorized}},
		{"forbidden-json", "403 with a JSON body", Scene{Fault: FaultForbidden}},
		{"challenge-html", "403 with the CDN's challenge page", Scene{Fault: FaultChallenge}},
		{"region-block", "403 with the CDN's page about the place", Scene{Fault: FaultRegion}},
		{"deactivated-workspace", "402, the code inside detail", Scene{Fault: FaultDeactivatedWorkspace}},
		{"usage-limit", "429 usage_limit_reached with the time of reset", Scene{Fault: FaultUsageLimit}},
		{"usage-limit-once", "429 usage_limit_reached once, with a reset after 2 s", Scene{Fault: FaultUsageLimit, ResetAfterS: 2, Times: 1}},
		{"usage-not-included", "429, the plan does not include Codex", Scene{Fault: FaultUsageNotIncluded}},
		{"usage-limit-returns", "429 usage_limit_reached until 2 s after the first request", Scene{Fault: FaultUsageLimit, ResetAfterS: 2, AllowanceReturns: true}},
		{"usage-high", "90 percent of the short window are used until 2 s after the first request", Scene{UsedPercent: 90, ResetAfterS: 2, AllowanceReturns: true}},
		{"not-found-usage-limit", "404 that carries a usage-limit code", Scene{Fault: FaultHiddenUsageLimit}},
		{"not-found-model", "404 Model not found", Scene{Fault: FaultNotFound}},
		{"context-length", "400 context_length_exceeded", Scene{Fault: FaultContextLength}},
		{"cyber-policy", "400 cyber_policy", Scene{Fault: FaultPolicy}},
	}
}

// faultScenes are HTTP answers about the state of the backend.
func faultScenes() []namedScene {
	return []namedScene{
		{"rate-limited-once", "429 with Retry-After 1 once, then fine", Scene{Fault: FaultRateLimited, RetryAfterS: 1, Times: 1}},
		{"rate-limited-long", "429 with Retry-After 3600", Scene{Fault: FaultRateLimited, RetryAfterS: 3600}},
		{"rate-limited", "429 without Retry-After", Scene{Fault: FaultRateLimited}},
		{"request-timeout-once", "408 once, then fine", Scene{Fault: FaultTimeout, Times: 1}},
		{"server-error-once", "500 once, then fine", Scene{Fault: FaultServerError, Times: 1}},
		{"server-error-always", "500 always", Scene{Fault: FaultServerError}},
		{"bad-gateway-html", "502 with an HTML page", Scene{Fault: FaultBadGateway}},
		{"overloaded", "503 server_is_overloaded", Scene{Fault: FaultOverloaded}},
		{"overloaded-once", "503 server_is_overloaded once, then fine", Scene{Fault: FaultOverloaded, Times: 1}},
		{"gateway-timeout-html", "504 with an HTML page", Scene{Fault: FaultGatewayTimeout}},
		{"redirect", "302 to another host", Scene{Fault: FaultRedirect}},
		{"clock-ahead", "the Date header is an hour ahead", Scene{ClockAheadS: 3600}},
		{"clock-behind", "the Date header is an hour behind", Scene{ClockAheadS: -3600}},
	}
}

// cutScenes end a stream early.
func cutScenes() []namedScene {
	hello := []string{"H", "e", "l", "l", "o"}
	return []namedScene{
		{"cut-after-three-deltas", `the connection breaks after the text "Hel"`, Scene{Deltas: hello, Cut: CutAbort, CutAt: CutAtDeltas, CutDeltas: 3}},
		{"cut-mid-event", `the connection breaks inside the event after "Hel"`, Scene{Deltas: hello, Cut: CutAbort, CutAt: CutInDelta, CutDeltas: 3}},
		{"cut-before-headers", "the connection breaks before the headers", Scene{Cut: CutAbort, CutAt: CutAtHead}},
		{"cut-before-headers-once", "the connection breaks before the headers once, then fine", Scene{Cut: CutAbort, CutAt: CutAtHead, Times: 1}},
		{"cut-before-first-event", "the connection breaks after the headers", Scene{Cut: CutAbort, CutAt: CutAtStart}},
		{"cut-after-created", "the connection breaks after response.created", Scene{Cut: CutAbort, CutAt: CutAtCreated}},
		{"end-before-first-event", "200 with an empty body", Scene{Cut: CutEnd, CutAt: CutAtStart}},
		{"end-after-deltas", `the stream ends in good order after the text "Hel"`, Scene{Deltas: hello, Cut: CutEnd, CutAt: CutAtDeltas, CutDeltas: 3}},
		{"end-without-terminal", "the stream ends in good order without a terminal event", Scene{Cut: CutEnd, CutAt: CutAtTerminal}},
		{"stall-before-headers", "nothing comes at all", Scene{Cut: CutStall, CutAt: CutAtHead}},
		{"stall-before-first-event", "nothing comes after the headers", Scene{Cut: CutStall, CutAt: CutAtStart}},
		{"stall-after-created", "nothing comes after response.created", Scene{Cut: CutStall, CutAt: CutAtCreated}},
		{"stall-after-deltas", `nothing comes after the text "Hel"`, Scene{Deltas: hello, Cut: CutStall, CutAt: CutAtDeltas, CutDeltas: 3}},
	}
}

// paceScenes are slow.
func paceScenes() []namedScene {
	return []namedScene{
		{"slow-headers", "2 s before the headers", Scene{HeadDelayMS: 2000}},
		{"slow-first-event", "2 s before the first event", Scene{FirstDelayMS: 2000}},
		{"slow-events", "200 ms before each further event", Scene{EventDelayMS: 200}},
		{"token-rate", "20 text deltas per second", Scene{DeltasPerSecond: 20}},
	}
}

// eventScenes send odd events.
func eventScenes() []namedScene {
	return []namedScene{
		{"wrong-done-text", "the done events carry more text than the deltas", Scene{WrongDone: true}},
		{"no-deltas", "only done events, no deltas", Scene{NoDeltas: true}},
		{"no-item-done", "no response.output_item.done", Scene{NoItemDone: true}},
		{"unknown-events", "events of types that nobody knows", Scene{UnknownEvents: true}},
		{"unknown-fields", "a field that nobody knows in each event", Scene{UnknownFields: true}},
		{"shuffled-fields", "the fields of each event in random order", Scene{ShuffleFields: true}},
		{"garbage-event", "an event that is not JSON after the first delta", Scene{Garbage: true}},
		{"large-event", "a text delta of 2 MiB, most of it padding", Scene{EventBytes: 2 << 20}},
		{"oversized-event", "a text delta of 40 MiB, most of it padding", Scene{EventBytes: 40 << 20}},
	}
}

// byteScenes send the usual events in odd bytes.
func byteScenes() []namedScene {
	return []namedScene{
		{"byte-writes", "one byte at a time", Scene{Writes: WritesByte}},
		{"random-chunks", "chunk borders from the seed", Scene{Writes: WritesRandom}},
		{"one-write", "the whole stream at once", Scene{Writes: WritesWhole}},
		{"crlf", "lines end in CR LF", Scene{LineEnd: LineEndCRLF}},
		{"cr", "lines end in CR", Scene{LineEnd: LineEndCR}},
		{"bom", "the stream begins with a byte order mark", Scene{BOM: true}},
		{"comments", "a comment line before each event", Scene{Comments: true}},
		{"multi-line-data", "JSON spread over several data lines", Scene{MultiLine: true}},
		{"contradicting-event-names", "event lines that contradict the data", Scene{EventNames: EventNamesFalse}},
		{"no-event-names", "no event lines", Scene{EventNames: EventNamesNone}},
		{"unterminated-last-event", "the last event lacks its blank line", Scene{Unterminated: true}},
	}
}

// tokenScenes are about renewal; answers of the backend stay usual.
func tokenScenes() []namedScene {
	return []namedScene{
		{"token-no-id-token", "a renewal without id_token", Scene{Token: TokenNoIDToken}},
		{"token-no-refresh-token", "a renewal without refresh_token", Scene{Token: TokenNoRefreshToken}},
		{"token-other-account", "a renewal with the tokens of another account", Scene{Token: TokenOtherAccount}},
		{"token-server-error", "renewal answers 500", Scene{Token: TokenServerError}},
		{"token-server-error-once", "renewal answers 500 once, then fine", Scene{Token: TokenServerError, Times: 1}},
		{"token-invalid-grant", "renewal answers 400 invalid_grant", Scene{Token: TokenInvalidGrant}},
		{"token-expired", "renewal answers 401 refresh_token_expired", Scene{Token: TokenExpired}},
		{"token-invalidated", "renewal answers 401 refresh_token_invalidated", Scene{Token: TokenInvalidated}},
		{"token-reused", "renewal answers 401 refresh_token_reused", Scene{Token: TokenReused}},
		{"token-rate-limited", "renewal answers 429", Scene{Token: TokenRateLimited}},
		{"token-html", "renewal answers 503 with an HTML page", Scene{Token: TokenHTML}},
		{"token-garbage", "renewal answers 200 with something that is not JSON", Scene{Token: TokenGarbage}},
		{"token-slow", "renewal takes 3 s", Scene{TokenDelayMS: 3000}},
		{"token-lost", "renewal takes place, but its answer is lost", Scene{Token: TokenLost}},
	}
}
