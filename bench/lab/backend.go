package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Backend is an emulator that runs as a process of its own.
type Backend struct {
	// URL is where it listens, and Token what it takes as a login.
	URL, Token string

	// Env points codexctl at it.
	Env []string

	// PID is its process.
	PID int

	cmd *exec.Cmd
}

// started is the line that an emulator prints once it listens.
type started struct {
	URL      string `json:"url"`
	PID      int    `json:"pid"`
	AuthFile string `json:"auth_file"`
}

// login is as much of a stored login as a rival needs.
type login struct {
	AccessToken string `json:"access_token"`
}

// Backend starts an emulator that behaves as scene, a JSON object, says. args are more
// of its arguments.
func (l *Lab) Backend(ctx context.Context, scene string, args ...string) (*Backend, error) {
	file := l.Path("scene.json")
	if err := os.WriteFile(file, []byte(scene), 0o600); err != nil {
		return nil, err
	}
	args = append([]string{"emulator", "start", "--json", "--scene", file}, args...)
	cmd := exec.CommandContext(ctx, l.Program(Codexctl), args...)
	cmd.Env = l.Environment("TMPDIR=" + l.Dir)
	line, err := StartAndRead(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	b := &Backend{cmd: cmd}
	var s started
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		return nil, errors.Join(fmt.Errorf("the emulator's first line: %w", err), b.Close())
	}
	b.URL, b.PID = s.URL, s.PID
	b.Env = []string{"CODEXCTL_BASE_URL=" + s.URL + "/backend-api/codex", "CODEXCTL_ISSUER=" + s.URL, "CODEXCTL_AUTH_FILE=" + s.AuthFile}
	var stored login
	data, err := os.ReadFile(s.AuthFile)
	if err == nil {
		err = json.Unmarshal(data, &stored)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.Token = stored.AccessToken
	return b, nil
}

// StartAndRead starts cmd and returns the first line that it prints. What else it
// prints is thrown away.
func StartAndRead(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := readLine(out)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return "", fmt.Errorf("%w: %s", err, &stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return line, nil
}

// readLine reads byte by byte, and so nothing beyond the line.
func readLine(r io.Reader) (string, error) {
	var b strings.Builder
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return b.String(), nil
		}
		b.WriteByte(one[0])
	}
}

// Close ends the emulator.
func (b *Backend) Close() error {
	_ = b.cmd.Process.Signal(os.Interrupt)
	_ = b.cmd.Wait() // it was told to end
	return nil
}

// Responses is the address of the Responses API.
func (b *Backend) Responses() string { return b.URL + "/backend-api/codex/responses" }

// SetScene makes the backend behave as scene, a JSON object, says from now on.
func (b *Backend) SetScene(ctx context.Context, scene string) error {
	return b.control(ctx, http.MethodPut, "scene", scene, nil)
}

// Requests is how many requests the backend remembers.
func (b *Backend) Requests(ctx context.Context) (int, error) {
	var journal struct {
		Entries []json.RawMessage `json:"entries"`
	}
	err := b.control(ctx, http.MethodGet, "journal", "", &journal)
	return len(journal.Entries), err
}

// Forget empties what the backend remembers.
func (b *Backend) Forget(ctx context.Context) error {
	return b.control(ctx, http.MethodDelete, "journal", "", nil)
}

func (b *Backend) control(ctx context.Context, method, what, body string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, b.URL+"/__emulator/"+what, strings.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", method, what, response.Status, data)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}
