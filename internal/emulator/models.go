package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// modelsPath is the endpoint that lists the models.
const modelsPath = "/backend-api/codex/models"

// modelsETag names the state of the catalogue, in /models and on every answer.
const modelsETag = `W/"emulator-catalogue-1"`

// model is what the rules need to know of a model. Its wire form is
// [modelEntry].
type model struct {
	slug, name    string
	about         string
	effort        string // default level
	levels        []string
	contextWindow int // tokens
	maxWindow     int // tokens
	visible       bool
	priority      int    // ascending
	minClient     string // first Codex version that may use it
	lite          bool
	fast          bool // has the "priority" service tier
}

// models is the catalogue, in order of priority. Slugs, levels and minimal
// versions are those of the real catalogue as far as they are known; the texts
// are ours.
//
// Source: docs/protocol.md, model catalogue of August 2026 and live lists of
// September 2026.
func models() []model {
	toXHigh := []string{"low", "medium", "high", "xhigh"}
	toMax := []string{"low", "medium", "high", "xhigh", "max"}
	toUltra := []string{"low", "medium", "high", "xhigh", "max", "ultra"}
	return []model{
		{"gpt-6-sol", "GPT-6 Sol", "For long and hard work.", "low", toUltra, 272_000, 872_000, true, 0, "0.153.0", true, true},
		{"gpt-5.6-sol", "GPT-5.6 Sol", "For hard work.", "low", toUltra, 272_000, 872_000, true, 1, "0.144.0", true, true},
		{"gpt-5.6-terra", "GPT-5.6 Terra", "For everyday work.", "medium", toUltra, 272_000, 872_000, true, 2, "0.144.0", true, true},
		{"gpt-5.6-luna", "GPT-5.6 Luna", "For quick work.", "medium", toMax, 272_000, 872_000, true, 3, "0.144.0", true, true},
		{"gpt-daybreak-blue-latest", "GPT Daybreak Blue", "For defenders.", "low", toUltra, 272_000, 872_000, false, 3, "0.142.2", true, false},
		{"gpt-5.5", "GPT-5.5", "For everyday work, in plain form.", "medium", toXHigh, 272_000, 272_000, true, 7, "0.124.0", false, true},
		{"gpt-5.2", "GPT-5.2", "An older model.", "medium", toXHigh, 272_000, 272_000, true, 29, "0.0.1", false, false},
		{"codex-auto-review", "Codex Auto Review", "Reviews in the background.", "low", toMax, 272_000, 872_000, false, 43, "0.98.0", true, true},
	}
}

// printedModel makes an entry for a name that printed guides use. The backend has
// retired these; here they are accepted, so that a guide's example runs, but not
// listed.
func printedModel(slug string) (model, bool) {
	switch slug {
	case "gpt-5", "gpt-5-turbo", "gpt-3.5-turbo", "gpt-5.2-codex":
		return model{slug: slug, effort: "medium", levels: []string{"minimal", "low", "medium", "high", "xhigh"},
			contextWindow: 272_000, minClient: "0.0.1"}, true
	}
	return model{}, false
}

// findModel returns the model that /responses knows under the slug.
func findModel(slug string) (model, bool) {
	for _, m := range models() {
		if m.slug == slug {
			return m, true
		}
	}
	return printedModel(slug)
}

// modelEntry is a model in the answer of /models.
//
// Source: docs/protocol.md, model fields. Prompts, which make the real entries
// large, are short here.
type modelEntry struct {
	Slug                    string           `json:"slug"`
	DisplayName             string           `json:"display_name"`
	Description             string           `json:"description"`
	DefaultReasoningLevel   string           `json:"default_reasoning_level"`
	SupportedReasoning      []reasoningLevel `json:"supported_reasoning_levels"`
	ShellType               string           `json:"shell_type"`
	Visibility              string           `json:"visibility"`
	MinimalClientVersion    string           `json:"minimal_client_version"`
	SupportedInAPI          bool             `json:"supported_in_api"`
	Priority                int              `json:"priority"`
	ServiceTiers            []serviceTier    `json:"service_tiers"`
	Upgrade                 *struct{}        `json:"upgrade"`
	BaseInstructions        string           `json:"base_instructions"`
	SupportsSummaries       bool             `json:"supports_reasoning_summaries"`
	DefaultReasoningSummary string           `json:"default_reasoning_summary"`
	SupportVerbosity        bool             `json:"support_verbosity"`
	DefaultVerbosity        string           `json:"default_verbosity"`
	ApplyPatchToolType      string           `json:"apply_patch_tool_type"`
	WebSearchToolType       string           `json:"web_search_tool_type"`
	TruncationPolicy        truncationPolicy `json:"truncation_policy"`
	ParallelToolCalls       bool             `json:"supports_parallel_tool_calls"`
	ContextWindow           int              `json:"context_window"`     // tokens
	MaxContextWindow        int              `json:"max_context_window"` // tokens
	EffectiveWindowPercent  int              `json:"effective_context_window_percent"`
	ExperimentalTools       []string         `json:"experimental_supported_tools"`
	InputModalities         []string         `json:"input_modalities"`
	SupportsSearchTool      bool             `json:"supports_search_tool"`
	UseResponsesLite        bool             `json:"use_responses_lite"`
	PreferWebsockets        bool             `json:"prefer_websockets"`
}

type reasoningLevel struct {
	Effort      string `json:"effort"`
	Description string `json:"description"`
}

type serviceTier struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type truncationPolicy struct {
	Mode  string `json:"mode"`
	Limit int    `json:"limit"`
}

// entry is the wire form of m.
func (m model) entry() modelEntry {
	e := modelEntry{
		Slug: m.slug, DisplayName: m.name, Description: m.about,
		DefaultReasoningLevel: m.effort, ShellType: "shell_command",
		Visibility: "hide", MinimalClientVersion: m.minClient, SupportedInAPI: true, Priority: m.priority,
		ServiceTiers: []serviceTier{}, BaseInstructions: "You are a helpful assistant.",
		SupportsSummaries: true, DefaultReasoningSummary: "none", SupportVerbosity: true, DefaultVerbosity: "low",
		ApplyPatchToolType: "freeform", WebSearchToolType: "text_and_image",
		TruncationPolicy: truncationPolicy{Mode: "tokens", Limit: 10_000}, ParallelToolCalls: true,
		ContextWindow: m.contextWindow, MaxContextWindow: m.maxWindow, EffectiveWindowPercent: 95,
		ExperimentalTools: []string{}, InputModalities: []string{"text", "image"}, SupportsSearchTool: true,
		UseResponsesLite: m.lite, PreferWebsockets: true,
	}
	if m.visible {
		e.Visibility = "list"
	}
	if m.fast {
		e.ServiceTiers = []serviceTier{{ID: "priority", Name: "fast", Description: "Faster, at a higher rate."}}
	}
	for _, level := range m.levels {
		e.SupportedReasoning = append(e.SupportedReasoning, reasoningLevel{level, "Effort " + level + "."})
	}
	return e
}

// fieldMissing is one element of the validation list that the framework of the
// real backend sends.
type fieldMissing struct {
	Type  string    `json:"type"`
	Loc   [2]string `json:"loc"`
	Msg   string    `json:"msg"`
	Input *struct{} `json:"input"`
}

// serveModels answers GET /models. A client older than the first listed Codex
// version gets an empty list, as does one that sends a version of its own making.
func (x *exchange) serveModels(endpoint string, who person) {
	if _, refused := x.prelude(endpoint, "", who); refused != nil {
		refused.write(x.w)
		return
	}
	client := x.r.URL.Query().Get("client_version")
	if client == "" {
		(&refusal{status: http.StatusBadRequest, detail: encode([]fieldMissing{
			{Type: "missing", Loc: [2]string{"query", "client_version"}, Msg: "Field required"}})}).write(x.w)
		return
	}
	answer := struct {
		Models []modelEntry `json:"models"`
	}{[]modelEntry{}}
	const oldest = "0.98.0" // older ones were answered with an empty list
	if !olderVersion(client, oldest) {
		for _, m := range models() {
			if !olderVersion(client, m.minClient) {
				answer.Models = append(answer.Models, m.entry())
			}
		}
	}
	x.w.Header().Set("ETag", modelsETag)
	if x.r.Header.Get("If-None-Match") == modelsETag && len(answer.Models) > 0 {
		x.w.WriteHeader(http.StatusNotModified)
		return
	}
	writeJSON(x.w, answer)
}

// olderVersion reports whether a is older than b. What is no version of three
// numbers is older than any.
func olderVersion(a, b string) bool {
	va, ok := parseVersion(a)
	if !ok {
		return true
	}
	vb, _ := parseVersion(b)
	return slices.CompareFunc(va, vb, cmp.Compare[int]) < 0
}

// parseVersion reads "1.2.3"; a suffix such as "-alpha.4" does not count.
func parseVersion(s string) ([]int, bool) {
	s, _, _ = strings.Cut(s, "-")
	parts := strings.Split(s, ".")
	numbers := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		numbers[i] = n
	}
	return numbers, len(numbers) == 3
}
