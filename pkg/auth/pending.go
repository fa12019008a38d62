package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// pendingWire is how a device login in progress is kept between two processes.
type pendingWire struct {
	Version    int       `json:"version"`
	ID         string    `json:"id"`
	Issuer     string    `json:"issuer"`
	UserCode   string    `json:"user_code"`
	VerifyURL  string    `json:"verify_url"`
	IntervalMS int64     `json:"interval_ms"`
	Expires    time.Time `json:"expires_at"`
	Handle     string    `json:"device_auth_id"`
}

const pendingVersion = 1

// EncodePending makes of a device login in progress, secret half included, what
// another process needs to finish it: a JSON object of less than 8 KiB. Whoever has
// it gets the login, so it belongs into a file of mode 0600, and away when the login
// is done.
//
// The error says that code does not come from Start or DecodePending.
func EncodePending(code DeviceCode) ([]byte, error) {
	if code.handle.Empty() {
		return nil, errNoHandle
	}
	data, err := json.Marshal(pendingWire{
		Version:    pendingVersion,
		ID:         code.ID,
		Issuer:     code.issuer,
		UserCode:   code.UserCode,
		VerifyURL:  code.VerifyURL,
		IntervalMS: code.Interval.Milliseconds(),
		Expires:    code.Expires.UTC(),
		Handle:     code.handle.Reveal(),
	})
	if err != nil {
		return nil, fmt.Errorf("encode pending sign-in: %w", err)
	}
	return append(data, '\n'), nil
}

// DecodePending reads what [EncodePending] wrote. The error wraps
// [credentials.ErrMalformed] and quotes nothing.
func DecodePending(data []byte) (DeviceCode, error) {
	var wire pendingWire
	if json.Unmarshal(data, &wire) != nil {
		return DeviceCode{}, brokenPending(errors.New("not valid JSON of its kind"))
	}
	code := DeviceCode{
		ID:        wire.ID,
		UserCode:  wire.UserCode,
		VerifyURL: wire.VerifyURL,
		Interval:  max(time.Duration(wire.IntervalMS)*time.Millisecond, minPollInterval),
		Expires:   wire.Expires,
		issuer:    wire.Issuer,
		handle:    credentials.NewSecret(wire.Handle),
	}
	switch {
	case wire.Version != pendingVersion:
		return DeviceCode{}, brokenPending(fmt.Errorf("version %d is not known", wire.Version))
	case code.handle.Empty() || code.ID != code.handle.Fingerprint():
		return DeviceCode{}, brokenPending(errors.New("its parts do not belong together"))
	case !code.showable():
		return DeviceCode{}, brokenPending(errors.New("no user code"))
	}
	return code, nil
}

func brokenPending(cause error) error {
	return fmt.Errorf("pending sign-in %w: %w", credentials.ErrMalformed, cause)
}
