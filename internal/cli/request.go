package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// requestOptions are the flags that shape a request, for every command that sends
// one.
type requestOptions struct {
	model            optional
	instructions     optional
	instructionsFile string
	set              repeated
	dryRun           bool
	strict           bool
}

func (o *requestOptions) flags() []flagSpec {
	return []flagSpec{
		optionalFlag("model,m", "NAME", &o.model, "model to ask (default "+defaultModel+")"),
		optionalFlag("instructions,i,s,system", "TEXT", &o.instructions, "instructions, the system prompt"),
		stringFlag("instructions-file", "FILE", &o.instructionsFile, "read the instructions from a file, or from stdin for -"),
		repeatedFlag("set", "PATH=VALUE", &o.set, "set a field of the body; VALUE is JSON, else a string (repeat)"),
		boolFlag("dry-run", &o.dryRun, "print the request, send nothing"),
		boolFlag("strict", &o.strict, "refuse fields that the backend refuses, instead of dropping them"),
	}
}

// verify checks the values of settings.
func (o *requestOptions) verify(inv *invocation) error { return inv.verifyModel(o.model) }

// verifyModel refuses a name that is empty, which is a variable of a script that nobody
// has set.
func (inv *invocation) verifyModel(model optional) error {
	if model.given && blank(model.text) {
		return inv.badSetting("model", errors.New("the name is empty; leave it out to do without"))
	}
	return nil
}

func (o *requestOptions) fileFlag() fileFlag {
	return fileFlag{"instructions-file", o.instructionsFile}
}

// readInstructions is the text to instruct the model with; empty for our default.
func (o *requestOptions) readInstructions(ctx context.Context, inv *invocation) (string, error) {
	text := o.instructions.text
	switch {
	case o.instructionsFile != "":
		if inv.given["instructions"] {
			return "", usagef("--instructions and --instructions-file exclude each other")
		}
		var err error
		if text, err = inv.readFile(ctx, "instructions-file", o.instructionsFile); err != nil {
			return "", inv.blame("instructions-file", err)
		}
	case !o.instructions.given:
		return "", nil
	case inv.given["instructions"]:
		if err := checkNoImage(text); err != nil {
			return "", err
		}
	}
	flag := "instructions"
	if o.instructionsFile != "" {
		flag = "instructions-file"
	}
	_, isSetting := inv.origin[flag]
	switch {
	case blank(text) && isSetting:
		return "", inv.badSetting(flag, errors.New("it is empty: Instructions are required"))
	case blank(text):
		return "", errNoInstructions()
	case !utf8.ValidString(text):
		return "", inv.badSetting(flag, errors.New("it is no text: it is not UTF-8"))
	}
	return text, nil
}

func errNoInstructions() error {
	return &usageError{
		message: "Instructions are required: the given ones are empty",
		hint:    `leave --instructions out for a short default, or say something: --instructions "Be terse."`,
	}
}

// applySet lays --set over a request, field by field. A value that is JSON is taken
// as JSON, anything else as a string. streams is for [invocation.warnForced].
func (inv *invocation) applySet(r responses.Request, set []string, streams bool) (responses.Request, error) {
	if len(set) == 0 {
		return r, nil
	}
	body, err := r.MarshalJSON()
	if err != nil {
		return r, err
	}
	edit := &bodyEdit{body: body}
	for _, assignment := range set {
		edit.assign(assignment)
	}
	if edit.err != nil {
		return r, edit.err
	}
	inv.warnForced(edit.body, streams)
	var out responses.Request
	if err := json.Unmarshal(edit.body, &out); err != nil {
		return r, fmt.Errorf("--set: %w", err)
	}
	switch {
	case gjson.GetBytes(edit.body, "instructions").Type == gjson.String && blank(out.Instructions):
		return r, errNoInstructions()
	case blank(out.Model):
		return r, usagef("--set model: the name is empty")
	}
	return out, nil
}

// checkRefused names what the backend would refuse: an error with --strict, else a
// warning each.
func (inv *invocation) checkRefused(r responses.Request, strict bool) (dropped []string, err error) {
	dropped = r.Refused()
	if len(dropped) == 0 {
		return nil, nil
	}
	if strict {
		return nil, &usageError{
			message: "the backend refuses the field " + strings.Join(dropped, ", the field "),
			hint:    "leave it out, or drop it with a warning: without --strict",
		}
	}
	for _, name := range dropped {
		inv.talk.warn("the backend refuses the field %s: it is left out", name)
	}
	return dropped, nil
}

// warnForced says which fields of a body do not go as they were given: the backend keeps
// nothing and always streams (facts ). A false stream is as good as granted
// where the answer is written at its end; streams says that it is not.
func (inv *invocation) warnForced(body []byte, streams bool) {
	if !slices.Contains([]string{"", "false", "null"}, gjson.GetBytes(body, "store").Raw) {
		inv.talk.warn("the field store is sent as false, not as given: the backend keeps no answers")
	}
	if streams && gjson.GetBytes(body, "stream").Raw == "false" {
		inv.talk.warn("the field stream is sent as true, not as given: the backend answers in no other way")
	}
}

// dryRunDocument is what --dry-run prints.
type dryRunDocument struct {
	SchemaVersion int               `json:"schema_version"`
	Type          string            `json:"type"`
	DryRun        bool              `json:"dry_run"`
	Method        string            `json:"method"`
	URL           string            `json:"url"`
	Headers       map[string]string `json:"headers"`
	Body          json.RawMessage   `json:"body"`
	Dropped       []string          `json:"dropped"`
	Error         *errorDocument    `json:"error"`
}

// maskedHeader stands for a value that is not shown, or not known without a login.
const maskedHeader = "***"

// printRequest shows what would be sent. It needs no login and no network; the
// headers of the login are there with their values masked.
func (inv *invocation) printRequest(ctx context.Context, r responses.Request, dropped []string) error {
	body, err := r.Body(false)
	if err != nil {
		return err
	}
	return inv.printBody(ctx, body, dropped)
}

func (inv *invocation) printBody(ctx context.Context, body []byte, dropped []string) error {
	doc, err := inv.dryRun(ctx, body, dropped)
	if err != nil {
		return err
	}
	return inv.document(doc)
}

func (inv *invocation) dryRun(ctx context.Context, body []byte, dropped []string) (dryRunDocument, error) {
	client, err := inv.unsigned()
	if err != nil {
		return dryRunDocument{}, err
	}
	req, err := client.NewRequest(ctx, body, false)
	if err != nil {
		return dryRunDocument{}, err
	}
	req.Header.Set("Authorization", maskedHeader)
	req.Header.Set("Chatgpt-Account-Id", maskedHeader)
	client.ApplyHeader(req)
	return dryRunDocument{
		SchemaVersion: 1, Type: inv.path[0], DryRun: true,
		Method: req.Method, URL: bareURL(req.URL), Headers: shownHeaderMap(req.Header),
		Body: body, Dropped: nonNil(dropped),
	}, nil
}

func shownHeaderMap(h http.Header) map[string]string {
	shown := make(map[string]string, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		value := maskedHeader
		if harmless(name) {
			value = strings.Join(h[name], ", ")
		}
		shown[strings.ToLower(name)] = value
	}
	return shown
}
