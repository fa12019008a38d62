package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// guard lets in who may ask: a name of ours in Host, so that no page can reach us under
// a name of its own (DNS rebinding); no web page but those listed; the key if there is
// one. The order matters: what a page may learn from a refusal is bounded by it.
func (s *Server) guard(next http.Handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.keyFits(r) && !openPath(r.URL.Path) {
			s.refuse(w, http.StatusUnauthorized, typeAuth, "invalid_api_key",
				"this server wants its key: Authorization: Bearer KEY, or x-api-key: KEY")
			return
		}
		next.ServeHTTP(w, r)
	})
	var inside http.Handler = inner
	if len(s.config.Origins) > 0 {
		inside = cors.New(cors.Options{
			AllowedOrigins: s.config.Origins,
			AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodDelete},
			AllowedHeaders: []string{"*"},
			ExposedHeaders: []string{"X-Request-Id", "X-Codexctl-Session", "X-Codexctl-Model", "X-Codexctl-Dropped", "X-Codexctl-Emulated"},
			MaxAge:         600,
		}).Handler(inner)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		listed := origin != "" && slices.ContainsFunc(s.config.Origins, func(o string) bool {
			return o == "*" || strings.EqualFold(o, origin)
		})
		switch {
		case !s.knownHost(r.Host):
			s.refuse(w, http.StatusForbidden, typePermission, "host_not_allowed",
				"the name in the Host header is not one of this server's (codexctl serve --allow-host NAME)")
		case origin != "" && !listed:
			s.refuse(w, http.StatusForbidden, typePermission, "origin_not_allowed",
				"web pages may not use this server (codexctl serve --cors ORIGIN)")
		case !listed && strings.EqualFold(r.Header.Get("Sec-Fetch-Site"), "cross-site"):
			s.refuse(w, http.StatusForbidden, typePermission, "origin_not_allowed",
				"web pages may not use this server (codexctl serve --cors ORIGIN)")
		default:
			inside.ServeHTTP(w, r)
		}
	})
}

// openPath is what can be asked without the key: whether the server lives.
func openPath(path string) bool { return path == "/health" || path == "/health/live" }

// keyFits compares in constant time, and sums instead of keys, so that the time does
// not tell the length either.
func (s *Server) keyFits(r *http.Request) bool {
	if s.config.Key == "" {
		return true
	}
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	want, fits := sha256.Sum256([]byte(s.config.Key)), 0
	for _, shown := range []string{strings.TrimSpace(bearer), r.Header.Get("X-Api-Key")} {
		got := sha256.Sum256([]byte(shown))
		fits |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return fits == 1
}

// knownHost says whether a Host header is a name of this machine, or a listed one.
func (s *Server) knownHost(host string) bool {
	if s.config.AnyHost {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.config.Hosts, func(h string) bool {
		return strings.EqualFold(h, name) || strings.EqualFold(h, host)
	})
}

// refuse answers a request that is not let in.
func (s *Server) refuse(w http.ResponseWriter, status int, kind, code, message string) {
	f := failure{Message: message, Type: kind, Code: &code, status: status}
	if rec, ok := w.(*recorder); ok {
		rec.line.failed(f)
	}
	f.write(w)
}
