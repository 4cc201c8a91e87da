package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// decode reads a JSON object into body. Unknown fields are tolerated; what is
// wrong is told in the words of a field validation.
func decode(text []byte, body any) (detail string) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return "body: must be a JSON object"
	}
	err := json.Unmarshal(text, body)
	if err == nil {
		return ""
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		return fmt.Sprintf("%s: must not be a %s", field, wrong.Value)
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Sprintf("body: malformed JSON at byte %d", syntax.Offset)
	}
	if strings.HasPrefix(err.Error(), "amount ") { // d24.Amount cannot know the field it stands in
		return "amount: must be a number with at most two decimals"
	}
	return "body: malformed JSON"
}

// An anyText is a value that the documents write as a number in one place and as a
// string in another (reading AMB-29): ids and bank codes. It keeps the digits.
type anyText string

// UnmarshalJSON takes a string or a number.
func (t *anyText) UnmarshalJSON(data []byte) error {
	switch {
	case data[0] == '"':
		return json.Unmarshal(data, (*string)(t))
	case data[0] == '-' || data[0] >= '0' && data[0] <= '9':
		*t = anyText(data)
	case string(data) != "null":
		return &json.UnmarshalTypeError{Value: "value of this type"}
	}
	return nil
}

// httpsURL reports whether text is an address that the provider would use.
func httpsURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// only reports whether text is not empty and every byte of it is allowed.
func only(text string, allowed func(byte) bool) bool {
	for i := range len(text) {
		if !allowed(text[i]) {
			return false
		}
	}
	return text != ""
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

func alphanumeric(c byte) bool {
	return upper(c) || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// countryCode reports whether text has the form of ISO 3166-1 alpha-2.
func countryCode(text string) bool { return len(text) == 2 && only(text, upper) }

// currencyCode reports whether text has the form of ISO 4217.
func currencyCode(text string) bool { return len(text) == 3 && only(text, upper) }
