package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// ReplayHeader names the request header that chooses a recording by its name.
const ReplayHeader = "X-Emulator-Replay"

// recording is one recorded exchange: NAME.json says what was asked and with
// which status it was answered, NAME.sse is the body of the answer.
type recording struct {
	name    string
	Status  int `json:"status"`
	Request struct {
		Model json.RawMessage `json:"model"`
		Input json.RawMessage `json:"input"`
		Tools json.RawMessage `json:"tools"`
	} `json:"request"`
	key  string // what a request must equal; see replayKey
	body []byte
}

// replayer serves recordings.
type replayer struct {
	recordings []recording // by name
}

// ValidateReplay says why a folder cannot be [Config.Replay]: it holds no recording, or
// the first file that looks like one and is none. nil if it can, or if there is none.
func ValidateReplay(folder fs.FS) error {
	_, err := loadReplay(folder)
	return err
}

// loadReplay reads all recordings of a folder. A nil folder holds none.
func loadReplay(folder fs.FS) (*replayer, error) {
	if folder == nil {
		return &replayer{}, nil
	}
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, fmt.Errorf("look for recordings: %w", err)
	}
	r := &replayer{}
	for _, file := range names {
		one, err := loadRecording(folder, strings.TrimSuffix(file, ".json"))
		if err != nil {
			return nil, fmt.Errorf("%s is no recording: %w", file, err)
		}
		r.recordings = append(r.recordings, one)
	}
	if len(r.recordings) == 0 {
		return nil, errors.New("the folder holds no recording")
	}
	return r, nil
}

func loadRecording(folder fs.FS, name string) (recording, error) {
	one := recording{name: name}
	about, err := fs.ReadFile(folder, name+".json")
	if err != nil {
		return one, err
	}
	if json.Unmarshal(about, &one) != nil {
		return one, errors.New("not a JSON object with status and request")
	}
	if one.Status < 200 || one.Status > 599 {
		return one, errors.New("its status is not a number from 200 to 599")
	}
	one.key = replayKey(one.Request.Model, one.Request.Input, one.Request.Tools)
	if one.body, err = fs.ReadFile(folder, name+".sse"); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no %s.sse beside it", name)
	}
	return one, err
}

// replayKey renders what identifies a request: equal for equal values, however
// their fields are ordered and spaced. No tools and an empty list are the same.
func replayKey(parts ...json.RawMessage) string {
	var key strings.Builder
	for _, part := range parts {
		var value any
		dec := json.NewDecoder(bytes.NewReader(part))
		dec.UseNumber()
		if dec.Decode(&value) != nil {
			value = nil
		}
		if list, ok := value.([]any); ok && len(list) == 0 {
			value = nil
		}
		key.Write(encode(value)) // sorts the fields of objects
		key.WriteByte('\n')
	}
	return key.String()
}

// find returns the recording of this name, else the first with this key, else
// the only one there is, else nil.
func (r *replayer) find(name, key string) *recording {
	for i := range r.recordings {
		if one := &r.recordings[i]; name == one.name || name == "" && key == one.key {
			return one
		}
	}
	if name == "" && len(r.recordings) == 1 {
		return &r.recordings[0]
	}
	return nil
}

// serveReplay answers from the recordings. The scene's faults, pace and way of
// writing still apply, its oddities of events do not: recorded bytes stay as they
// are.
func (x *exchange) serveReplay(endpoint string, who person) {
	replay, err := x.replay()
	if err != nil {
		detail(http.StatusInternalServerError, "emulator: %v", err).write(x.w)
		return
	}
	scene, refused := x.prelude(endpoint, "", who)
	if refused != nil {
		refused.write(x.w)
		return
	}
	var q struct {
		Model json.RawMessage `json:"model"`
		Input json.RawMessage `json:"input"`
		Tools json.RawMessage `json:"tools"`
	}
	_ = json.Unmarshal(x.body, &q) // what cannot be read matches nothing
	one := replay.find(x.r.Header.Get(ReplayHeader), replayKey(q.Model, q.Input, q.Tools))
	if one == nil {
		detail(http.StatusNotFound, "emulator: no recording of this request").write(x.w)
		return
	}
	if one.Status != http.StatusOK {
		(&refusal{status: one.Status, raw: one.body}).write(x.w)
		return
	}
	var model string
	_ = json.Unmarshal(one.Request.Model, &model)
	x.stream(scene, who, model, replayFrames(one.body))
}

// replayFrames cuts a recorded body after each blank line.
func replayFrames(body []byte) []frame {
	var frames []frame
	for block := range bytes.SplitAfterSeq(body, []byte("\n\n")) {
		if len(block) == 0 {
			continue
		}
		f := frame{verbatim: block}
		switch first, _, _ := bytes.Cut(block, []byte("\n")); string(first) {
		case "event: response.created":
			f.kind = frameCreated
		case "event: response.output_text.delta":
			f.kind = frameDelta
		case "event: response.completed", "event: response.failed", "event: response.incomplete":
			f.kind = frameTerminal
		}
		frames = append(frames, f)
	}
	return frames
}
