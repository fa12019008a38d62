package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// visitVariable makes the test binary a browser: it opens the address of its command
// line in Chromium and writes what was seen into the folder that the variable names.
const visitVariable = "CODEXCTL_E2E_VISIT"

// Files of a visit, beside the pictures light.png and dark.png.
const visitFile = "visit.json"

// visitTime is how long a visit may take.
const visitTime = 60 * time.Second

// visit is what a browser saw of a page.
type visit struct {
	URL      string    `json:"url"` // where it ended
	Title    string    `json:"title"`
	Text     string    `json:"text"` // as a person reads it
	DOM      string    `json:"dom"`
	Active   int       `json:"active"`   // elements that load or do something
	Requests []request `json:"requests"` // all that the page made, redirects included
	Console  []string  `json:"console"`  // complaints of the browser
	Light    look      `json:"light"`
	Dark     look      `json:"dark"`
}

// request is one request of a page.
type request struct {
	URL    string `json:"url"`
	Type   string `json:"type"`
	Status int    `json:"status"` // 0 if it has not been answered
}

// look is how a page is shown.
type look struct {
	Ground   string  `json:"ground"`   // colour behind everything
	Contrast float64 `json:"contrast"` // the lowest of all texts, as WCAG 2 reckons
	Wide     bool    `json:"wide"`     // a narrow window has to be scrolled sideways
}

// findChromium is the path of the browser.
func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("it is not on the PATH")
}

// needChromium skips the test where there is no Chromium.
func needChromium(t *testing.T) {
	t.Helper()
	if _, err := findChromium(); err != nil {
		unavailable(t, "Chromium", err)
	}
}

// readVisit reads what a browser has left in dir.
func readVisit(t *testing.T, dir string) visit {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, visitFile))
	if err != nil {
		t.Fatalf("the browser has left nothing: %v", err)
	}
	var v visit
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// browserMain is the test binary as a browser.
func browserMain(args []string, dir string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "browser: one address is wanted")
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), visitTime)
	defer cancel()
	if err := browse(ctx, args[0], dir); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		return 1
	}
	return 0
}

// browse opens an address in a fresh Chromium and writes the visit into dir.
func browse(ctx context.Context, address, dir string) error {
	c, err := startChromium(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	v, err := c.visit(ctx, address, dir)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, visitFile), data, 0o600)
}

// chromium is a browser that is led through a pair of pipes, with messages of the
// Chrome DevTools Protocol, each ended by a zero byte.
type chromium struct {
	process *exec.Cmd
	profile string
	to      *os.File
	from    *os.File
	answers *bufio.Reader
	session string // of the page
	last    int    // number of the last message that was sent

	requests map[string]int // identity → index in visit.Requests
	seen     visit
}

// message is one message of the protocol, an answer or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

func startChromium(ctx context.Context) (*chromium, error) {
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "codexctl-e2e-chromium-")
	if err != nil {
		return nil, err
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--window-size=900,600",
		"--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		// No page and no part of the browser finds any other machine.
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
		"--no-proxy-server",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // the sandbox cannot be root's
	}
	theirs, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, yours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := &chromium{
		process: exec.CommandContext(ctx, path, append(args, "about:blank")...),
		profile: profile, to: to, from: from, answers: bufio.NewReader(from), requests: map[string]int{},
	}
	c.process.ExtraFiles = []*os.File{theirs, yours} // 3 and 4 in the child
	c.process.WaitDelay = 5 * time.Second
	err = c.process.Start()
	theirs.Close()
	yours.Close()
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = from.SetReadDeadline(deadline)
	}
	return c, nil
}

func (c *chromium) close() {
	_ = c.call("Browser.close", nil, nil)
	c.to.Close()
	_ = c.process.Wait()
	c.from.Close()
	os.RemoveAll(c.profile)
}

// call sends a command and reads until its answer. Events on the way are noted.
func (c *chromium) call(method string, params, result any) error {
	c.last++
	command := map[string]any{"id": c.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if c.session != "" && method != "Browser.close" {
		command["sessionId"] = c.session
	}
	data, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := c.to.Write(append(data, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		data, err := c.answers.ReadBytes(0)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var m message
		if err := json.Unmarshal(bytes.TrimSuffix(data, []byte{0}), &m); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case m.ID != c.last:
			c.note(m)
		case m.Error != nil:
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(m.Result, result)
		}
	}
}

// note keeps what an event says about requests and complaints.
func (c *chromium) note(m message) {
	type response struct {
		Status int `json:"status"`
	}
	var event struct {
		RequestID string `json:"requestId"`
		Type      string `json:"type"`
		Request   struct {
			URL string `json:"url"`
		} `json:"request"`
		Redirect *response `json:"redirectResponse"`
		Response response  `json:"response"`
		Entry    struct {
			Text string `json:"text"`
		} `json:"entry"`
	}
	if json.Unmarshal(m.Params, &event) != nil {
		return
	}
	switch m.Method {
	case "Network.requestWillBeSent":
		if i, known := c.requests[event.RequestID]; known && event.Redirect != nil {
			c.seen.Requests[i].Status = event.Redirect.Status
		}
		c.requests[event.RequestID] = len(c.seen.Requests)
		c.seen.Requests = append(c.seen.Requests, request{URL: event.Request.URL, Type: event.Type})
	case "Network.responseReceived":
		if i, known := c.requests[event.RequestID]; known {
			c.seen.Requests[i].Status = event.Response.Status
		}
	case "Log.entryAdded":
		c.seen.Console = append(c.seen.Console, event.Entry.Text)
	}
}

// visit opens the address, waits for the page, and looks at it from all sides.
func (c *chromium) visit(ctx context.Context, address, dir string) (visit, error) {
	if err := c.attach(); err != nil {
		return visit{}, err
	}
	var gone struct {
		ErrorText string `json:"errorText"`
	}
	if err := c.call("Page.navigate", map[string]any{"url": address}, &gone); err != nil {
		return visit{}, err
	}
	if gone.ErrorText != "" {
		return visit{}, fmt.Errorf("open the address: %s", gone.ErrorText)
	}
	for ready := false; !ready; {
		if err := ctx.Err(); err != nil {
			return visit{}, err
		}
		time.Sleep(100 * time.Millisecond)
		if err := c.evaluate(`document.readyState === "complete" && location.protocol !== "about:"`, &ready); err != nil {
			return visit{}, err
		}
	}
	time.Sleep(500 * time.Millisecond) // whatever a page wants to fetch late
	if err := c.look("light", dir, &c.seen.Light); err != nil {
		return visit{}, err
	}
	if err := c.look("dark", dir, &c.seen.Dark); err != nil {
		return visit{}, err
	}
	return c.seen, c.evaluate(`({
		url: location.href, title: document.title, text: document.body.innerText,
		dom: document.documentElement.outerHTML,
		active: document.querySelectorAll("script, img, iframe, object, embed, link, form, a, [onerror], [onload]").length,
	})`, &c.seen)
}

// attach finds the page and listens to it.
func (c *chromium) attach() error {
	var targets struct {
		Infos []struct {
			ID   string `json:"targetId"`
			Type string `json:"type"`
		} `json:"targetInfos"`
	}
	var page struct {
		ID string `json:"targetId"`
	}
	if err := c.call("Target.getTargets", nil, &targets); err != nil {
		return err
	}
	for _, target := range targets.Infos {
		if target.Type == "page" {
			page.ID = target.ID
		}
	}
	if page.ID == "" {
		if err := c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &page); err != nil {
			return err
		}
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	if err := c.call("Target.attachToTarget", map[string]any{"targetId": page.ID, "flatten": true}, &session); err != nil {
		return err
	}
	c.session = session.ID
	for _, domain := range []string{"Network", "Page", "Log"} {
		if err := c.call(domain+".enable", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// evaluate reads the value of an expression from the page.
func (c *chromium) evaluate(expression string, into any) error {
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	if err := c.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer); err != nil {
		return err
	}
	if answer.Exception != nil {
		return fmt.Errorf("look at the page: %s", answer.Exception.Text)
	}
	return json.Unmarshal(answer.Result.Value, into)
}

// look shows the page to somebody who prefers the scheme, takes a picture, and
// measures; the last in a window as narrow as a telephone.
func (c *chromium) look(scheme, dir string, into *look) error {
	err := c.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
	if err != nil {
		return err
	}
	var picture struct {
		Data []byte `json:"data"` // base64 on the wire
	}
	if err := c.call("Page.captureScreenshot", map[string]any{"format": "png"}, &picture); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, scheme+".png"), picture.Data, 0o600); err != nil {
		return err
	}
	if err := c.evaluate(measure, into); err != nil {
		return err
	}
	narrow := map[string]any{"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false}
	if err := c.call("Emulation.setDeviceMetricsOverride", narrow, nil); err != nil {
		return err
	}
	if err := c.evaluate("document.documentElement.scrollWidth > innerWidth", &into.Wide); err != nil {
		return err
	}
	return c.call("Emulation.clearDeviceMetricsOverride", nil, nil)
}

// measure reckons the contrast of each text with what lies behind it. Source: WCAG 2.1,
// "relative luminance" and "contrast ratio".
const measure = `(() => {
	const parts = colour => colour.match(/[\d.]+/g).map(Number);
	const luminance = colour => {
		const [r, g, b] = parts(colour).slice(0, 3).map(v => v / 255)
			.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = element => {
		for (let e = element; e; e = e.parentElement) {
			const colour = getComputedStyle(e).backgroundColor;
			if (parts(colour)[3] !== 0) return colour;
		}
		return "rgb(255, 255, 255)";
	};
	const contrast = element => {
		const [low, high] = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => a - b);
		return (high + 0.05) / (low + 0.05);
	};
	return {
		ground: getComputedStyle(document.body).backgroundColor,
		contrast: Math.min(...[...document.querySelectorAll("h1, p, code")].map(contrast)),
	};
})()`
