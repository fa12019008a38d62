package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// loginOptions are the flags of `auth login`.
type loginOptions struct {
	replaceOptions
	port           int
	noBrowser      bool
	browserCommand string
	withToken      bool
	wait           time.Duration
}

func authLoginCommand() command {
	return command{
		name: "login", summary: "sign in with ChatGPT in a browser",
		details: "The address to open is printed in any case. When the browser cannot come back to\nthis machine, paste the address of its last page here. A present login is replaced\nonly once the new one is stored.",
		examples: []string{
			"codexctl auth login",
			"codexctl auth login --no-browser",
			`printf '%s' "$LOGIN" | codexctl auth login --with-token`,
		},
		result: always(statusDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &loginOptions{wait: 5 * time.Minute}
			inv.verify = func() error { return o.verify(inv) }
			flags := append(o.flags(),
				intFlag("port", "N", &o.port, "port for the way back (default 1455, then 1457, which the issuer knows)"),
				boolFlag("no-browser", &o.noBrowser, "start no browser, print the address only"),
				stringFlag("browser-command", "CMD", &o.browserCommand, "how to start a browser; the address replaces %s or follows"),
				durationFlag("wait", &o.wait, "how long to wait for the browser, 0 for any time (default 5m)"),
				boolFlag("with-token", &o.withToken, "store the login whose JSON is on stdin, without a browser"),
			)
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// verify checks the values of settings.
func (o *loginOptions) verify(inv *invocation) error {
	if o.port < 0 || o.port > 65535 {
		return inv.badSetting("port", fmt.Errorf("want a number from 1 to 65535, not %d", o.port))
	}
	return inv.verifyTime("wait", o.wait)
}

func (o *loginOptions) run(ctx context.Context, inv *invocation) error {
	s, err := newSignIn(ctx, inv, &o.replaceOptions)
	if err != nil {
		return err
	}
	return s.conclude(ctx, o.login(ctx, s))
}

func (o *loginOptions) login(ctx context.Context, s *signIn) error {
	if o.withToken {
		return o.takeToken(ctx, s)
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, cancel := boundedWait(ctx, o.wait)
	defer cancel()
	stop := s.waiting(ctx)
	defer stop()
	_, err := o.browserLogin(ctx, s).Login(ctx)
	return err
}

// takeToken stores a login that somebody else has obtained.
func (o *loginOptions) takeToken(ctx context.Context, s *signIn) error {
	c, _, err := s.inv.readLogin(ctx, credentials.LangChain)
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.keeper.Store(c)
}

func (o *loginOptions) browserLogin(ctx context.Context, s *signIn) *auth.BrowserLogin {
	inv := s.inv
	login := &auth.BrowserLogin{
		Config: s.config, Originator: inv.chosenOriginator(),
		Show: func(address string) { o.show(s, address) },
		Store: func(c credentials.Credential) error {
			return s.keeper.Store(c)
		},
		Warn:  func(err error) { inv.talk.warn("%v", err) },
		Retry: "codexctl auth login",
	}
	if o.port != 0 {
		login.Ports = []int{o.port}
		if !auth.RegisteredPort(o.port) {
			inv.talk.warn("the issuer knows the ports 1455 and 1457 only; it may refuse %d at the last step", o.port)
		}
	}
	if o.mayStartBrowser(inv) {
		command := cmp.Or(o.browserCommand, inv.env.Getenv("BROWSER"))
		login.Open = func(address string) error { return inv.env.Browse(command, address) }
	}
	if inv.canPaste() {
		login.Paste = pastedLines(ctx, inv)
	}
	return login
}

// chosenOriginator is a name that somebody gave; the default name is not sent to the
// authorize page, which has refused names that it did not know.
func (inv *invocation) chosenOriginator() string {
	if inv.global.noOriginator {
		return ""
	}
	return inv.global.originator
}

// mayStartBrowser says whether a browser would do the person any good.
func (o *loginOptions) mayStartBrowser(inv *invocation) bool {
	remote := inv.remote() && inv.env.Getenv("DISPLAY") == "" && inv.env.Getenv("WAYLAND_DISPLAY") == ""
	return !o.noBrowser && !inv.global.noInput && (!remote || o.browserCommand != "") && inv.env.Browse != nil
}

// remote says whether the person sits at another machine.
func (inv *invocation) remote() bool {
	return inv.env.Getenv("SSH_CONNECTION") != "" || inv.env.Getenv("SSH_TTY") != ""
}

// canPaste says whether an address can be typed in.
func (inv *invocation) canPaste() bool {
	return inv.env.StdinKind == StdinTerminal && !inv.global.noInput && !inv.global.noStdin
}

// show tells the person where to go. The address stands alone on its line, so that
// it can be copied whole.
func (o *loginOptions) show(s *signIn, address string) {
	s.emit(urlLine{"url", address})
	talk := s.inv.talk
	talk.say("Open this address in a browser to sign in:\n\n" + address + "\n")
	switch remote, paste := s.inv.remote(), s.inv.canPaste(); {
	case remote && paste:
		talk.say("You are on another machine: when the browser shows an error at the end, paste the\naddress of that page here and press Enter; or use: codexctl auth login-device")
	case remote:
		talk.say("You are on another machine: when the browser shows an error at the end, use this\ninstead: codexctl auth login-device")
	case paste:
		talk.note("If the browser cannot come back, paste the address of its last page here.")
	}
}

// pastedLines gives what is typed at the terminal, line by line, until the context
// ends.
func pastedLines(ctx context.Context, inv *invocation) <-chan string {
	lines := make(chan string)
	// A read of a terminal cannot be interrupted: this goroutine ends with the next
	// line, or with the process.
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(inv.env.Stdin)
		for scanner.Scan() {
			line := strings.TrimSpace(scanner.Text())
			if line == "" {
				continue
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
