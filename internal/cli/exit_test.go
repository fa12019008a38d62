package cli

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// known is every exported error of the public packages, with what it must mean.
func known() map[string]struct {
	err  error
	exit int
	code string
} {
	type row = struct {
		err  error
		exit int
		code string
	}
	return map[string]row{
		"auth.ErrLoginRequired":     {auth.ErrLoginRequired, 4, "auth_required"},
		"auth.ErrLoginExpired":      {auth.ErrLoginExpired, 4, "auth_expired"},
		"auth.ErrNotRenewable":      {auth.ErrNotRenewable, 4, "auth_expired"},
		"auth.ErrRenewalRefused":    {auth.ErrRenewalRefused, 4, "auth_expired"},
		"auth.ErrForeignHost":       {auth.ErrForeignHost, 3, "config"},
		"auth.ErrAccountChanged":    {auth.ErrAccountChanged, 4, "auth_expired"},
		"auth.EndpointError":        {&auth.EndpointError{Status: 500}, 1, "server_error"},
		"auth.RefusedError":         {&auth.RefusedError{Code: "refresh_token_reused"}, 4, "auth_expired"},
		"auth.RedirectError":        {&auth.RedirectError{Status: 302, Host: "elsewhere.example.com"}, 6, "network"},
		"auth.ForeignHostError":     {&auth.ForeignHostError{Host: "https://example.com"}, 3, "config"},
		"auth.NotRenewableError":    {&auth.NotRenewableError{}, 4, "auth_expired"},
		"auth.ErrDenied":            {auth.ErrDenied, 11, "cancelled"},
		"auth.ErrNoEntitlement":     {auth.ErrNoEntitlement, 4, "plan_required"},
		"auth.ErrSignInFailed":      {auth.ErrSignInFailed, 4, "auth_denied"},
		"auth.ErrPortInUse":         {auth.ErrPortInUse, 3, "port_in_use"},
		"auth.ErrDeviceLoginOff":    {auth.ErrDeviceLoginOff, 4, "auth_denied"},
		"auth.ErrDeviceCodeExpired": {auth.ErrDeviceCodeExpired, 7, "timeout"},
		"auth.SignInError":          {&auth.SignInError{Code: "access_denied"}, 11, "cancelled"},
		"auth.PortError":            {&auth.PortError{Ports: []int{1455}}, 3, "port_in_use"},

		"credentials.ErrUnreadable":   {credentials.ErrUnreadable, 3, "config"},
		"credentials.ErrMalformed":    {credentials.ErrMalformed, 3, "config"},
		"credentials.ErrOtherLogin":   {credentials.ErrOtherLogin, 4, "auth_required"},
		"credentials.ErrNotWritable":  {credentials.ErrNotWritable, 3, "config"},
		"credentials.ErrChanged":      {credentials.ErrChanged, 3, "config"},
		"credentials.ErrLockTimeout":  {credentials.ErrLockTimeout, 7, "timeout"},
		"credentials.ErrNoLocking":    {credentials.ErrNoLocking, 3, "config"},
		"credentials.ErrDead":         {credentials.ErrDead, 4, "auth_expired"},
		"credentials.ErrNotFound":     {credentials.ErrNotFound, 4, "auth_required"},
		"credentials.ErrIncomplete":   {credentials.ErrIncomplete, 3, "config"},
		"credentials.ErrNotJWT":       {credentials.ErrNotJWT, 2, "usage"},
		"credentials.FileError":       {&credentials.FileError{Path: "f", Err: credentials.ErrMalformed}, 3, "config"},
		"credentials.OtherLoginError": {&credentials.OtherLoginError{Path: "f"}, 4, "auth_required"},
		"credentials.NotFoundError":   {&credentials.NotFoundError{}, 4, "auth_required"},
		"credentials.RescueError":     {&credentials.RescueError{Path: "f", Err: errors.New("disk full")}, 3, "config"},

		"responses.ErrUnauthorized":  {responses.ErrUnauthorized, 4, "auth_denied"},
		"responses.ErrForbidden":     {responses.ErrForbidden, 4, "auth_denied"},
		"responses.ErrPlan":          {responses.ErrPlan, 4, "plan_required"},
		"responses.ErrRegion":        {responses.ErrRegion, 4, "region_blocked"},
		"responses.ErrRateLimited":   {responses.ErrRateLimited, 5, "rate_limited"},
		"responses.ErrQuota":         {responses.ErrQuota, 5, "quota_exhausted"},
		"responses.ErrModel":         {responses.ErrModel, 1, "model_not_available"},
		"responses.ErrClientVersion": {responses.ErrClientVersion, 1, "model_not_available"},
		"responses.ErrContextLength": {responses.ErrContextLength, 1, "context_length_exceeded"},
		"responses.ErrInvalid":       {responses.ErrInvalid, 1, "invalid_request"},
		"responses.ErrOverloaded":    {responses.ErrOverloaded, 1, "server_error"},
		"responses.ErrServer":        {responses.ErrServer, 1, "server_error"},
		"responses.ErrBlocked":       {responses.ErrBlocked, 6, "network"},
		"responses.ErrRedirect":      {responses.ErrRedirect, 6, "network"},
		"responses.ErrConnection":    {responses.ErrConnection, 6, "network"},
		"responses.ErrTimeout":       {responses.ErrTimeout, 7, "timeout"},
		"responses.ErrTruncated":     {responses.ErrTruncated, 8, "truncated"},
		"responses.ErrIncomplete":    {responses.ErrIncomplete, 8, "incomplete"},
		"responses.ErrRefused":       {responses.ErrRefused, 8, "refused"},
		"responses.ErrBadRequest":    {responses.ErrBadRequest, 2, "usage"},
		"responses.FieldError":       {&responses.FieldError{Field: "input", Want: "text"}, 2, "usage"},
		"responses.APIError":         {&responses.APIError{Status: 429}, 5, "rate_limited"},
	}
}

func TestEveryErrorHasAMeaningThroughAWrap(t *testing.T) {
	for name, want := range known() {
		got := meaning(fmt.Errorf("ask: %w", fmt.Errorf("twice: %w", want.err)))
		if got.exit != want.exit || got.code != want.code {
			t.Errorf("%s means %d %q, want %d %q", name, got.exit, got.code, want.exit, want.code)
		}
	}
}

// The table above must name what the packages export, or it proves nothing.
func TestEveryExportedErrorIsKnown(t *testing.T) {
	table := known()
	for _, pkg := range []string{"auth", "credentials", "responses"} {
		for _, name := range exportedErrors(t, filepath.Join("..", "..", "pkg", pkg)) {
			if _, ok := table[pkg+"."+name]; !ok {
				t.Errorf("%s.%s is not in the table of known errors: give it a row there and in exit.go", pkg, name)
			}
		}
	}
}

// exportedErrors lists the sentinels and the error types of a package.
func exportedErrors(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			names = append(names, errorsOf(declaration)...)
		}
	}
	return names
}

func errorsOf(declaration ast.Decl) []string {
	var names []string
	switch d := declaration.(type) {
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			values, ok := spec.(*ast.ValueSpec)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, name := range values.Names {
				if strings.HasPrefix(name.Name, "Err") {
					names = append(names, name.Name)
				}
			}
		}
	case *ast.FuncDecl:
		if d.Name.Name != "Error" || d.Recv == nil {
			break
		}
		if star, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok {
			if name := star.X.(*ast.Ident); name.IsExported() {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

type ownError struct {
	name string
	err  error
	exit int
	code string
}

// ownErrors are errors of this package, and others that have no row of their own.
func ownErrors() []ownError {
	return []ownError{
		{"a bad line", usagef("no"), 2, "usage"},
		{"a bad variable", &settingError{"CODEXCTL_RETRIES", errors.New("no")}, 3, "config"},
		{"a busy port", &portError{"127.0.0.1:1", "--addr 127.0.0.1:0", syscall.EADDRINUSE}, 3, "port_in_use"},
		{"a server that is not well", errUnhealthy, 1, "server_error"},
		{"--timeout", errDeadline, 7, "timeout"},
		{"--min-ttl", errExpiresSoon, 4, "auth_expired"},
		{"Ctrl-C at a prompt", terminal.ErrInterrupted, 130, "interrupted"},
		{"SIGINT", Interrupted(os.Interrupt), 130, "interrupted"},
		{"SIGTERM", Interrupted(syscall.SIGTERM), 143, "interrupted"},
		{"a transform without a value", &transformError{"x"}, 1, "internal"},
		{"a cancelled context", context.Canceled, 130, "interrupted"},
		{"anything else", errors.New("no"), 1, "internal"},
		{"issuer behind a web page", &auth.EndpointError{Status: 403, HTML: true}, 6, "network"},
		{"issuer refuses the region", &auth.EndpointError{Status: 403, Code: "unsupported_country_region_territory"}, 4, "region_blocked"},
		{"issuer is busy", &auth.EndpointError{Status: 429}, 5, "rate_limited"},
	}
}

func TestOwnErrors(t *testing.T) {
	for _, tt := range ownErrors() {
		t.Run(tt.name, func(t *testing.T) {
			got := meaning(fmt.Errorf("ask: %w", tt.err))
			if got.exit != tt.exit || got.code != tt.code {
				t.Errorf("means %d %q, want %d %q", got.exit, got.code, tt.exit, tt.code)
			}
		})
	}
}

// Every code that can come out stands in `help exit-codes`, and the other way round.
// cli-tools.md 7, check 20: the table that people read is the one in the code (cli.md 4).
func TestExitTableIsComplete(t *testing.T) {
	p := newProgram(t)
	if code := p.run("help", "exit-codes", "--json"); code != 0 {
		t.Fatalf("exit %d: %s", code, p.talk.String())
	}
	printed := map[string]bool{}
	for _, row := range gjson.Get(p.out.String(), "items").Array() {
		for _, name := range row.Get("error_codes").Array() {
			printed[row.Get("code").Raw+" "+name.Str] = true
		}
	}
	made := map[string]bool{}
	add := func(o outcome) { made[fmt.Sprint(o.exit, " ", o.code)] = true }
	for _, row := range outcomes() {
		add(row)
	}
	for _, want := range known() {
		add(meaning(want.err))
	}
	for _, want := range ownErrors() {
		add(meaning(want.err))
	}
	for pair := range made {
		if !printed[pair] {
			t.Errorf("%s comes out, and help exit-codes does not list it", pair)
		}
	}
	for pair := range printed {
		if !made[pair] {
			t.Errorf("help exit-codes lists %s, and no error means it", pair)
		}
	}
}

// cli.md 4: a message begins with the guide's words, and says them once, whatever the
// layers say that the error has passed.
func TestMessageSaysItOnce(t *testing.T) {
	refused := &auth.RefusedError{Code: "refresh_token_reused", Status: 401}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a refused renewal", fmt.Errorf("renew login: %w", refused), "Token refresh failed: refresh_token_reused (HTTP 401 Unauthorized)"},
		{"farther out", fmt.Errorf("ask: renew login: %w", refused), "Token refresh failed: ask: refresh_token_reused (HTTP 401 Unauthorized)"},
		{"an answer that is no token", fmt.Errorf("renew login: %w", &auth.EndpointError{Status: 500}), "Token refresh failed: token endpoint answered HTTP 500 Internal Server Error"},
		{"another account", fmt.Errorf("renew login: %w", auth.ErrAccountChanged), "Token refresh failed: the renewed login is of another account"},
		{"another kind of login", fmt.Errorf("%w: %w", auth.ErrLoginRequired, &credentials.OtherLoginError{Path: "a.json", Mode: "apikey"}), "No ChatGPT OAuth token found: a.json holds no ChatGPT login (apikey)"},
		{"no login", fmt.Errorf("%w: %w", auth.ErrLoginRequired, &credentials.NotFoundError{Missing: []string{"a.json"}}), "No valid OpenAI credentials found: a.json does not exist"},
		{"no place to look", &credentials.NotFoundError{}, "No valid OpenAI credentials found"},
		{"a plan without Codex", &auth.SignInError{Code: "missing_codex_entitlement"}, "ChatGPT plan does not include Codex: missing_codex_entitlement"},
		{"words of the error's own", fmt.Errorf("read: %w", errReaderGone), "read: " + errReaderGone.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := message(tt.err, meaning(tt.err), false); got != tt.want {
				t.Errorf("message %q, want %q", got, tt.want)
			}
		})
	}
	if got, want := message(&credentials.NotFoundError{}, meaning(credentials.ErrNotFound), true),
		"No valid OpenAI credentials found; HOME is not set, so the usual places do not exist"; got != want {
		t.Errorf("without a home %q, want %q", got, want)
	}
}
