package credentials

import (
	"errors"
	"strings"
	"time"
)

const (
	// langchainLayout is the only one that Python 3.10, which LangChain supports,
	// reads for certain: no Z, and exactly six digits.
	langchainLayout = "2006-01-02T15:04:05.000000+00:00"

	// codexLayout is how the official CLI writes last_refresh.
	codexLayout = "2006-01-02T15:04:05.000000Z"
)

// parseInstant reads an ISO 8601 instant; without an offset it is UTC. Go accepts a
// fraction of a second after any of the layouts.
func parseInstant(s string) (time.Time, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) > 10 && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	for _, layout := range [...]string{
		"2006-01-02T15:04:05Z07:00",
		"2006-01-02T15:04:05Z0700",
		"2006-01-02T15:04:05Z07",
		"2006-01-02T15:04:05",
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04",
		"2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("not an ISO 8601 time")
}
