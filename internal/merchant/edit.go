package merchant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// field is one top-level field of a JSON object, its value byte for byte.
type field struct {
	name string
	raw  json.RawMessage
}

// SetField is the JSON object with one top-level field set and all others in their
// order. A field that is not there yet is appended. A body that is not a JSON object
// is returned as it is.
func SetField(object []byte, name string, value any) []byte {
	fields, err := split(object)
	if err != nil {
		return object
	}
	set := field{name: name, raw: encode(value)}
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		fields[i] = set
	} else {
		fields = append(fields, set)
	}
	return join(fields)
}

// RemoveField is the JSON object without one top-level field.
func RemoveField(object []byte, name string) []byte {
	fields, err := split(object)
	if err != nil {
		return object
	}
	return join(slices.DeleteFunc(fields, func(f field) bool { return f.name == name }))
}

// split takes a JSON object apart.
func split(object []byte) ([]field, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var fields []field
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", len(fields)+1, err)
		}
		f := field{}
		f.name, _ = token.(string)
		if err := decoder.Decode(&f.raw); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// join puts a JSON object together.
func join(fields []field) []byte {
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, encode(f.name)...), ':'), f.raw...)
	}
	return append(out, '}')
}

// encode writes a body: compact, and with <, > and & as they are.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("merchant: %T cannot be encoded: %v", v, err)) // these types hold nothing that JSON cannot
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
