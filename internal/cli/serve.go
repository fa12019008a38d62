package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/internal/proxy"
)

// serveOptions are the flags of `serve`.
type serveOptions struct {
	host       string
	port       int
	unix       string
	keyFile    string
	allowHosts repeated
	origins    repeated

	aliasOptions

	model            optional
	instructionsFile string
	instructionsMode string
	reasoning        string
	strict           bool

	sessionStore string
	sessionTTL   time.Duration
	noStore      bool

	maxConcurrent int
	drain         time.Duration
	logFormat     string
	logFile       string
	printEnv      bool
	check         string
}

func serveCommand() command {
	return command{
		name: "serve", summary: "a local OpenAI-compatible server over the subscription",
		details: `Base addresses for clients: http://localhost:8000/v1, or /codex and /codex/v1 as the
guides have it. Any API key will do unless one is set. The server starts without a
login as well and uses one as soon as it is there.`,
		examples: []string{
			"codexctl serve",
			"codexctl serve -p 0 --json",
			`eval "$(codexctl serve --print-env)"`,
			"codexctl serve --host 0.0.0.0 --allow-host box.lan --api-key-file key.txt",
			"codexctl serve --session-store redis://localhost:6379/0",
			"codexctl serve --check http://localhost:8000",
		},
		result: func(l line) any {
			if l.given["check"] {
				return envelope{} // the health is the other server's document
			}
			return serveDocument{}
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &serveOptions{port: 8000, instructionsMode: "default", maxConcurrent: 2048, drain: 10 * time.Second, logFormat: "text"}
			inv.verify = func() error { return o.verify(inv) }
			return o.flags(), func(ctx context.Context, args []string) error {
				if len(args) > 0 {
					return usagef("serve takes no arguments, not %q", args[0])
				}
				return o.run(ctx, inv)
			}
		},
	}
}

func (o *serveOptions) flags() []flagSpec {
	return []flagSpec{
		stringFlag("host", "ADDR", &o.host, "address to listen on (default this machine: 127.0.0.1 and ::1)"),
		intFlag("port,p", "N", &o.port, "port, 0 for any free one (default 8000)"),
		stringFlag("unix", "PATH", &o.unix, "listen on a Unix socket instead"),
		stringFlag("api-key-file", "FILE", &o.keyFile, "file with the key that callers must show; needed beyond this machine"),
		repeatedFlag("allow-host", "NAME", &o.allowHosts, "name that callers may use for this server in Host (repeat)"),
		repeatedFlag("cors", "ORIGIN", &o.origins, "web page that may use this server, such as https://app.example (repeat)"),
		optionalFlag("model,m", "NAME", &o.model, "model for requests that name none (default "+defaultModel+")"),
		o.aliasFlag(),
		stringFlag("instructions-file", "FILE", &o.instructionsFile, "instructions of the server's own"),
		stringFlag("instructions-mode", "MODE", &o.instructionsMode, "default: if the caller has none; append: behind the caller's; override: instead of them"),
		stringFlag("reasoning", "HOW", &o.reasoning, "reasoning in chat answers: tags, field or off (default tags below /codex, field below /v1)"),
		boolFlag("strict", &o.strict, "refuse fields that the backend refuses, instead of dropping them"),
		stringFlag("session-store", "URL", &o.sessionStore, "keep conversations in Redis or Valkey: redis://HOST:PORT/DB (default files of this machine)"),
		durationFlag("session-ttl", &o.sessionTTL, "end named conversations after so much idleness (default 24h)"),
		boolFlag("no-store", &o.noStore, "keep no conversations"),
		intFlag("max-concurrent", "N", &o.maxConcurrent, "answers at a time, 0 for any number (default 2048)"),
		durationFlag("drain", &o.drain, "on SIGTERM, wait so long for running answers (default 10s)"),
		stringFlag("log-format", "FORM", &o.logFormat, "text or json"),
		stringFlag("log-file", "FILE", &o.logFile, "append the access log to a file (default stderr)"),
		boolFlag("print-env", &o.printEnv, "print shell exports for clients, and end"),
		stringFlag("check", "URL", &o.check, "ask a running server for its health, and end"),
	}
}

func (o *serveOptions) run(ctx context.Context, inv *invocation) error {
	if inv.global.jsonl {
		return usagef("serve has no events: --json prints one line once it listens")
	}
	if o.printEnv && inv.global.wantsDocument() {
		return usagef("--print-env prints shell exports, which may hold the key: it has no --json")
	}
	key, err := o.key(ctx, inv)
	if err != nil {
		return err
	}
	switch {
	case o.check != "":
		return o.checkHealth(ctx, inv, key)
	case o.printEnv:
		return o.printVariables(inv, key)
	case key == "" && !o.local():
		return inv.blame("host", &usageError{
			message: fmt.Sprintf("--host %s is open to other machines: a key is needed", o.host),
			hint:    "openssl rand -hex 24 > key.txt; codexctl serve --host " + o.host + " --api-key-file key.txt",
		})
	}
	logger, closeLog, err := o.logger(inv)
	if err != nil {
		return err
	}
	defer closeLog()
	config, finish, err := o.config(ctx, inv, key, logger)
	if err != nil {
		return err
	}
	defer finish()
	handler, stop := settle(proxy.New(config))
	defer stop()
	return o.listenAndServe(ctx, inv, handler, logger)
}

// verify finds what is wrong with the flags and settings before anything is begun.
func (o *serveOptions) verify(inv *invocation) error {
	oneOf := func(flag, value string, allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		last := len(allowed) - 1
		return inv.badSetting(flag, fmt.Errorf("want %s or %s, not %q", strings.Join(allowed[:last], ", "), allowed[last], value))
	}
	for _, err := range []error{
		oneOf("instructions-mode", o.instructionsMode, "default", "append", "override"),
		oneOf("reasoning", cmp.Or(o.reasoning, "tags"), "tags", "field", "off"),
		oneOf("log-format", o.logFormat, "text", "json"),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case o.port < 0 || o.port > 65535:
		return inv.badSetting("port", fmt.Errorf("want 0 to 65535, not %d", o.port))
	case o.maxConcurrent < 0:
		return inv.badSetting("max-concurrent", fmt.Errorf("want 0 or more, not %d", o.maxConcurrent))
	case o.unix != "" && (o.host != "" || inv.given["port"]):
		return inv.blame("unix", usagef("--unix excludes --host and --port"))
	case o.noStore && o.sessionStore != "" && inv.given["session-store"]:
		return usagef("--no-store and --session-store exclude each other")
	case o.instructionsMode != "default" && o.instructionsFile == "":
		return inv.badSetting("instructions-mode", fmt.Errorf("%s goes with --instructions-file", o.instructionsMode))
	}
	for _, err := range []error{
		inv.verifyTime("session-ttl", o.sessionTTL), inv.verifyTime("drain", o.drain),
		inv.verifyModel(o.model), o.checkAliases(inv),
	} {
		if err != nil {
			return err
		}
	}
	for i, origin := range o.origins {
		if origin != "*" && !strings.Contains(origin, "://") {
			return inv.badItem("cors", i, fmt.Errorf("want an origin such as https://app.example, not %q", origin))
		}
	}
	return nil
}

// local says whether only this machine can reach the server.
func (o *serveOptions) local() bool { return o.host == "" || o.unix != "" || loopback(o.host) }

// key is what callers must show; empty when nothing is asked for.
func (o *serveOptions) key(ctx context.Context, inv *invocation) (string, error) {
	text := inv.env.Getenv("CODEXCTL_SERVE_KEY")
	origin := "CODEXCTL_SERVE_KEY"
	if o.keyFile != "" {
		data, err := slurp(ctx, o.keyFile, inputLimit)
		if err != nil {
			return "", inv.blame("api-key-file", usageOr(ctx, err, "--api-key-file"))
		}
		if text, origin = strings.TrimSpace(string(data)), "--api-key-file"; text == "" {
			return "", inv.blame("api-key-file", usagef("--api-key-file %s: the file is empty", o.keyFile))
		}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &settingError{origin, fmt.Errorf("a key is of printable characters, on one line")}
	}
	return text, nil
}

// reasonings are how reasoning is shown below /codex and below /v1.
func (o *serveOptions) reasonings() (codex, v1 chatcompat.Reasoning) {
	switch o.reasoning {
	case "tags":
		return chatcompat.ReasoningTags, chatcompat.ReasoningTags
	case "field":
		return chatcompat.ReasoningField, chatcompat.ReasoningField
	case "off":
		return chatcompat.ReasoningOff, chatcompat.ReasoningOff
	}
	return chatcompat.ReasoningTags, chatcompat.ReasoningField
}

func (o *serveOptions) mode() proxy.Mode {
	switch o.instructionsMode {
	case "append":
		return proxy.ModeAppend
	case "override":
		return proxy.ModeOverride
	}
	return proxy.ModeDefault
}

// printVariables prints what a client needs to find the server.
func (o *serveOptions) printVariables(inv *invocation, key string) error {
	if o.unix != "" {
		return usagef("--print-env: clients find no Unix socket by a variable")
	}
	if o.port == 0 {
		return usagef("--print-env wants a port: -p 0 is known only once the server listens")
	}
	if key == "" {
		key = "not-needed" // SDKs want one
	}
	exports := fmt.Sprintf("export OPENAI_BASE_URL=%s\nexport OPENAI_API_KEY=%s\n",
		shellQuote(baseURL(o.name(), o.port)+"/v1"), shellQuote(key))
	_, err := inv.out.Write([]byte(exports))
	return err
}

// name is the server's, for clients on this machine.
func (o *serveOptions) name() string {
	switch o.host {
	case "", "0.0.0.0", "::":
		return "127.0.0.1"
	}
	return o.host
}

// serveDocument is the JSON line of `serve`, once it listens.
type serveDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	URL           string         `json:"url"`
	PID           int            `json:"pid"`
	Version       string         `json:"version"`
	Error         *errorDocument `json:"error"`
}

// announce says where the server is.
func (o *serveOptions) announce(inv *invocation, url string) error {
	if inv.global.wantsDocument() {
		return inv.document(serveDocument{1, "serve", url, os.Getpid(), readBuild().Version, nil})
	}
	inv.talk.note("codexctl: listening on %s; base addresses %s/v1 and %s/codex; Ctrl-C ends it", url, url, url)
	return nil
}
