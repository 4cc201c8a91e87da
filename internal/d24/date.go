package d24

import (
	"fmt"
	"regexp"
	"time"
)

// Window is how far an X-Date may be from the server's clock, in either
// direction: "differs in more than 5 seconds" is blocked, so exactly 5 s passes
// (deposits, technical and security aspects; readings AMB-14 and AMB-15).
const Window = 5 * time.Second

// DateLayout is X-Date in the words of package time: UTC, whole seconds, a
// literal Z (deposits, technical and security aspects, "X-Date").
const DateLayout = "2006-01-02T15:04:05Z"

// FormatDate is t as an X-Date: in UTC, its fraction of a second cut off.
func FormatDate(t time.Time) string {
	return t.UTC().Format(DateLayout)
}

// AppendDate appends t as an X-Date to dst, without allocating.
func AppendDate(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, DateLayout)
}

// ParseDate reads an X-Date. It takes exactly the documented form: offsets,
// fractions, lower-case letters, spaces and leap seconds are errors (readings
// AMB-16 and AMB-17; [ParseDateLoosely] is the other reading).
func ParseDate(text string) (time.Time, error) {
	// time.Parse accepts a fraction after the seconds even where the layout has
	// none, and single-digit hours; the length rules out each, and the shortest
	// fraction is two characters, so that it cannot make up for the one digit.
	t, err := time.Parse(DateLayout, text)
	if err != nil || len(text) != len(DateLayout) {
		return time.Time{}, fmt.Errorf("x-date %q is not yyyy-MM-ddTHH:mm:ssZ, such as 2020-06-21T12:33:20Z", text)
	}
	return t, nil
}

// rfc3339 is the form; time.Parse alone takes single-digit hours, a comma before the
// fraction and offsets of 24 hours.
var rfc3339 = regexp.MustCompile(`^[\d-]{10}T[\d:]{8}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseDateLoosely also takes a numeric offset and a fraction of a second, as
// RFC 3339 allows: the reading rfc3339 of AMB-16/17.
func ParseDateLoosely(text string) (time.Time, error) {
	if t, err := ParseDate(text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !rfc3339.MatchString(text) {
		return time.Time{}, fmt.Errorf("x-date %q is not an RFC 3339 date and time", text)
	}
	return t, nil
}

// InWindow reports whether a request dated date is fresh for a server whose clock
// says now: at most [Window] old or early.
func InWindow(now, date time.Time) bool {
	return now.Sub(date).Abs() <= Window
}
