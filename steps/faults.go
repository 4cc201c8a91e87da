package steps

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// headerByName finds what "only its <header> is …" is about.
func headerByName(name string) (string, error) {
	for _, header := range []string{
		d24.HeaderAuthorization, d24.HeaderLogin, d24.HeaderDate, d24.HeaderContentType,
		d24.HeaderIdempotencyKey, d24.HeaderPayloadSignature, d24.HeaderUserAgent,
	} {
		if header == name {
			return header, nil
		}
	}
	return "", fmt.Errorf("there is no header %q in the documents", name)
}

// dateForm is a wrong way to write the date of now.
func dateForm(name string) (func(now time.Time) string, error) {
	layouts := map[string]string{
		"as in an e-mail":           time.RFC1123Z,
		"as HTTP writes it":         http.TimeFormat,
		"without its Z":             "2006-01-02T15:04:05",
		"with a space instead of T": "2006-01-02 15:04:05Z",
		"with a year of two digits": "06-01-02T15:04:05Z",
		"without dashes and colons": "20060102T150405Z",
		"day first":                 "02/01/2006 15:04:05",
		"without its time":          time.DateOnly,
		"with the offset +00:00":    "2006-01-02T15:04:05+00:00",
		"with the offset +0000":     "2006-01-02T15:04:05+0000",
		"with milliseconds":         "2006-01-02T15:04:05.000Z",
	}
	if layout, ok := layouts[name]; ok {
		return func(now time.Time) string { return now.UTC().Format(layout) }, nil
	}
	switch name {
	case "in seconds since 1970":
		return func(now time.Time) string { return fmt.Sprint(now.Unix()) }, nil
	case "in milliseconds since 1970":
		return func(now time.Time) string { return fmt.Sprint(now.UnixMilli()) }, nil
	case "as a word":
		return func(time.Time) string { return "now" }, nil
	case "with the offset -03:00":
		return func(now time.Time) string {
			return now.In(time.FixedZone("", -3*60*60)).Format("2006-01-02T15:04:05-07:00")
		}, nil
	}
	return nil, fmt.Errorf("there is no way %q to write a date", name)
}

// localTime is what a client sends that forgets UTC: the clock on its wall, called Z.
func localTime(city string) (func(now time.Time) string, error) {
	offsets := map[string]time.Duration{ // none of them has daylight saving time today
		"São Paulo":   -3 * time.Hour,
		"Mexico City": -6 * time.Hour,
		"Mumbai":      5*time.Hour + 30*time.Minute,
		"Tokyo":       9 * time.Hour,
		"Kathmandu":   5*time.Hour + 45*time.Minute,
		"Lagos":       time.Hour,
		"Praia":       -time.Hour,
	}
	offset, ok := offsets[city]
	if !ok {
		return nil, fmt.Errorf("the local time of %q is not known", city)
	}
	return func(now time.Time) string { return d24.FormatDate(now.Add(offset)) }, nil
}

// signatureFault is what "only its signature …" can be about.
func signatureFault(name string) (merchant.Tamper, error) {
	if name == "is in upper case" {
		return merchant.WithSignature(func(digest string, _ merchant.Signing) string { return strings.ToUpper(digest) }), nil
	}
	schemes := map[string]string{ // wrong words before a deposits signature
		"is behind d24 in lower case":  "d24 ",
		"is behind D24 and two spaces": "D24  ",
		"is behind another word":       "TUPAY ",
		"is behind no word at all":     "",
	}
	if scheme, ok := schemes[name]; ok {
		return merchant.WithScheme(scheme), nil
	}
	return merchant.Tamper{}, fmt.Errorf("there is no fault of a signature called %q", name)
}
