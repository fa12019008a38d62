package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// watchPause is the time between two looks of `usage --watch`; shortestWatch is the
	// least that may be asked for.
	watchPause    = time.Minute
	shortestWatch = time.Second
)

// usageOptions are the flags of `usage`.
type usageOptions struct {
	failOver percentage
	watch    bool
	interval time.Duration
	short    bool
}

func usageCommand() command {
	return command{
		name: "usage", summary: "how much of the allowance is used, and when it is reset",
		details: "Asks the backend; what it says is not kept. On a terminal --watch draws anew in the\n" +
			"same place, elsewhere it adds a line each time. It goes on until Ctrl-C, until\n" +
			"--timeout if the line gives one, or until --fail-over applies.",
		examples: []string{
			"codexctl usage",
			"codexctl usage --fail-over 80 && ./nightly.sh",
			"codexctl usage --short --timeout 2s",
			"codexctl usage --transform primary.used_percent",
		},
		result: always(quotaDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &usageOptions{interval: watchPause}
			flags := []flagSpec{
				percentFlag("fail-over", &o.failOver, "exit 5 if more than that is used of a window"),
				boolFlag("short", &o.short, "one line, for a prompt"),
				boolFlag("watch", &o.watch, "look again and again"),
				durationFlag("interval", &o.interval, "pause between two looks of --watch (default 1m)"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// quotaDocument is the JSON result of `usage`.
type quotaDocument struct {
	SchemaVersion int                  `json:"schema_version"`
	Type          string               `json:"type"`
	Plan          *string              `json:"plan"`
	Primary       *windowDocument      `json:"primary"`
	Secondary     *windowDocument      `json:"secondary"`
	Additional    []additionalDocument `json:"additional"`
	LimitReached  bool                 `json:"limit_reached"`
	ReachedType   *string              `json:"reached_type"`
	Credits       *creditsDocument     `json:"credits"`
	FetchedAt     *string              `json:"fetched_at"`
	Source        string               `json:"source"`
	Error         *errorDocument       `json:"error"`
}

type additionalDocument struct {
	Name      *string         `json:"name"`
	Primary   *windowDocument `json:"primary"`
	Secondary *windowDocument `json:"secondary"`
}

type creditsDocument struct {
	HasCredits *bool   `json:"has_credits"`
	Unlimited  *bool   `json:"unlimited"`
	Balance    *string `json:"balance"` // a decimal number as the backend spells it
}

func newQuotaDocument(a allowance) quotaDocument {
	doc := quotaDocument{
		SchemaVersion: 1, Type: "usage", Plan: stringOrNull(a.Plan),
		Primary: newWindowDocument(a.Primary), Secondary: newWindowDocument(a.Secondary), Additional: []additionalDocument{},
		LimitReached: a.Reached, ReachedType: stringOrNull(a.ReachedType),
		FetchedAt: instant(a.fetched), Source: "live",
	}
	if a.HasCredits != nil || a.UnlimitedCredits != nil || a.CreditsBalance != "" {
		doc.Credits = &creditsDocument{a.HasCredits, a.UnlimitedCredits, stringOrNull(a.CreditsBalance)}
	}
	for _, extra := range a.Additional {
		doc.Additional = append(doc.Additional, additionalDocument{
			stringOrNull(extra.Name), newWindowDocument(extra.Primary), newWindowDocument(extra.Secondary),
		})
	}
	return doc
}

func (o *usageOptions) run(ctx context.Context, inv *invocation) error {
	switch document := inv.global.wantsDocument(); {
	case o.watch && document:
		return usagef("--watch has more than one result, and --json only one; ask again and again instead")
	case o.short && document:
		return usagef("--short is a line for people; leave it out with --json and --transform")
	case !o.watch && inv.given["interval"]:
		return usagef("--interval goes with --watch")
	case o.interval < shortestWatch:
		return usagef("--interval wants %s or more, not %s", shortestWatch, o.interval)
	}
	client, err := inv.client(ctx)
	if err != nil {
		return err
	}
	if o.watch {
		return o.keepWatch(ctx, inv, client)
	}
	now, err := inv.allowance(ctx, client)
	if err != nil {
		return err
	}
	return o.tell(inv, now)
}

// tell prints what is used; the error is that of --fail-over.
func (o *usageOptions) tell(inv *invocation, a allowance) error {
	problem := o.judge(a)
	var err error
	switch {
	case inv.global.wantsDocument():
		doc := newQuotaDocument(a)
		if problem != nil {
			doc.Error = inv.explain(problem)
		}
		err = inv.document(doc)
	case o.short:
		_, err = io.WriteString(inv.out, a.short(inv.separator())+"\n")
	default:
		err = inv.out.styled(inv.quotaView().text(a, inv.env.Now()))
	}
	switch {
	case err != nil:
		return err
	case problem != nil:
		return &reported{problem}
	}
	return nil
}

// judge is what --fail-over says.
func (o *usageOptions) judge(a allowance) error {
	if !o.failOver.given {
		return nil
	}
	err := a.exceeds("fail-over", o.failOver)
	if over, ok := errors.AsType[*quotaError](err); ok {
		over.hint = "wait for the reset; watch it: codexctl usage --watch"
	}
	return err
}

// keepWatch looks until the context ends or --fail-over applies. A look that fails ends
// it only if the next one would fail as well, or if it is the first.
func (o *usageOptions) keepWatch(ctx context.Context, inv *invocation, client *responses.Client) error {
	redraws := inv.out.terminal && inv.env.Getenv("TERM") != "dumb"
	drawn := ""
	for looks := 0; ; looks++ {
		a, err := inv.allowance(ctx, client)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (looks == 0 || !passing(err)):
			return err
		case err != nil:
			inv.talk.warn("%v", err)
			drawn = "" // the warning stands below it
		default:
			text := o.look(inv, a, redraws)
			if err := inv.out.styled(upTo(drawn) + text); err != nil {
				return err
			}
			if redraws {
				drawn = text
			}
			if err := o.judge(a); err != nil {
				return err
			}
		}
		if err := pause(ctx, o.interval); err != nil {
			return err
		}
	}
}

// look is what one look shows.
func (o *usageOptions) look(inv *invocation, a allowance, redraws bool) string {
	switch {
	case redraws && !o.short:
		return inv.quotaView().text(a, inv.env.Now())
	case redraws:
		return a.short(inv.separator()) + "\n"
	}
	return a.fetched.Local().Format(time.RFC3339) + "  " + a.short(inv.separator()) + "\n"
}

// upTo moves the cursor of a terminal to where a text began, and takes the text away.
func upTo(drawn string) string {
	lines := strings.Count(drawn, "\n")
	if lines == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", lines)
}
