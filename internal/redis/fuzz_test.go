package redis

import (
	"net/url"
	"strings"
	"testing"
)

// Of an address with a password, neither what is shown nor what is said of it has the
// password.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"redis://localhost:6379/0", "rediss://u:%70w@h/1", "redis://h?x=1", "http://h", "redis:h", "redis://:secret-word@h:1/x", "redis://u:secret-word@[::1]:6379/2", "redis://secret-word@h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		shown, err := check(address)
		u, parseErr := url.Parse(address)
		if parseErr != nil {
			if err == nil {
				t.Errorf("%q is taken", address)
			}
			return
		}
		password, _ := u.User.Password()
		if len(password) < 6 || strings.Contains(u.Host+u.Path+u.Scheme, password) || strings.Contains("want redis://[user:password@]host[:port][/database] or rediss://…, with reserved characters in the password percent-encoded The Redis URL database is not a number has another scheme cannot be read part that means nothing here", password) {
			return
		}
		if strings.Contains(shown, password) || err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%q shows its password: %q, %v", address, shown, err)
		}
	})
}
