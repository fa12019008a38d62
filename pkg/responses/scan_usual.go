package responses

import "github.com/codexctl/codexctl/internal/rawjson"

// scanUsual is scan for the layout that the backend gives to deltas, which are nearly
// all of its events: no white space, and behind the type the members in the order of
// their names. To compare with what is expected is quicker than to look for what is
// there. It is false for any other layout, whether that is valid or not.
func (found *members) scanUsual(data []byte) bool {
	if !begins(data, 0, `{"type":"`) {
		return false
	}
	i := found.skip(data, len(`{"type":`), memberType)
	if begins(data, i, `,"content_index":`) {
		i = found.skip(data, i+len(`,"content_index":`), memberContentIndex)
	}
	if begins(data, i, `,"delta":`) {
		i = found.skip(data, i+len(`,"delta":`), memberDelta)
	}
	if begins(data, i, `,"item_id":"`) {
		i, _ = rawjson.SkipString(data, i+len(`,"item_id":"`))
	}
	if begins(data, i, `,"logprobs":[]`) {
		i += len(`,"logprobs":[]`)
	}
	if begins(data, i, `,"obfuscation":"`) {
		i, _ = rawjson.SkipString(data, i+len(`,"obfuscation":"`))
	}
	if begins(data, i, `,"output_index":`) {
		i = found.skip(data, i+len(`,"output_index":`), memberOutputIndex)
	}
	if begins(data, i, `,"sequence_number":`) {
		i = rawjson.SkipNumber(data, i+len(`,"sequence_number":`))
	}
	if begins(data, i, `,"summary_index":`) {
		i = found.skip(data, i+len(`,"summary_index":`), memberSummaryIndex)
	}
	return i == len(data)-1 && data[i] == '}'
}

// begins says whether data goes on with a text at i, which is negative after something
// malformed.
func begins(data []byte, i int, text string) bool {
	return i >= 0 && len(data)-i >= len(text) && string(data[i:i+len(text)]) == text
}

// skip passes over the value of a member.
func (found *members) skip(data []byte, from int, m member) int {
	to := rawjson.SkipValue(data, from, 1)
	found.note(m, from, to)
	return to
}
