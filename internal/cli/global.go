package cli

import "time"

// globalOptions are the flags that every command takes.
type globalOptions struct {
	json, jsonl    bool
	transform      string
	rawOutput      bool
	quiet, verbose bool
	debug          bool
	color          string
	noInput        bool

	authFile      string
	baseURL       string
	issuer        string
	originator    string
	noOriginator  bool
	clientVersion string
	headers       repeated
	renewShared   bool
	noRefresh     bool

	timeout        time.Duration
	connectTimeout time.Duration
	idleTimeout    time.Duration
	retries        int
	caCert         string
	config         string

	noStdin      bool
	stdinTimeout time.Duration

	help, version bool
}

func defaultGlobals() globalOptions {
	return globalOptions{
		color:          "auto",
		timeout:        10 * time.Minute,
		connectTimeout: 15 * time.Second,
		idleTimeout:    5 * time.Minute,
		retries:        3,
	}
}

func (g *globalOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("json", &g.json, "exactly one JSON document on stdout, also on failure"),
		boolFlag("jsonl", &g.jsonl, "one JSON value per line as things happen"),
		stringFlag("transform", "PATH", &g.transform, "GJSON path applied to the JSON result; implies --json"),
		boolFlag("raw-output,r", &g.rawOutput, "string results of --transform without quotes"),
		boolFlag("quiet,q", &g.quiet, "only errors on stderr"),
		boolFlag("verbose,v", &g.verbose, "more on stderr"),
		boolFlag("debug", &g.debug, "trace HTTP on stderr, without secrets"),
		stringFlag("color", "WHEN", &g.color, "auto, always or never"),
		boolFlag("no-input", &g.noInput, "never ask anything"),
		stringFlag("auth-file", "FILE", &g.authFile, "credential file to use"),
		stringFlag("base-url", "URL", &g.baseURL, "backend address"),
		stringFlag("issuer", "URL", &g.issuer, "address of the login's issuer"),
		stringFlag("originator", "NAME", &g.originator, "name to identify as (default codexctl)"),
		boolFlag("no-originator", &g.noOriginator, "send no originator header"),
		stringFlag("client-version", "V", &g.clientVersion, "Codex-compatible version to declare"),
		repeatedFlag("header,H", "'K: V'", &g.headers, "extra request header, wins over ours; 'K:' removes one (repeat)"),
		boolFlag("renew-shared", &g.renewShared, "renew the official Codex CLI's login and write it back"),
		boolFlag("no-refresh", &g.noRefresh, "never renew a login"),
		durationFlag("timeout", &g.timeout, "bound on one answer, 0 for none (default 10m)"),
		durationFlag("connect-timeout", &g.connectTimeout, "bound on connecting (default 15s)"),
		durationFlag("idle-timeout", &g.idleTimeout, "longest silence on a stream, 0 for any (default 5m)"),
		intFlag("retries", "N", &g.retries, "tries after a failure, before the first output only (default 3)"),
		stringFlag("ca-cert", "FILE", &g.caCert, "certificates to trust besides the system's"),
		stringFlag("config", "FILE", &g.config, "configuration file (default ~/.config/codexctl/config.toml)"),
		boolFlag("no-stdin", &g.noStdin, "never read stdin"),
		durationFlag("stdin-timeout", &g.stdinTimeout, "give up on a silent stdin after this time"),
		boolFlag("help,h", &g.help, "show help"),
		boolFlag("version,V", &g.version, "show the version"),
	}
}

// wantsDocument says whether stdout is for a program: one JSON document.
func (g *globalOptions) wantsDocument() bool { return g.json || g.transform != "" }
