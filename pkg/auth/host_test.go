package auth

import (
	"net/url"
	"testing"

	"github.com/codexctl/codexctl/pkg/credentials"
)

func TestOwnHost(t *testing.T) {
	tests := []struct {
		name, address string
		want          bool
	}{
		{"backend", "https://chatgpt.com/backend-api/codex", true},
		{"issuer", "https://auth.openai.com/oauth/token", true},
		{"no path", "https://chatgpt.com", true},
		{"upper case", "HTTPS://ChatGPT.COM/x", true},
		{"its own port", "https://auth.openai.com:443/x", true},
		{"upper case with its own port", "https://AUTH.OPENAI.COM:443/x", true},
		{"user info before the own host", "https://user:pass@chatgpt.com/x", true},

		{"plain HTTP", "http://chatgpt.com/x", false},
		{"plain HTTP at the port of HTTPS", "http://chatgpt.com:443/x", false},
		{"another scheme", "wss://chatgpt.com/x", false},
		{"no scheme", "//chatgpt.com/x", false},
		{"another port", "https://chatgpt.com:8443/x", false},
		{"the port of HTTP", "https://chatgpt.com:80/x", false},
		{"its own port in another spelling", "https://chatgpt.com:0443/x", false},
		{"no number after the colon", "https://chatgpt.com:/x", false},
		{"a final dot", "https://chatgpt.com./x", false},
		{"a final dot and a port", "https://auth.openai.com.:443/x", false},
		{"a subdomain", "https://x.chatgpt.com/x", false},
		{"a parent", "https://openai.com/x", false},
		{"a sibling", "https://api.openai.com/x", false},
		{"the own name in front", "https://chatgpt.com.evil.example/x", false},
		{"the own name at the end", "https://evilchatgpt.com/x", false},
		{"the own name as user info", "https://chatgpt.com@evil.example/x", false},
		{"the own name and port as user info", "https://chatgpt.com:443@evil.example/x", false},
		{"the own name in the path", "https://evil.example/chatgpt.com", false},
		{"the own name in the query", "https://evil.example?chatgpt.com", false},
		{"the own name in the fragment", "https://evil.example#@chatgpt.com", false},
		{"IPv4", "https://127.0.0.1/x", false},
		{"IPv6", "https://[::1]/x", false},
		{"IPv6 at the port of HTTPS", "https://[2001:db8::1]:443/x", false},
		{"IPv6 with a zone", "https://[fe80::1%25chatgpt.com]/x", false},
		{"a capital I with a dot", "https://auth.opena\u0130.com/x", false},
		{"a Cyrillic letter", "https://ch\u0430tgpt.com/x", false},
		{"a wide letter", "https://\uff43hatgpt.com/x", false},
		{"a percent sign", "https://chatgpt%E3%80%82com/x", false},
		{"nothing", "", false},
		{"no host", "https:///x", false},
		{"no authority", "https:chatgpt.com", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(tt.address)
			if err != nil {
				t.Fatal(err)
			}
			if got := ownHost(u); got != tt.want {
				t.Errorf("ownHost(%q) = %t, want %t", tt.address, got, tt.want)
			}
		})
	}
	for _, host := range []string{"[chatgpt.com]", "[chatgpt.com]:443", " chatgpt.com", "chatgpt.com:443:443", "x@chatgpt.com", "chatgpt.com/"} {
		if ownHost(&url.URL{Scheme: "https", Host: host}) {
			t.Errorf("ownHost of a URL made with host %q = true, want false", host)
		}
	}
}

func TestWhatARefusedHostIsTold(t *testing.T) {
	to := &url.URL{Scheme: "http", User: url.UserPassword("user", "pass"), Host: "[::1]:8080", Path: "/x"}
	for access, want := range map[string]string{
		raw(`{"iss":"https://auth.openai.com"}`):  "a login issued by https://auth.openai.com is not sent to http://[::1]:8080",
		raw(`{"iss":"https://Auth.OpenAI.com/"}`): "a login issued by https://auth.openai.com is not sent to http://[::1]:8080",
		"opaque": "a login that does not say who issued it is not sent to http://[::1]:8080",
	} {
		err := checkHost(credentials.Origin{}, credentials.Credential{AccessToken: credentials.NewSecret(access)}, to)
		if err == nil || err.Error() != want {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}
