package responses

import (
	"math"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// member is a member of an event's object that the package reads of nearly every event.
type member int

const (
	memberType member = iota
	memberDelta
	memberOutputIndex
	memberContentIndex
	memberSummaryIndex
	memberItem
	memberResponse
	memberCount
)

// members is where the values of an event's members begin in its data. They are
// offsets and not slices, so that they hold for a copy of the data too. Where most of
// them end is looked for when it is asked for: this is copied with every event.
type members struct {
	size uint32                  // the length of the data; 0 before it was scanned
	from [memberCount]uint32     // 0 is absent: every value has a brace before it
	to   [memberDelta + 1]uint32 // the end of those that are read of every event
}

// scan passes once over an event's data: it says whether the data is one JSON object
// (RFC 8259), and notes where its members are. It decides as encoding/json.Valid does,
// with the same bound on depth. Of members with one name the first counts.
func (found *members) scan(data []byte) bool {
	if len(data) > math.MaxInt32 {
		return false
	}
	*found = members{size: uint32(len(data))}
	if found.scanUsual(data) {
		return true
	}
	*found = members{size: found.size}
	return found.scanObject(data)
}

func (found *members) scanObject(data []byte) bool {
	i := rawjson.SkipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return false
	}
	i = rawjson.SkipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return rawjson.SkipSpace(data, i+1) == len(data)
	}
	for i < len(data) && data[i] == '"' {
		end, escaped := rawjson.SkipString(data, i+1)
		if end < 0 {
			return false
		}
		m := memberNamed(data[i+1:end-1], escaped)
		if i = rawjson.SkipColon(data, end); i < 0 {
			return false
		}
		from := i
		if i = rawjson.SkipValue(data, from, 1); i < 0 {
			return false
		}
		if m < memberCount && found.from[m] == 0 {
			found.note(m, from, i)
		}
		i = rawjson.SkipSpace(data, i)
		if i < len(data) && data[i] == '}' {
			return rawjson.SkipSpace(data, i+1) == len(data)
		}
		if i == len(data) || data[i] != ',' {
			return false
		}
		i = rawjson.SkipSpace(data, i+1)
	}
	return false
}

func (found *members) note(m member, from, to int) {
	found.from[m] = uint32(from)
	if m < member(len(found.to)) {
		found.to[m] = uint32(to)
	}
}

// memberNamed is the member of a name, which is given without its quotes; memberCount
// for any other name.
func memberNamed(name []byte, escaped bool) member {
	if escaped {
		name = rawjson.Unescape(nil, name)
	}
	switch string(name) {
	case "type":
		return memberType
	case "delta":
		return memberDelta
	case "output_index":
		return memberOutputIndex
	case "content_index":
		return memberContentIndex
	case "summary_index":
		return memberSummaryIndex
	case "item":
		return memberItem
	case "response":
		return memberResponse
	}
	return memberCount
}

// value is a member's JSON, a part of data; nil when there is none.
func (found *members) value(data []byte, m member) []byte {
	from := int(found.from[m])
	if from == 0 {
		return nil
	}
	if m < member(len(found.to)) {
		return data[from:found.to[m]]
	}
	to := rawjson.SkipValue(data, from, 1)
	if to < 0 {
		return nil // somebody has changed the data
	}
	return data[from:to]
}
