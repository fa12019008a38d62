package emulator

import (
	"errors"
	"net/http"
)

// responsesPath is the endpoint that answers prompts.
const responsesPath = "/backend-api/codex/responses"

// prelude lets the scene do what it does before any success: wait, then fail. It
// returns the scene for the rest of the answer.
func (x *exchange) prelude(endpoint, model string, who person) (Scene, *refusal) {
	stage, refused := x.stage()
	if refused != nil {
		return Scene{}, refused
	}
	scene := x.allowance(stage, stage.take(endpoint))
	if pause(x.r.Context(), scene.HeadDelayMS.duration()) != nil {
		// Written to nobody: the client has gone.
		return scene, detail(http.StatusRequestTimeout, "Request Timeout")
	}
	return scene, x.faultRefusal(scene, model, who)
}

// serveResponses answers POST /responses. The rules come before the scene: a
// request that life would refuse must not hide behind a fault. Only recordings
// are served without looking.
func (x *exchange) serveResponses(endpoint string, who person) {
	if x.config.Replay != nil {
		x.serveReplay(endpoint, who)
		return
	}
	stage, refused := x.stage()
	if refused != nil {
		refused.write(x.w)
		return
	}
	q, refused := x.readRequest(stage.scene.Lite)
	if refused == nil && stage.scene.StaleReasoning {
		refused = q.checkEncrypted()
	}
	if refused != nil {
		refused.write(x.w)
		return
	}
	scene, refused := x.prelude(endpoint, q.Model, who)
	if refused != nil {
		refused.write(x.w)
		return
	}
	x.stream(scene, who, q.Model, compose(q, scene, who, x))
}

// stream sends frames as a successful answer, or as much of them as the scene
// allows.
func (x *exchange) stream(scene Scene, who person, model string, frames []frame) {
	header := x.w.Header()
	for name, values := range x.limits(Scene{UsedPercent: scene.UsedPercent, ResetAfterS: scene.ResetAfterS}, who).headers() {
		header[name] = values
	}
	if scene.ServedModel != "" {
		model = scene.ServedModel
	}
	header["openai-model"] = []string{model}
	header["x-models-etag"] = []string{modelsETag}
	header["x-openai-proxy-wasm"] = []string{"v0.1"}
	header["CF-RAY"] = []string{x.ray()}
	// A client must not show this one: life's cookies identify a session.
	header["Set-Cookie"] = []string{"__cf_bm=" + randomUUID(x.rng) + "; path=/; HttpOnly; Secure"}
	// Life sends no Content-Type here. Nil keeps net/http from guessing one, also
	// should the first flush ever come after the first byte.
	header["Content-Type"] = nil

	t := newTransmitter(x, scene)
	if err := t.send(frames); errors.Is(err, errCut) {
		panic(http.ErrAbortHandler)
	}
}
