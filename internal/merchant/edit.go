package merchant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// field is where one top-level field of a JSON object stands in it.
type field struct {
	name              string
	start, value, end int // of its name, of its value, behind its value
}

// SetField is the JSON object with one top-level field set and every other byte as it
// was. A field that is not there yet is appended; one that is there twice is set twice.
// A body that is not a JSON object is returned as it is.
func SetField(object []byte, name string, value any) []byte {
	fields, closing, err := split(object)
	if err != nil {
		return object
	}
	var out []byte
	done, found := 0, false
	for _, f := range fields {
		if f.name == name {
			out = append(append(out, object[done:f.value]...), encode(value)...)
			done, found = f.end, true
		}
	}
	if !found {
		at, comma := closing, ""
		if len(fields) > 0 {
			at, comma = fields[len(fields)-1].end, ","
		}
		out = append(append(out, object[:at]...), comma...)
		out = append(append(append(out, encode(name)...), ':'), encode(value)...)
		done = at
	}
	return append(out, object[done:]...)
}

// RemoveField is the JSON object without one top-level field and every other field as
// it was.
func RemoveField(object []byte, name string) []byte {
	fields, closing, err := split(object)
	if err != nil || !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
		return object
	}
	return join(object, closing, slices.DeleteFunc(fields, func(f field) bool { return f.name == name }))
}

// FieldNames are the names of the top-level fields of a JSON object, in their order; none
// of what is no object.
func FieldNames(object []byte) []string {
	fields, _, err := split(object)
	if err != nil {
		return nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// FieldText is the value of a field as it is written, without the quotes of a text; empty
// where the object has no such field.
func FieldText(object []byte, name string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(fields[name], &text) == nil {
		return text
	}
	return string(fields[name])
}

// Reverse is the same JSON object with its top-level fields in the opposite order.
func Reverse(object []byte) []byte {
	fields, closing, err := split(object)
	if err != nil {
		return object
	}
	slices.Reverse(fields)
	return join(object, closing, fields)
}

// split finds the fields of a JSON object and its closing brace.
func split(object []byte) (fields []field, closing int, err error) {
	if !json.Valid(object) {
		return nil, 0, errors.New("not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, 0, errors.New("not a JSON object")
	}
	for decoder.More() {
		f := field{start: int(decoder.InputOffset())}
		f.start += bytes.IndexByte(object[f.start:], '"')
		token, err := decoder.Token()
		if err != nil {
			return nil, 0, fmt.Errorf("field %d: %w", len(fields)+1, err)
		}
		f.name, _ = token.(string)
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, 0, fmt.Errorf("field %s: %w", f.name, err)
		}
		f.end = int(decoder.InputOffset())
		f.value = f.end - len(raw)
		fields = append(fields, f)
	}
	return fields, bytes.LastIndexByte(object, '}'), nil
}

// join puts fields of a JSON object between its braces, behind the white space that was there.
func join(object []byte, closing int, fields []field) []byte {
	begin := bytes.IndexByte(object, '{') + 1
	begin += len(object[begin:]) - len(bytes.TrimLeft(object[begin:], " \t\r\n"))
	out := append([]byte(nil), object[:begin]...)
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, object[f.start:f.end]...)
	}
	return append(out, object[closing:]...)
}

// encode writes a body: compact, and with <, > and & as they are.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("merchant: %T cannot be encoded: %v", v, err)) //nolint:forbidigo // these types hold nothing that JSON cannot
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Padded is the same JSON object with so many spaces behind its opening brace, so that
// every field stands behind them. What is no object stays as it is.
func Padded(object []byte, by int) []byte {
	if _, _, err := split(object); err != nil {
		return object
	}
	open := bytes.IndexByte(object, '{') + 1
	return slices.Concat(object[:open], bytes.Repeat([]byte{' '}, by), object[open:])
}

// Twice is a JSON object with its first field there a second time, at its end.
func Twice(object []byte) []byte {
	fields, closing, err := split(object)
	if err != nil || len(fields) == 0 {
		return object
	}
	return join(object, closing, append(fields, fields[0]))
}

// ChangeField changes a letter or digit in the value of the top-level field at an index,
// the last one that the value has.
func ChangeField(object []byte, at int) []byte {
	fields, _, err := split(object)
	if err != nil || at < 0 || at >= len(fields) {
		return object
	}
	f := fields[at]
	return slices.Concat(object[:f.value], ChangeLastField(object[f.value:f.end]), object[f.end:])
}
