package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// checkLimit bounds each check of `doctor`.
const checkLimit = 10 * time.Second

// The statuses of a check.
const (
	statusOK      = "ok"
	statusWarning = "warning"
	statusFail    = "fail"
)

// doctorOptions are the flags of `doctor`.
type doctorOptions struct {
	offline bool
}

func doctorCommand() command {
	return command{
		name: "doctor", summary: "find out why it does not work",
		details: `Looks at settings, login, clock, network and backend, and says what to type where
something is wrong. It changes nothing and renews no login. The result holds no token,
no address of a person, no account and no home directory: it can be pasted in public.
Exit 1 when a check fails.`,
		examples: []string{"codexctl doctor", "codexctl doctor --offline", `codexctl doctor --json --transform 'items.#(status=="fail")#.id'`},
		result:   always(doctorDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &doctorOptions{}
			flags := []flagSpec{boolFlag("offline", &o.offline, "leave out what needs the network")}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// doctorDocument is the JSON result of `doctor`.
type doctorDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	OverallStatus string         `json:"overall_status"`
	Offline       bool           `json:"offline"`
	Version       string         `json:"version"`
	OS            string         `json:"os"`
	Arch          string         `json:"arch"`
	Items         []checkResult  `json:"items"`
	Error         *errorDocument `json:"error"`
}

// checkResult is one row: what was found, and what to type about it.
type checkResult struct {
	ID          string  `json:"id"`
	Status      string  `json:"status"`
	Summary     string  `json:"summary"`
	Remediation *string `json:"remediation"`
	DurationMS  int64   `json:"duration_ms"`
}

// diagnosis is what a check has found.
type diagnosis struct{ status, summary, remedy string }

func healthy(format string, values ...any) diagnosis {
	return diagnosis{status: statusOK, summary: fmt.Sprintf(format, values...)}
}

// check is one row before it is known.
type check struct {
	id     string
	online bool // it needs the network
	run    func(context.Context) diagnosis
}

// doctor is what the checks share. They only read it.
type doctor struct {
	inv      *invocation
	login    credentials.Selection
	loginErr error
	now      time.Time

	base   *url.URL     // of the backend; nil if the address cannot be used
	client *http.Client // nil if the network cannot be set up
	fault  error        // why one of the two is nil
	probe  func() answered
	scrub  func(string) string
}

func (o *doctorOptions) run(ctx context.Context, inv *invocation) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	d := newDoctor(ctx, inv)
	var checks []check
	for _, c := range d.checks() {
		if !c.online || !o.offline {
			checks = append(checks, c)
		}
	}
	rows := d.examine(ctx, checks)
	var signal interrupted
	if cause := context.Cause(ctx); errors.As(cause, &signal) {
		return cause
	}
	return d.report(rows, o.offline)
}

func newDoctor(ctx context.Context, inv *invocation) *doctor {
	d := &doctor{inv: inv, now: inv.env.Now()}
	d.login, d.loginErr = inv.findLogin(ctx)
	d.scrub = newScrubber(inv.env.Home, d.login.Credential)
	address := cmp.Or(inv.global.baseURL, fallbackOf("base-url"))
	if d.fault = inv.checkURL("base-url", address); d.fault == nil {
		d.base, d.fault = url.Parse(address)
	}
	if d.fault == nil {
		d.client, d.fault = inv.httpClient(ctx)
	}
	d.probe = sync.OnceValue(func() answered {
		bounded, cancel := context.WithTimeoutCause(ctx, checkLimit, errNoResult)
		defer cancel()
		return d.knock(bounded)
	})
	return d
}

// errNoResult is checkLimit.
var errNoResult = fmt.Errorf("no result after %s", checkLimit)

// fallbackOf is what counts for a global flag that nothing sets.
func fallbackOf(flag string) string {
	s, _ := settingOf("", flag)
	return s.fallback
}

// checks are all checks, in the order of the result.
func (d *doctor) checks() []check {
	return []check{
		{"config", false, d.checkConfig},
		{"auth_file", false, d.checkAuthFile},
		{"token", false, d.checkToken},
		{"clock", true, d.checkClock},
		{"dns", true, d.checkDNS},
		{"tls", true, d.checkTLS},
		{"proxy", true, d.checkProxy},
		{"backend", true, d.checkBackend},
		{"ports", false, func(ctx context.Context) diagnosis { return checkPorts(ctx, []int{1455, 1457}) }},
		{"terminal", false, d.checkTerminal},
		{"state_dir", false, d.checkStateDir},
	}
}

// examine runs the checks at the same time. The rows have the order of the checks.
func (d *doctor) examine(ctx context.Context, checks []check) []checkResult {
	rows := make([]checkResult, len(checks))
	done := make(chan int, len(checks))
	for i, c := range checks {
		go func() {
			bounded, cancel := context.WithTimeoutCause(ctx, checkLimit, errNoResult)
			defer cancel()
			start := d.inv.env.Now()
			found := c.run(bounded)
			rows[i] = checkResult{
				ID: c.id, Status: found.status, Summary: d.scrub(found.summary),
				Remediation: stringOrNull(d.scrub(found.remedy)),
				DurationMS:  d.inv.env.Now().Sub(start).Milliseconds(),
			}
			done <- i
		}()
	}
	waiting := make(map[int]bool, len(checks))
	for i := range checks {
		waiting[i] = true
	}
	for range checks {
		d.progress(checks, waiting)
		delete(waiting, <-done)
	}
	d.progress(checks, waiting)
	return rows
}

// progress shows on a terminal what is still waited for. With nothing left it takes its
// line away.
func (d *doctor) progress(checks []check, waiting map[int]bool) {
	env, g := d.inv.env, &d.inv.global
	if !env.stderrRedraws() || g.quiet || g.debug {
		return
	}
	line := "\r\x1b[2K"
	if len(waiting) > 0 {
		var names []string
		for i, c := range checks {
			if waiting[i] {
				names = append(names, c.id)
			}
		}
		line += fmt.Sprintf("checking %d of %d: %s", len(checks)-len(waiting)+1, len(checks), names[0])
	}
	_, _ = fmt.Fprint(env.Stderr, line)
}

// report writes the result; its error says that checks have failed.
func (d *doctor) report(rows []checkResult, offline bool) error {
	doc := doctorDocument{
		SchemaVersion: 1, Type: "doctor", OverallStatus: statusOK, Offline: offline,
		Version: readBuild().Version, OS: runtime.GOOS, Arch: runtime.GOARCH, Items: rows,
	}
	var failed []string
	for _, row := range rows {
		switch row.Status {
		case statusFail:
			failed = append(failed, row.ID)
		case statusWarning:
			doc.OverallStatus = statusWarning
		}
	}
	var problem error
	if len(failed) > 0 {
		doc.OverallStatus = statusFail
		problem = fmt.Errorf("%w: %s", errUnwell, strings.Join(failed, ", "))
		doc.Error = d.inv.explain(problem)
	}
	if err := d.show(doc); err != nil {
		return err
	}
	if problem != nil {
		return &reported{problem}
	}
	return nil
}
