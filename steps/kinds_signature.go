package steps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// digested changes the digits of a signature.
func digested(name string, change func(digest string, s merchant.Signing) string) fault {
	return tampered(name, merchant.WithSignature(change))
}

// edited changes the digits by themselves.
func edited(name string, change func(string) string) fault {
	return digested(name, func(digest string, _ merchant.Signing) string { return change(digest) })
}

func changedDigits() []fault {
	return []fault{
		edited("its first digit changed", func(d string) string { return merchant.FlipDigit(d, 0) }),
		edited("its second digit changed", func(d string) string { return merchant.FlipDigit(d, 1) }),
		edited("a digit in the middle changed", func(d string) string { return merchant.FlipDigit(d, len(d)/2) }),
		edited("its last but one digit changed", func(d string) string { return merchant.FlipDigit(d, len(d)-2) }),
		edited("its last digit changed", func(d string) string { return merchant.FlipDigit(d, len(d)-1) }),
	}
}

func wrongDigests() []fault {
	return []fault{
		edited("cut to its first 32 digits", func(d string) string { return d[:len(d)/2] }),
		edited("cut to its last 32 digits", func(d string) string { return d[len(d)/2:] }),
		edited("cut to its first 8 digits", func(d string) string { return d[:8] }),
		edited("its last digit missing", func(d string) string { return d[:len(d)-1] }),
		edited("its first digit missing", func(d string) string { return d[1:] }),
		edited("a digit too many", func(d string) string { return d + "0" }),
		edited("written twice", func(d string) string { return d + d }),
		edited("64 zeros", func(string) string { return strings.Repeat("0", d24.DigestHexLen) }),
		edited("its digits backwards", func(d string) string {
			digits := []byte(d)
			slices.Reverse(digits)
			return string(digits)
		}),
		digested("an HMAC with SHA-1", merchant.SHA1Digest),
		digested("a plain SHA-256 without a key", merchant.UnkeyedDigest),
		digested("in base64", merchant.Base64Digest),
		{"behind the D24 scheme word", func(_ *world, st *stage) (spoilt, bool) {
			t := merchant.WithSignature(func(digest string, _ merchant.Signing) string { return d24.Scheme + digest })
			return spoilt{tampers: []merchant.Tamper{t}}, st.request.Auth == merchant.SignedCashout
		}},
		{"that of another request", func(*world, *stage) (spoilt, bool) {
			t := merchant.SigningOther(func(s *merchant.Signing) { s.Body = append(slices.Clip(s.Body), "{}"...) })
			return spoilt{tampers: []merchant.Tamper{t}}, true
		}},
	}
}

// upperCaseDigests are what cashouts pages forbid by name.
func upperCaseDigests() []fault {
	return []fault{
		edited("in upper case", strings.ToUpper),
		edited("half of it in upper case", func(d string) string { return strings.ToUpper(d[:len(d)/2]) + d[len(d)/2:] }),
		edited("one letter in upper case", func(d string) string {
			at := strings.IndexAny(d, "abcdef")
			return d[:at] + strings.ToUpper(d[at:at+1]) + d[at+1:]
		}),
	}
}

// wrongTexts sign another text than the one that is sent.
func wrongTexts() []fault {
	// text is a fault of deposits requests, of requests with a body, or of both.
	text := func(name string, deposits, bodies bool, change func(*merchant.Signing)) fault {
		return fault{name, func(_ *world, st *stage) (spoilt, bool) {
			ok := (!deposits || st.request.Auth == merchant.SignedDeposit) && (!bodies || len(st.request.Body) > 0)
			return spoilt{tampers: []merchant.Tamper{merchant.SigningOther(change)}}, ok
		}}
	}
	const deposits, bodies = true, true
	list := []fault{
		text("without date and login", deposits, false, func(s *merchant.Signing) { s.Date, s.Login = "", "" }),
		text("without X-Date", deposits, false, func(s *merchant.Signing) { s.Date = "" }),
		text("without X-Login", deposits, false, func(s *merchant.Signing) { s.Login = "" }),
		text("X-Login before X-Date", deposits, false, func(s *merchant.Signing) { s.Date, s.Login = s.Login, s.Date }),
		text("for the next second", deposits, false, func(s *merchant.Signing) { s.Date = secondLater(s.Date) }),
		text("with line breaks between its parts", deposits, false, func(s *merchant.Signing) { s.Date += "\n"; s.Login += "\n" }),
		text("the body before date and login", deposits, bodies, func(s *merchant.Signing) {
			s.Date, s.Login, s.Body = string(s.Body), s.Date, []byte(s.Login)
		}),
		text("of an empty body", false, bodies, func(s *merchant.Signing) { s.Body = nil }),
		text("of half the body", false, bodies, func(s *merchant.Signing) { s.Body = s.Body[:len(s.Body)/2] }),
		text("of the body without its last byte", false, bodies, func(s *merchant.Signing) { s.Body = s.Body[:len(s.Body)-1] }),
		text("of the body written twice", false, bodies, func(s *merchant.Signing) { s.Body = bytes.Repeat(s.Body, 2) }),
		text("of the body with its fields in alphabetical order", false, bodies, func(s *merchant.Signing) { s.Body = alphabetical(s.Body) }),
	}
	for _, field := range []string{"external_id", "cashout_id", "invoice_id", "deposit_id", "amount"} {
		list = append(list, fault{"of " + field + " alone", func(_ *world, st *stage) (spoilt, bool) {
			value := merchant.FieldText(st.request.Body, field)
			return spoilt{tampers: []merchant.Tamper{merchant.SigningOther(func(s *merchant.Signing) {
				s.Body = []byte(merchant.FieldText(s.Body, field))
			})}}, value != ""
		}})
	}
	for _, size := range bodySizes() {
		list = append(list, fault{fmt.Sprintf("of the first %d bytes of a larger body", size), func(w *world, st *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{
				merchant.WithBody(func(b []byte) []byte { return merchant.Padded(b, size) }),
				merchant.SigningOther(func(s *merchant.Signing) { s.Body = s.Body[:size] }),
			}}, len(st.request.Body) > 0 && w.suite.survey.takes(size)
		}})
	}
	return list
}

// alphabetical is a JSON object as a library writes it that knows no order of fields. What
// is no object stays as it is, without its last byte.
func alphabetical(object []byte) []byte {
	var fields map[string]any
	if err := json.Unmarshal(object, &fields); err != nil {
		return object[:len(object)-1]
	}
	sorted, err := json.Marshal(fields)
	if err != nil {
		return object[:len(object)-1]
	}
	return sorted
}

func secondLater(date string) string {
	parsed, err := d24.ParseDate(date)
	if err != nil {
		return date
	}
	return d24.FormatDate(parsed.Add(time.Second))
}

// changesAfterSigning change what is sent, under the signature of what was not.
func changesAfterSigning() []fault {
	list := []fault{{"X-Date a second later", func(_ *world, st *stage) (spoilt, bool) {
		return spoilt{tampers: []merchant.Tamper{merchant.DateAfterSigning(time.Second)}}, st.request.Auth == merchant.SignedDeposit
	}}, {"another cashout named", func(_ *world, st *stage) (spoilt, bool) {
		return spoilt{tampers: []merchant.Tamper{merchant.BodyAfterSigning(st.namesOther)}}, st.other.id != ""
	}}}
	for _, c := range bodyChanges() {
		list = append(list, fault{c.name, func(_ *world, st *stage) (spoilt, bool) {
			// A change that this body does not show is none.
			ok := len(st.request.Body) > 0 && !bytes.Equal(c.change(st.request.Body), st.request.Body)
			return spoilt{tampers: []merchant.Tamper{merchant.BodyAfterSigning(c.change)}}, ok
		}})
	}
	for _, size := range bodySizes() {
		pad := func(b []byte) []byte { return merchant.Padded(b, size) }
		for _, c := range lateChanges() {
			list = append(list, fault{fmt.Sprintf("%s behind %d bytes of the body", c.name, size), func(w *world, st *stage) (spoilt, bool) {
				ok := len(st.request.Body) > 0 && w.suite.survey.takes(size)
				return spoilt{tampers: []merchant.Tamper{merchant.WithBody(pad), merchant.BodyAfterSigning(c.change)}}, ok
			}})
		}
	}
	return list
}

// bodySizes are where somebody may stop reading: 1 KiB, 4 KiB and 64 KiB.
func bodySizes() []int { return []int{1 << 10, 4 << 10, 64 << 10} }

// A bodyChange is a change of a body on its way.
type bodyChange struct {
	name   string
	change func([]byte) []byte
}

func bodyChanges() []bodyChange {
	set := func(field string, value any) func([]byte) []byte {
		return func(b []byte) []byte {
			if !slices.Contains(merchant.FieldNames(b), field) {
				return b
			}
			return merchant.SetField(b, field, value)
		}
	}
	return []bodyChange{
		{"amount changed", set("amount", d24.Amount(99))},
		{"country changed", set("country", "MX")},
		{"bank account changed", set("bank_account", "87654321")},
		{"notification_url changed", set("notification_url", "https://merchant.example/another")},
		{"name changed", func(b []byte) []byte { return merchant.Replace(b, `"Maria"`, `"Marta"`) }},
		{"first field changed", changeFirstField},
		{"last field changed", merchant.ChangeLastField},
		{"a field added", func(b []byte) []byte { return merchant.SetField(b, "comments", "added on its way") }},
		{"order of fields changed", merchant.Reverse},
		{"white space between fields", merchant.Pretty},
		{"white space before the body", func(b []byte) []byte { return append([]byte{' '}, b...) }},
		{"white space after the body", func(b []byte) []byte { return append(slices.Clip(b), ' ') }},
		{"line break after the body", func(b []byte) []byte { return append(slices.Clip(b), '\n') }},
		{`a letter spelt as \u`, func(b []byte) []byte { return merchant.Replace(b, `"Maria"`, `"\u004daria"`, `d24c-`, `\u00644c-`) }},
		{"a field there twice", merchant.Twice},
	}
}

// lateChanges are those that stand behind everything else of a padded body.
func lateChanges() []bodyChange {
	return []bodyChange{
		{"last field changed", merchant.ChangeLastField},
		{"first field changed", changeFirstField},
	}
}

// changeFirstField changes the first field that does not say who calls: another login is
// refused for that.
func changeFirstField(body []byte) []byte {
	at := slices.IndexFunc(merchant.FieldNames(body), func(name string) bool { return name != "login" && name != "pass" })
	return merchant.ChangeField(body, at)
}

// namesOther has the body name another cashout of ours, so that a server that does not look
// would act on it.
func (s *stage) namesOther(body []byte) []byte {
	body = merchant.SetField(body, "cashout_id", d24.ID(s.other.id))
	return merchant.SetField(body, "external_id", s.other.external)
}
