package emulator

import (
	"strings"
	"time"
)

// deviceLifetime is how long a device login may take: the 15 minutes that the
// official client tells its users.
const deviceLifetime = 15 * time.Minute

// device is one device login.
type device struct {
	id       string // the client's half, a secret
	userCode string // the person's half
	state    deviceState
	polls    int // that were told to wait
	expires  time.Time
}

// deviceState is how far a device login has come.
type deviceState int

const (
	deviceWaiting deviceState = iota
	deviceApproved
	deviceDenied
	deviceLate
	deviceUnknown // there never was one, or its code has been fetched
)

// deviceGrant is what an approved device gets: a code, with a PKCE pair that the
// issuer has made.
//
// Source: docs/protocol.md, device login.
type deviceGrant struct {
	Code      string `json:"authorization_code"`
	Challenge string `json:"code_challenge"`
	Verifier  string `json:"code_verifier"`
}

// newDevice begins a device login.
func (i *issuer) newDevice(now time.Time) *device {
	const letters, digits = "BCDFGHJKLMNPQRSTVWXZ", "0123456789" // no vowels, so no words
	i.mu.Lock()
	defer i.mu.Unlock()
	pick := func(alphabet string, n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(alphabet[i.rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	d := &device{
		id:       "deviceauth_" + randomHex(i.rng, 32),
		userCode: pick(letters, 4) + "-" + pick(letters+digits, 5),
		expires:  now.Add(deviceLifetime),
	}
	i.devices[d.id] = d
	return d
}

// poll asks how far a device login has come. An approved one is forgotten: its
// grant is given once, which may be stricter than life.
func (i *issuer) poll(id, userCode, redirect string, now time.Time, scene Scene) (deviceGrant, deviceState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	d := i.devices[id]
	switch {
	case d == nil || d.userCode != userCode:
		return deviceGrant{}, deviceUnknown
	case !now.Before(d.expires):
		return deviceGrant{}, deviceLate
	}
	if d.state == deviceWaiting && scene.approves(d.polls) {
		d.state = deviceApproved
	}
	switch d.state {
	case deviceWaiting:
		d.polls++
		return deviceGrant{}, deviceWaiting
	case deviceApproved:
		delete(i.devices, id)
		verifier := randomString(i.rng, 86)
		grant := deviceGrant{Challenge: challenge(verifier), Verifier: verifier}
		grant.Code = i.nameCode(code{
			redirect: redirect, challenge: grant.Challenge, scope: defaultScope, expires: now.Add(codeLifetime),
		})
		return grant, deviceApproved
	}
	return deviceGrant{}, d.state
}

// approves reports whether a device that was told to wait so often is let in
// without anybody's doing.
func (s Scene) approves(polls int) bool {
	switch s.DeviceApproval {
	case DeviceApprovalAtOnce:
		return true
	case DeviceApprovalPerson:
		return false
	}
	return polls >= max(s.DevicePolls, 1)
}

// decide approves or denies the device login with this user code, which people may
// type in lower case. It reports whether one was waiting.
func (i *issuer) decide(userCode string, state deviceState, now time.Time) bool {
	userCode = strings.ToUpper(strings.TrimSpace(userCode))
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, d := range i.devices {
		if d.userCode == userCode && d.state == deviceWaiting && now.Before(d.expires) {
			d.state = state
			return true
		}
	}
	return false
}

// Approve lets the device with this user code in, as a person at the page
// /codex/device would. It reports whether one was waiting; if not, nothing has
// changed.
func (e *Emulator) Approve(userCode string) bool {
	return e.issuer.decide(userCode, deviceApproved, e.config.Now())
}

// Deny turns the device with this user code away. It reports whether one was
// waiting; if not, nothing has changed.
func (e *Emulator) Deny(userCode string) bool {
	return e.issuer.decide(userCode, deviceDenied, e.config.Now())
}
