package chatcompat

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// longestName is the most characters that the backend takes in a tool's name, and in
// an id.
//
// Source: OpenAI API reference, "Create chat completion", tools; the section "Input
// items" in docs/protocol.md for ids.
const longestName = 64

// toolNames gives each name of a tool one that the backend takes. The zero value is
// ready.
type toolNames struct {
	to   map[string]string // by the client's name
	from map[string]string // by the name sent
}

// sent is the name to send for a client's name: the same whenever it is asked for,
// and different for different names.
func (t *toolNames) sent(name string) string {
	if t.to == nil {
		t.to, t.from = make(map[string]string), make(map[string]string)
	}
	if known, ok := t.to[name]; ok {
		return known
	}
	out := name
	for salt := 0; !usable(out) || t.from[out] != ""; salt++ {
		out = shortened(name, salt)
	}
	t.to[name], t.from[out] = out, name
	return out
}

// changed are the client's names by the names sent, where the two differ; nil when
// none do.
func (t *toolNames) changed() map[string]string {
	var out map[string]string
	for sent, name := range t.from {
		if sent == name {
			continue
		}
		if out == nil {
			out = make(map[string]string)
		}
		out[sent] = name
	}
	return out
}

// usable says whether the backend takes the name.
//
// Source: OpenAI API description, FunctionToolParam, pattern of name.
func usable(name string) bool {
	return name != "" && len(name) <= longestName && strings.IndexFunc(name, refusedInName) < 0
}

func refusedInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}

// shortened is the readable beginning of a name and a digest of all of it. A salt
// makes another one.
func shortened(name string, salt int) string {
	const digest = 8
	whole := name
	if salt > 0 {
		whole += "\x00" + strconv.Itoa(salt)
	}
	sum := sha256.Sum256([]byte(whole))
	head := strings.Map(func(r rune) rune {
		if refusedInName(r) {
			return '_'
		}
		return r
	}, name)
	return head[:min(len(head), longestName-digest-1)] + "_" + hex.EncodeToString(sum[:digest/2])
}

// callID is the id to send for a client's id of a call: the same on the call and on
// its output.
func callID(id string) string {
	if len(id) <= longestName {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "call_" + hex.EncodeToString(sum[:16])
}
