package emulator

import (
	"net/http"
	"sync/atomic"
	"time"
)

// SceneHeader names the request header that chooses a scene for one request.
const SceneHeader = "X-Emulator-Scene"

// The endpoints a scene can strike.
const (
	endpointResponses = "responses"
	endpointModels    = "models"
	endpointUsage     = "usage"
	endpointAny       = "any"

	// Each of these is struck by fields of its own, and counts for itself how often.
	endpointToken       = "token"
	endpointExchange    = "exchange"
	endpointAuthorize   = "authorize"
	endpointDeviceStart = "device_start"
	endpointDevicePoll  = "device_poll"
	endpointRevoke      = "revoke"
)

// stage is a scene being played: it counts how often its trouble has happened.
type stage struct {
	scene Scene
	err   error // the scene is invalid
	used  atomic.Int64
	met   atomic.Int64 // when the first request came, in Unix seconds; zero before

	token, exchange, authorize, deviceStart, devicePoll, revoke atomic.Int64
}

// counter returns the count of an endpoint's troubles.
func (s *stage) counter(endpoint string) (count *atomic.Int64, own bool) {
	switch endpoint {
	case endpointToken:
		return &s.token, true
	case endpointExchange:
		return &s.exchange, true
	case endpointAuthorize:
		return &s.authorize, true
	case endpointDeviceStart:
		return &s.deviceStart, true
	case endpointDevicePoll:
		return &s.devicePoll, true
	case endpointRevoke:
		return &s.revoke, true
	}
	return &s.used, false
}

// take returns the scene for one more request to the endpoint: as it is, or
// without its trouble when that has happened often enough or is meant for another
// endpoint.
func (s *stage) take(endpoint string) Scene {
	scene := s.scene
	count, own := s.counter(endpoint)
	if !own && !scene.strikes(endpoint) {
		return scene.untroubled()
	}
	if scene.Times > 0 && count.Add(1) > int64(scene.Times) {
		return scene.untroubled()
	}
	return scene
}

// peek returns the scene that the next request would meet, without counting it.
func (s *stage) peek() Scene {
	if s.scene.Times > 0 && s.used.Load() >= int64(s.scene.Times) {
		return s.scene.untroubled()
	}
	return s.scene
}

// returns is when the allowance of the scene comes back, given the present time. It is
// the same for all requests. Seconds are rounded up: resets_at has whole ones, and at
// that time it has to be true.
func (s *stage) returns(now time.Time) time.Time {
	s.met.CompareAndSwap(0, now.Add(time.Second-time.Nanosecond).Unix())
	return time.Unix(s.met.Load()+int64(s.scene.resetAfter()), 0)
}

// strikes reports whether the scene is about the endpoint.
func (s Scene) strikes(endpoint string) bool {
	switch s.Endpoint {
	case "":
		return endpoint == endpointResponses
	case endpointAny:
		return true
	}
	return s.Endpoint == endpoint
}

// untroubled is the scene after its trouble is over: same content, same pace.
func (s Scene) untroubled() Scene {
	s.Fault, s.Token = "", ""
	s.Authorize, s.Exchange, s.Device, s.Revoke = "", "", "", ""
	s.Failed, s.FailedMessage, s.FailedAfterDeltas, s.ErrorEvent = "", "", 0, ""
	s.Cut, s.CutAt, s.CutDeltas = "", "", 0
	s.Garbage = false
	return s
}

// stage returns the stage of this request: that of the scene its header names,
// else of the one that is set. A refusal says that there is no such scene.
func (x *exchange) stage() (*stage, *refusal) {
	s := x.active.Load()
	if name := x.r.Header.Get(SceneHeader); name != "" {
		if s = x.namedStage(name); s == nil {
			return nil, detail(http.StatusBadRequest, "emulator: no scene is named %q", name)
		}
	}
	if s.err != nil {
		return nil, detail(http.StatusInternalServerError, "emulator: %v", s.err)
	}
	return s, nil
}

// namedStage returns the stage of a scene chosen by header, or nil. Each name has
// one, so that "once" means once and not once for each request.
func (e *Emulator) namedStage(name string) *stage {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.stages[name]; s != nil {
		return s
	}
	scene, known := NamedScene(name)
	if !known {
		return nil
	}
	s := &stage{scene: scene}
	e.stages[name] = s
	return s
}
