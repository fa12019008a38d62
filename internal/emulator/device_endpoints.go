package emulator

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// The paths of the device login.
const (
	deviceStartPath    = "/api/accounts/deviceauth/usercode"
	devicePollPath     = "/api/accounts/deviceauth/token"
	devicePagePath     = "/codex/device"
	deviceRedirectPath = "/deviceauth/callback" // never requested, only compared
)

// deviceRequest holds the parameters of both device endpoints.
type deviceRequest struct {
	ClientID string `json:"client_id"`
	DeviceID string `json:"device_auth_id"`
	UserCode string `json:"user_code"`
}

// deviceAnswer begins a device login. Scenes change its spelling.
//
// Source: docs/protocol.md, device login.
type deviceAnswer struct {
	DeviceID  string          `json:"device_auth_id"`
	UserCode  string          `json:"user_code,omitempty"`
	Usercode  string          `json:"usercode,omitempty"`
	Interval  json.RawMessage `json:"interval,omitempty"`   // seconds, as a string or a number
	ExpiresIn int             `json:"expires_in,omitempty"` // seconds
}

// bodyProblem is one element of the validation list that the framework of the real
// issuer sends about a body.
type bodyProblem struct {
	Type  string   `json:"type"`
	Loc   []string `json:"loc"`
	Msg   string   `json:"msg"`
	Input string   `json:"input"`
}

// serveDeviceStart answers POST /api/accounts/deviceauth/usercode.
func (x *exchange) serveDeviceStart() {
	request, refused := x.deviceRequest()
	if refused == nil && request.ClientID == "" {
		refused = missingField("client_id")
	}
	if refused == nil && request.ClientID != x.config.ClientID {
		refused = issuerError("invalid_client", "The client is not known.")
	}
	scene := Scene{}
	if refused == nil {
		scene, refused = x.scene(endpointDeviceStart)
	}
	if refused == nil {
		refused = deviceStartFault(scene.Device)
	}
	if refused != nil {
		refused.write(x.w)
		return
	}
	writeJSON(x.w, scene.deviceAnswer(x.issuer.newDevice(x.now)))
}

// deviceAnswer spells the beginning of a device login.
func (s Scene) deviceAnswer(d *device) deviceAnswer {
	seconds := s.DeviceIntervalS
	if seconds == 0 {
		seconds = 5
	}
	answer := deviceAnswer{DeviceID: d.id, UserCode: d.userCode, Interval: encode(strconv.Itoa(seconds))}
	switch s.DeviceStart {
	case DeviceStartNumberInterval:
		answer.Interval = encode(seconds)
	case DeviceStartNoInterval:
		answer.Interval = nil
	case DeviceStartUsercode:
		answer.UserCode, answer.Usercode = "", d.userCode
	case DeviceStartExpiresIn:
		answer.ExpiresIn = int(deviceLifetime / time.Second)
	}
	return answer
}

// serveDevicePoll answers POST /api/accounts/deviceauth/token.
func (x *exchange) serveDevicePoll() {
	request, refused := x.deviceRequest()
	if refused == nil && request.DeviceID == "" {
		refused = missingField("device_auth_id")
	}
	if refused == nil && request.UserCode == "" {
		refused = missingField("user_code")
	}
	scene := Scene{}
	if refused == nil {
		scene, refused = x.scene(endpointDevicePoll)
	}
	if refused == nil {
		refused = devicePollFault(scene.Device)
	}
	if refused != nil {
		refused.write(x.w)
		return
	}
	grant, state := x.issuer.poll(request.DeviceID, request.UserCode, x.deviceRedirect(), x.now, scene)
	if refused := deviceRefusal(state, scene.DevicePending); refused != nil {
		refused.write(x.w)
		return
	}
	x.w.Header().Set("Cache-Control", "no-store")
	writeJSON(x.w, grant)
}

// deviceRequest reads a body that must be a JSON object: the issuer refuses a
// form, as reported, in the way of its framework.
func (x *exchange) deviceRequest() (deviceRequest, *refusal) {
	media, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	var request deviceRequest
	if media != "application/json" || json.Unmarshal(x.body, &request) != nil {
		return deviceRequest{}, bodyRefusal(bodyProblem{
			Type: "model_attributes_type", Loc: []string{"body"}, Msg: "The body must be a JSON object of strings", Input: string(x.body),
		})
	}
	return request, nil
}

// deviceRedirect is the redirect that the codes of device logins are bound to. In
// memory, the issuer may go by an https name.
func (x *exchange) deviceRedirect() string {
	if x.config.BaseURL == "" && x.r.URL.Scheme != "" {
		return x.r.URL.Scheme + "://" + x.r.Host + deviceRedirectPath
	}
	return x.baseURL() + deviceRedirectPath
}

// missingField is the 400 about a field that is missing or empty.
func missingField(name string) *refusal {
	return bodyRefusal(bodyProblem{Type: "missing", Loc: []string{"body", name}, Msg: "Field required"})
}

// bodyRefusal is the 400 about one problem of a body.
func bodyRefusal(problem bodyProblem) *refusal {
	return &refusal{status: http.StatusBadRequest, detail: encode([]bodyProblem{problem})}
}

// scene takes the request's scene for an endpoint.
func (x *exchange) scene(endpoint string) (Scene, *refusal) {
	stage, refused := x.stage()
	if refused != nil {
		return Scene{}, refused
	}
	return stage.take(endpoint), nil
}

// deviceRefusal is the answer to a poll that gets no grant, or nil.
//
// Source: docs/protocol.md, device login; reports of deviceauth_authorization_unknown
// and deviceauth_authorization_expired in clients of 2026.
func deviceRefusal(state deviceState, pending DevicePending) *refusal {
	switch state {
	case deviceApproved:
		return nil
	case deviceDenied:
		return devicePollFault(DevicePollDeclined)
	case deviceLate:
		return devicePollFault(DevicePollExpired)
	case deviceUnknown:
		return forbidden("deviceauth_authorization_unknown", "The device authorization is not known.")
	}
	wait := forbidden("deviceauth_authorization_pending", "The device authorization is pending.")
	switch pending {
	case DevicePendingNotFound:
		wait.status = http.StatusNotFound
	case DevicePendingUnreadable:
		return &refusal{status: http.StatusForbidden, raw: []byte(`{"error":{"mess`)}
	case DevicePendingUnknown:
		return forbidden("deviceauth_authorization_unknown", "The device authorization is not known.")
	}
	return wait
}

// forbidden is a 403 of the device login.
func forbidden(code, message string) *refusal {
	return &refusal{status: http.StatusForbidden, api: newAPIError("invalid_request_error", code, "", message)}
}

// deviceStartFault is the answer a scene gives to the start of a device login, or
// nil.
func deviceStartFault(fault DeviceFault) *refusal {
	switch fault {
	case DeviceOff:
		return detail(http.StatusNotFound, "Not Found")
	case DeviceStartUnavailable:
		return page(http.StatusServiceUnavailable, unavailablePage)
	case DeviceStartGarbage:
		return &refusal{status: http.StatusOK, raw: []byte(`{"device_auth_id": "cut off he`)}
	}
	return nil
}

// devicePollFault is the answer a scene gives to a poll, or nil.
func devicePollFault(fault DeviceFault) *refusal {
	switch fault {
	case DevicePollRateLimited:
		return tokenFault(TokenRateLimited)
	case DevicePollServerError:
		return tokenFault(TokenServerError)
	case DevicePollUnavailable:
		return page(http.StatusServiceUnavailable, unavailablePage)
	case DevicePollEmpty:
		return &refusal{status: http.StatusOK, raw: []byte(`{}`)}
	case DevicePollExpired:
		return forbidden("deviceauth_authorization_expired", "The device authorization has expired; start again.")
	case DevicePollDeclined:
		f := oauthError("authorization_declined", "The device was turned away.")
		f.status = http.StatusUnauthorized
		return f
	}
	return nil
}
