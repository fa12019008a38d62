package responses

import "github.com/tidwall/gjson"

// Number is the event's sequence_number; 0 when it has none.
func (e Event) Number() int64 { return gjson.GetBytes(e.Data, "sequence_number").Int() }
