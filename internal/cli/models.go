package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/pkg/responses"
)

// modelsOptions are the flags of `models`.
type modelsOptions struct {
	refresh bool
}

func modelsCommand() command {
	return command{
		name: "models", summary: "the models that this account has",
		details: "The list is kept for five minutes. After that, or with --refresh, the backend is\n" +
			"asked whether it has changed; when it cannot be reached, an older list is shown\n" +
			"with a warning. --json also has the models that are not meant to be chosen.",
		examples: []string{
			"codexctl models",
			"codexctl models --transform 'items.#(visible==true)#.id'",
			"codexctl models --refresh --client-version 0.170.0",
		},
		result: always(modelsDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &modelsOptions{}
			flags := []flagSpec{boolFlag("refresh", &o.refresh, "ask the backend, however young the list is")}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// modelsDocument is the JSON result of `models`.
type modelsDocument struct {
	SchemaVersion int             `json:"schema_version"`
	Type          string          `json:"type"`
	FetchedAt     *string         `json:"fetched_at"`
	Source        listSource      `json:"source"`
	ClientVersion string          `json:"client_version"`
	Items         []modelDocument `json:"items"`
	Error         *errorDocument  `json:"error"`
}

// listSource says where a list of models comes from.
type listSource string

const (
	sourceCache     listSource = "cache"     // from disk; nobody was asked, or nobody answered
	sourceNetwork   listSource = "network"   // the backend has sent it
	sourceConfirmed listSource = "confirmed" // from disk, and the backend says that it is still right
)

// modelDocument is one model.
//
// Source: fact M-3 in docs/protocol.md.
type modelDocument struct {
	ID               string   `json:"id"`
	Name             *string  `json:"name"`
	Description      *string  `json:"description"`
	Visible          bool     `json:"visible"`
	Default          bool     `json:"default"`
	ContextWindow    *int64   `json:"context_window"`     // tokens
	MaxContextWindow *int64   `json:"max_context_window"` // tokens
	Efforts          []string `json:"efforts"`
	DefaultEffort    *string  `json:"default_effort"`
	InputTypes       []string `json:"input_types"`
	ServiceTiers     []string `json:"service_tiers"`
	Lite             bool     `json:"lite"`
	MinClientVersion *string  `json:"min_client_version"`
}

// listing is a list of models and how we came by it.
type listing struct {
	models  []responses.Model
	fetched time.Time // or confirmed
	source  listSource
}

func (o *modelsOptions) run(ctx context.Context, inv *invocation) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	client, err := inv.client(ctx)
	if err != nil {
		return err
	}
	list := inv.catalogue(client, inv.source.Account)
	got, err := o.list(ctx, inv, list)
	if err != nil {
		return err
	}
	doc := modelsDocument{
		SchemaVersion: 1, Type: "models", FetchedAt: instant(got.fetched), Source: got.source,
		ClientVersion: list.Key().ClientVersion, Items: inv.modelDocuments(got.models),
	}
	var problem error
	if len(got.models) == 0 {
		problem = fmt.Errorf("the list of models is empty: the client version %s may be too old: %w", doc.ClientVersion, responses.ErrClientVersion)
		doc.Error = inv.explain(problem)
	}
	if err := inv.showModels(doc); err != nil {
		return err
	}
	if problem != nil {
		return &reported{problem}
	}
	return nil
}

// list is the list that is young enough, or the backend's. One that is too old is better
// than none as long as nobody insists.
func (o *modelsOptions) list(ctx context.Context, inv *invocation, list *catalogue.Catalogue) (listing, error) {
	young := list.Fresh()
	models, fetched, known := list.Cached()
	held := listing{models, fetched, sourceCache}
	if young && !o.refresh {
		return held, nil
	}
	got := listing{source: sourceNetwork}
	ask := list.ListIf
	list.ListIf = func(ctx context.Context, etag string) ([]responses.Model, string, bool, error) {
		models, fresh, notModified, err := ask(ctx, etag)
		if notModified {
			got.source = sourceConfirmed
		}
		return models, fresh, notModified, err
	}
	var err error
	got.models, err = list.Confirm(ctx)
	got.fetched = inv.env.Now()
	if err != nil && known && !o.refresh && ctx.Err() == nil && passing(err) {
		inv.talk.warn("the list of models is of %s: %v", localTime(fetched), err)
		return held, nil
	}
	return got, err
}

// passing says whether an error can be over by itself: it is about the way to the
// backend, or about the backend, and not about who asks.
func passing(err error) bool {
	switch meaning(err).exit {
	case exitFailure, exitLimited, exitNetwork, exitTimeout:
		return true
	}
	return false
}

// standingModel is what `ask` asks when its line names no model.
func (inv *invocation) standingModel() string {
	for _, l := range settingsAmong("ask", new(requestOptions).flags()) {
		if l.flag.name != "model" {
			continue
		}
		for _, look := range []func(listedSetting) (found, bool){inv.fromEnvironment, inv.fromFile} {
			if value, ok := look(l); ok && len(value.texts) == 1 {
				return value.texts[0]
			}
		}
	}
	return defaultModel
}

func (inv *invocation) modelDocuments(models []responses.Model) []modelDocument {
	docs := make([]modelDocument, len(models))
	standing := inv.standingModel()
	for i, m := range models {
		docs[i] = newModelDocument(m)
		docs[i].Default = m.Slug == standing
	}
	return docs
}

func newModelDocument(m responses.Model) modelDocument {
	field := func(name string) gjson.Result { return gjson.GetBytes(m.Entry, name) }
	return modelDocument{
		ID: m.Slug, Visible: m.Listed, Lite: m.Lite,
		Name: stringOrNull(field("display_name").Str), Description: stringOrNull(field("description").Str),
		ContextWindow: numberOrNull(field("context_window")), MaxContextWindow: numberOrNull(field("max_context_window")),
		Efforts: texts(m.Entry, "supported_reasoning_levels.#.effort"), DefaultEffort: stringOrNull(field("default_reasoning_level").Str),
		InputTypes: texts(m.Entry, "input_modalities"), ServiceTiers: texts(m.Entry, "service_tiers.#.id"),
		MinClientVersion: stringOrNull(field("minimal_client_version").Str),
	}
}

// texts are the strings of a list, none if there is no such list.
func texts(entry json.RawMessage, path string) []string {
	list := []string{}
	for _, v := range gjson.GetBytes(entry, path).Array() {
		if v.Type == gjson.String {
			list = append(list, v.Str)
		}
	}
	return list
}

// showModels prints the document, or a table of those that are meant to be chosen.
func (inv *invocation) showModels(doc modelsDocument) error {
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	var visible []modelDocument
	for _, m := range doc.Items {
		if m.Visible {
			visible = append(visible, m)
		}
	}
	if hidden := len(doc.Items) - len(visible); hidden > 0 {
		inv.talk.detail("%d more are not meant to be chosen: codexctl models --json", hidden)
	}
	if len(visible) == 0 {
		return nil
	}
	table := grid{head: []string{"MODEL", "NAME", "CONTEXT", "EFFORTS", "DESCRIPTION"}, wraps: []int{3, 4}}
	for _, m := range visible {
		table.rows = append(table.rows, m.row())
	}
	return inv.grid(table)
}

// row is a line of the table. What the backend says is cleaned.
func (m modelDocument) row() []string {
	name := orEmpty(m.Name)
	if m.Default {
		name = strings.TrimSpace(name + " (default)")
	}
	cells := []string{m.ID, name, tokens(m.ContextWindow), m.efforts(), orEmpty(m.Description)}
	for i, cell := range cells {
		cells[i] = orDash(oneLine(cell))
	}
	return cells
}

// efforts are the levels, with the one that counts without --effort in brackets.
func (m modelDocument) efforts() string {
	levels := make([]string, len(m.Efforts))
	for i, level := range m.Efforts {
		if levels[i] = level; level == orEmpty(m.DefaultEffort) {
			levels[i] = "[" + level + "]"
		}
	}
	return strings.Join(levels, " ")
}

// tokens is a number of tokens as people write it.
func tokens(n *int64) string {
	switch {
	case n == nil:
		return ""
	case *n >= 1000 && *n%1000 == 0:
		return fmt.Sprintf("%dk", *n/1000)
	}
	return fmt.Sprint(*n)
}
