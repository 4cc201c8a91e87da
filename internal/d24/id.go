package d24

import (
	"bytes"
	"encoding/json"
)

// An ID is an object's id as text. On the wire ids are numbers in one place and
// strings in another (reading AMB-29), and may be larger than 32 bits: an ID reads
// both without loss, and writes a number where it is one.
type ID string

// MarshalJSON writes a number if the id is a whole one without leading zeros, else
// a string.
func (id ID) MarshalJSON() ([]byte, error) {
	if id.number() {
		return []byte(id), nil
	}
	return json.Marshal(string(id))
}

// UnmarshalJSON reads a string, or a number in the digits it was written with.
func (id *ID) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(id))
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return err
	}
	*id = ID(number)
	return nil
}

func (id ID) number() bool {
	if id == "" || (id[0] == '0' && len(id) > 1) {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}
