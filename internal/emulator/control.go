package emulator

import (
	"net/http"
)

// controlPrefix begins the paths that steer the emulator itself. They are no part
// of the imitated services, need no token and are not journalled.
const controlPrefix = "/__emulator/"

// serveControl answers the requests below [controlPrefix].
func (e *Emulator) serveControl(w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method + " " + r.URL.Path {
	case "GET " + controlPrefix + "scene":
		writeJSON(w, e.Scene())
	case "PUT " + controlPrefix + "scene":
		scene, err := ParseScene(body)
		if err == nil {
			err = e.SetScene(scene)
		}
		if err != nil {
			detail(http.StatusBadRequest, "emulator: %v", err).write(w)
			return
		}
		writeJSON(w, scene)
	case "GET " + controlPrefix + "scenes":
		writeJSON(w, struct {
			Scenes []SceneInfo `json:"scenes"`
		}{SceneNames()})
	case "GET " + controlPrefix + "seed":
		writeJSON(w, struct {
			Seed uint64 `json:"seed"`
		}{e.Seed()})
	case "GET " + controlPrefix + "journal":
		writeJSON(w, struct {
			Entries []Entry `json:"entries"`
		}{e.Journal(r.URL.Query()["path"]...)})
	case "DELETE " + controlPrefix + "journal":
		e.ClearJournal()
		w.WriteHeader(http.StatusNoContent)
	default:
		detail(http.StatusNotFound,
			"emulator: no such control; there are scene (GET, PUT), scenes, seed, journal (GET, DELETE)").write(w)
	}
}
