package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// infoOptions are the flags of `auth info`.
type infoOptions struct {
	claims string
	token  string
}

func authInfoCommand() command {
	return command{
		name: "info", summary: "everything known about the login",
		details: "Claims are read, not verified. No token is printed, and no signature.",
		examples: []string{
			"codexctl auth info",
			"codexctl auth info --json --claims all",
			"codexctl auth info --token - < token.jwt",
		},
		result: func(l line) any {
			if l.given["token"] {
				return tokenDocument{}
			}
			return infoDocument{}
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &infoOptions{claims: "selected"}
			flags := []flagSpec{
				stringFlag("claims", "WHICH", &o.claims, "selected, or all: the whole payload of both tokens"),
				stringFlag("token", "-", &o.token, "look at the JWT on stdin instead of the login"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// infoDocument is the JSON result of `auth info`.
type infoDocument struct {
	statusDocument
	UserID        *string                `json:"user_id"`
	Issuer        *string                `json:"issuer"`
	Session       *string                `json:"session"`
	IssuedAt      *string                `json:"issued_at"`
	Organizations []organizationDocument `json:"organizations"`
	Subscription  subscriptionDocument   `json:"subscription"`
	IDClaims      *claimsDocument        `json:"id_claims"`
	AccessClaims  *claimsDocument        `json:"access_claims"`
}

type organizationDocument struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Role    string `json:"role"`
	Default bool   `json:"default"`
}

type subscriptionDocument struct {
	ActiveStart *string `json:"active_start"`
	ActiveUntil *string `json:"active_until"`
}

// claimsDocument is what one token says.
type claimsDocument struct {
	Issuer    *string         `json:"issuer"`
	Audience  []string        `json:"audience"`
	Subject   *string         `json:"subject"`
	Session   *string         `json:"session"`
	Scopes    []string        `json:"scopes"`
	IssuedAt  *string         `json:"issued_at"`
	ExpiresAt *string         `json:"expires_at"`
	Email     *string         `json:"email"`
	AccountID *string         `json:"account_id"`
	UserID    *string         `json:"user_id"`
	Plan      *string         `json:"plan"`
	FedRAMP   bool            `json:"fedramp"`
	Residency *string         `json:"residency"`
	All       json.RawMessage `json:"all"`
}

// tokenDocument is the JSON result of `auth info --token -`.
type tokenDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Verified      bool           `json:"verified"`
	Claims        claimsDocument `json:"claims"`
	Error         *errorDocument `json:"error"`
}

func (o *infoOptions) run(ctx context.Context, inv *invocation) error {
	if o.claims != "selected" && o.claims != "all" {
		return usagef("--claims wants selected or all, not %q", o.claims)
	}
	switch o.token {
	case "":
		return o.showLogin(ctx, inv)
	case "-":
		return o.showToken(ctx, inv)
	}
	return usagef("--token takes - only: a token on the command line can be seen by others")
}

// showToken looks at any JWT, without a login.
func (o *infoOptions) showToken(ctx context.Context, inv *invocation) error {
	text, _, err := inv.readStdin(ctx, stdinRequest{required: true})
	if err != nil {
		return err
	}
	text = strings.TrimPrefix(strings.TrimSpace(text), "Bearer ")
	claims, err := credentials.DecodeClaims(credentials.NewSecret(text))
	if err != nil {
		return err
	}
	doc := o.claimsDocument(claims)
	if inv.global.wantsDocument() {
		return inv.document(tokenDocument{SchemaVersion: 1, Type: "auth info", Claims: doc})
	}
	return inv.table(func(w io.Writer) {
		writeClaims(w, "", claims)
		writeAll(w, doc.All)
	})
}

// showLogin is `auth status` and what the tokens say.
func (o *infoOptions) showLogin(ctx context.Context, inv *invocation) error {
	now := inv.env.Now()
	login, findErr := inv.findLogin(ctx)
	doc := infoDocument{statusDocument: offlineStatus(login, findErr, now), Organizations: []organizationDocument{}}
	doc.Type = "auth info"
	problem := (&statusOptions{}).judge(login, findErr, now, doc.statusDocument)
	if problem != nil {
		doc.Error = inv.explain(problem)
		doc.Hint = doc.Error.Hint
	}
	id, idErr := login.Credential.IDClaims()
	access, accessErr := login.Credential.AccessClaims()
	o.fill(&doc, login.Credential, id, idErr, access, accessErr)
	if err := o.show(inv, doc, login, id, access); err != nil {
		return err
	}
	if problem != nil {
		return &reported{problem}
	}
	return nil
}

// fill takes over what the tokens say: the id token first, which is about the person.
func (o *infoOptions) fill(doc *infoDocument, c credentials.Credential, id credentials.Claims, idErr error, access credentials.Claims, accessErr error) {
	if idErr == nil {
		claims := o.claimsDocument(id)
		doc.IDClaims = &claims
	}
	if accessErr == nil {
		claims := o.claimsDocument(access)
		doc.AccessClaims = &claims
	}
	doc.UserID = stringOrNull(cmp.Or(c.UserID, id.UserID, access.UserID))
	doc.Issuer = stringOrNull(cmp.Or(access.Issuer, id.Issuer))
	doc.Session = stringOrNull(cmp.Or(access.SessionID, id.SessionID))
	if doc.IssuedAt = instant(access.IssuedAt); doc.IssuedAt == nil {
		doc.IssuedAt = instant(id.IssuedAt)
	}
	for _, org := range id.Organizations {
		doc.Organizations = append(doc.Organizations, organizationDocument(org))
	}
	doc.Subscription = subscriptionDocument{instant(id.SubscriptionStart), instant(id.SubscriptionUntil)}
}

func (o *infoOptions) claimsDocument(c credentials.Claims) claimsDocument {
	doc := claimsDocument{
		Issuer: stringOrNull(c.Issuer), Audience: nonNil(c.Audience), Subject: stringOrNull(c.Subject),
		Session: stringOrNull(c.SessionID), Scopes: nonNil(c.Scopes),
		IssuedAt: instant(c.IssuedAt), ExpiresAt: instant(c.ExpiresAt),
		Email: stringOrNull(c.Email), AccountID: stringOrNull(c.AccountID), UserID: stringOrNull(c.UserID),
		Plan: stringOrNull(c.Plan), FedRAMP: c.FedRAMP, Residency: stringOrNull(c.Residency),
	}
	if o.claims == "all" {
		doc.All = c.Raw
	}
	return doc
}

func (o *infoOptions) show(inv *invocation, doc infoDocument, login credentials.Selection, id, access credentials.Claims) error {
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	return inv.table(func(w io.Writer) {
		statusRows(w, doc.statusDocument, login, inv.env.Now())
		namedRow(w, "User", orEmpty(doc.UserID))
		for _, org := range doc.Organizations {
			namedRow(w, "Organisation", strings.TrimSpace(fmt.Sprintf("%s %s %s", org.Title, org.ID, org.Role)))
		}
		namedRow(w, "Subscription", span(doc.Subscription))
		if doc.IDClaims != nil {
			writeClaims(w, "ID token: ", id)
			writeAll(w, doc.IDClaims.All)
		}
		if doc.AccessClaims != nil {
			writeClaims(w, "Access token: ", access)
			writeAll(w, doc.AccessClaims.All)
		}
	})
}

// writeClaims prints one token's claims, a row each.
func writeClaims(w io.Writer, prefix string, c credentials.Claims) {
	namedRow(w, prefix+"issuer", c.Issuer)
	namedRow(w, prefix+"audience", strings.Join(c.Audience, ", "))
	namedRow(w, prefix+"subject", c.Subject)
	namedRow(w, prefix+"session", c.SessionID)
	namedRow(w, prefix+"scopes", strings.Join(c.Scopes, " "))
	namedRow(w, prefix+"issued", orEmpty(instant(c.IssuedAt)))
	namedRow(w, prefix+"expires", orEmpty(instant(c.ExpiresAt)))
	namedRow(w, prefix+"e-mail", c.Email)
	namedRow(w, prefix+"account", c.AccountID)
	namedRow(w, prefix+"plan", c.Plan)
	namedRow(w, prefix+"residency", c.Residency)
}

// writeAll prints a whole payload, laid out for reading.
func writeAll(w io.Writer, payload json.RawMessage) {
	if len(payload) == 0 {
		return
	}
	var laid strings.Builder
	e := json.NewEncoder(&laid)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(payload) // it has been decoded once
	fmt.Fprint(w, laid.String())
}

func span(s subscriptionDocument) string {
	if s.ActiveStart == nil && s.ActiveUntil == nil {
		return ""
	}
	return orEmpty(s.ActiveStart) + " to " + orEmpty(s.ActiveUntil)
}
