package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

const (
	deviceEndpoint  = "device code endpoint"
	deviceStartPath = "/api/accounts/deviceauth/usercode"
	devicePollPath  = "/api/accounts/deviceauth/token"
	deviceRedirect  = "/deviceauth/callback"
	devicePage      = "/codex/device"

	// maxUserCode is the longest code that a person can be asked to type, in bytes.
	maxUserCode = 64

	// deviceLife is how long a code lives if the issuer does not say. Source: fact D-2
	// in docs/protocol.md.
	deviceLife    = 15 * time.Minute
	maxDeviceLife = 24 * time.Hour

	// pollInterval is the pause between two polls if the issuer does not say, and
	// minPollInterval the shortest that is taken from it.
	pollInterval    = 5 * time.Second
	minPollInterval = time.Second
)

// DeviceLogin signs a person in with a code that they type on another machine. It
// is not RFC 8628: the issuer makes the PKCE pair, and its answers differ. The zero
// value works.
//
// Source: facts D-1 to D-5 in docs/protocol.md.
type DeviceLogin struct {
	// Config is whom to ask.
	Config Config

	// Store keeps the login. See [Keeper.Store]. Nil keeps nothing.
	Store func(credentials.Credential) error

	// Warn is told, once for each run of them, of polls that failed and are tried
	// again, on the goroutine that called Wait. Nil means nobody is told.
	Warn func(error)
}

// DeviceCode is what the issuer hands out when a device login begins. It prints and
// marshals without its secret half; [EncodePending] has that too.
//
// Source: facts D-1 and D-2 in docs/protocol.md.
type DeviceCode struct {
	// ID names this sign-in among others, for a login in two steps: 8 hexadecimal
	// digits. It is no secret.
	ID string

	// UserCode is what the person types, spelled as the issuer spelled it.
	UserCode string

	// VerifyURL is the page it is typed into. It is on the issuer's own host, whatever
	// the answer said.
	VerifyURL string

	// Interval is the pause between two polls, at least 1 s. The wire carries
	// seconds, as a number or as a text; when it carries none, it is 5 s.
	Interval time.Duration

	// Expires is when the issuer forgets the code, on the local clock. When the wire
	// does not say, it is 15 minutes after the start.
	Expires time.Time

	issuer string             // who made it and who alone gets it back
	handle credentials.Secret // the wire's device_auth_id
}

// Start asks for a code. It makes one request.
//
// The error is [ErrDeviceLoginOff]; [ErrSignInFailed] with an [*EndpointError]; a
// [*RedirectError]; the context's cause; or the transport's.
func (l *DeviceLogin) Start(ctx context.Context) (DeviceCode, error) {
	code, err := l.start(ctx)
	if err != nil {
		return DeviceCode{}, fmt.Errorf("start device login: %w", signInFailed(ctx, err))
	}
	return code, nil
}

func (l *DeviceLogin) start(ctx context.Context) (DeviceCode, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	body, err := json.Marshal(struct {
		ClientID string `json:"client_id"`
	}{l.Config.clientID()})
	if err != nil {
		return DeviceCode{}, err
	}
	r, err := l.Config.post(ctx, call{endpoint: deviceEndpoint, path: deviceStartPath, contentType: typeJSON, body: string(body)})
	if err != nil {
		return DeviceCode{}, err
	}
	if r.status == http.StatusNotFound {
		return DeviceCode{}, ErrDeviceLoginOff
	}
	answer, err := r.object()
	if err != nil {
		return DeviceCode{}, err
	}
	return l.read(r, answer)
}

// read makes a code of the issuer's answer.
func (l *DeviceLogin) read(r reply, answer gjson.Result) (DeviceCode, error) {
	code := DeviceCode{
		UserCode:  firstText(answer, "user_code", "usercode"),
		VerifyURL: l.Config.issuer() + devicePage,
		Interval:  interval(answer.Get("interval")),
		Expires:   expiry(answer, l.Config.now()),
		issuer:    l.Config.issuer(),
		handle:    secretField(answer, "device_auth_id"),
	}
	code.ID = code.handle.Fingerprint()
	switch {
	case code.handle.Empty():
		return DeviceCode{}, r.lacking("device id")
	case !code.showable():
		return DeviceCode{}, r.lacking("user code")
	}
	return code, nil
}

// showable reports whether there is a code that can be shown on a terminal.
func (c DeviceCode) showable() bool {
	return c.UserCode != "" && len(c.UserCode) <= maxUserCode && visible(c.UserCode)
}

// interval reads the pause between polls.
func interval(value gjson.Result) time.Duration {
	if value.Type != gjson.Number && value.Type != gjson.String {
		return pollInterval
	}
	pause := lifetime(value)
	if pause == 0 && value.String() != "0" {
		return pollInterval
	}
	return max(pause, minPollInterval)
}

// expiry reads when the code ends. A lifetime is better than an instant on somebody
// else's clock, and either must be of a size that a person could use.
func expiry(answer gjson.Result, now time.Time) time.Time {
	left := lifetime(answer.Get("expires_in"))
	if left == 0 {
		left = instant(answer.Get("expires_at")).Sub(now)
	}
	if left <= 0 || left > maxDeviceLife {
		left = deviceLife
	}
	return now.Add(left)
}

// instant reads Unix seconds or an RFC 3339 text; zero if it is neither.
func instant(value gjson.Result) time.Time {
	if t, err := time.Parse(time.RFC3339, value.String()); err == nil {
		return t
	}
	if seconds := value.Float(); seconds > 0 && seconds < 1e11 {
		return time.Unix(int64(seconds), 0)
	}
	return time.Time{}
}
