package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"
)

// maxID is the longest id in bytes: all ids of a run are kept in memory.
const maxID = 1024

// ID is the name of an item. It is comparable, but two ids mean the same item when
// their Text is the same: 7 and "7" are one id, since tools on the way turn one into
// the other.
type ID struct {
	// Text is the string, or the number as it was spelled.
	Text string

	// Number is true for an id that is a JSON number.
	Number bool
}

// lineID is the id of an item that has none.
func lineID(line int) ID { return ID{Text: strconv.Itoa(line), Number: true} }

// MarshalJSON writes the id as it was read.
func (id ID) MarshalJSON() ([]byte, error) {
	if id.Number {
		return []byte(id.Text), nil
	}
	return json.Marshal(id.Text)
}

// readID reads the field "id" of a JSON object. ok is false when there is none, or
// null. A line that has been checked by json.Valid is expected.
func readID(object []byte) (id ID, ok bool, err error) {
	field := gjson.GetBytes(object, "id")
	switch {
	case !field.Exists(), field.Type == gjson.Null:
		return ID{}, false, nil
	case field.Type == gjson.Number:
		id = ID{Text: field.Raw, Number: true}
	case field.Type == gjson.String:
		id = ID{Text: field.Str}
	default:
		return ID{}, false, errors.New("the id is neither a string nor a number")
	}
	if id.Text == "" {
		return ID{}, false, errors.New("the id is empty")
	}
	if len(id.Text) > maxID {
		return ID{}, false, fmt.Errorf("the id is longer than %d bytes", maxID)
	}
	return id, true, nil
}
