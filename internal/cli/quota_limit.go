package cli

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// percentage is the value of a flag about the allowance: 0 to 100, with or without a
// percent sign.
type percentage struct {
	given bool
	value float64
}

// Set takes the value.
func (p *percentage) Set(text string) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 100 {
		return errors.New("want a percentage from 0 to 100")
	}
	p.given, p.value = true, v
	return nil
}

func (p *percentage) String() string { return percent(p.value) }

// percent is a percentage with one decimal if it needs one.
func percent(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + "%"
}

// allowance is what the backend says of the allowance, and when it said so.
type allowance struct {
	responses.Allowance
	fetched time.Time
}

// allowance asks the backend. The answer has as much time as any other.
func (inv *invocation) allowance(ctx context.Context, client *responses.Client) (allowance, error) {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	document, err := client.Usage(ctx)
	if err != nil {
		return allowance{}, err
	}
	now := inv.env.Now()
	return allowance{responses.ReadAllowance(document, now), now}, nil
}

// errNoWindow is a usage document that has nothing to compare with a limit.
var errNoWindow = errors.New("the backend tells of no window of the allowance")

// quotaError is an allowance of which more is used than somebody wants.
type quotaError struct {
	used   string    // what is used
	limit  string    // the flag, with its value; empty for the backend's own limit
	resets time.Time // when all that is too full has been reset; zero if that is unknown
	hint   string
}

func (e *quotaError) Error() string {
	if e.limit == "" {
		return e.used
	}
	return e.used + ", more than " + e.limit
}

// Unwrap makes it a used-up allowance.
func (e *quotaError) Unwrap() error { return responses.ErrQuota }

// exceeds is why the allowance is more used than a flag says; nil if it is not. What
// cannot be compared is an error too: who sets a limit wants it kept.
func (a allowance) exceeds(flag string, most percentage) error {
	windows := a.Windows()
	if len(windows) == 0 && !a.Reached {
		if a.UnlimitedCredits != nil && *a.UnlimitedCredits {
			return nil
		}
		return errNoWindow
	}
	e := &quotaError{limit: "--" + flag + " " + percent(most.value)}
	var over []string
	known := true
	for _, w := range windows {
		if w.UsedPercent <= most.value && !(a.Reached && w.UsedPercent >= 100) {
			continue
		}
		over = append(over, percent(w.UsedPercent)+" of the "+windowName(w)+" window")
		known = known && !w.ResetsAt.IsZero()
		if w.ResetsAt.After(e.resets) {
			e.resets = w.ResetsAt
		}
	}
	switch {
	case len(over) == 1:
		e.used = over[0] + " is used"
	case len(over) > 1:
		e.used = strings.Join(over, " and ") + " are used"
	case a.Reached:
		e.used, e.limit = "the usage limit is reached"+reachedType(a), ""
	default:
		return nil
	}
	if !known {
		e.resets = time.Time{}
	}
	return e
}
