package steps

import (
	"fmt"
	"slices"
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
		"as in an e-mail":        time.RFC1123Z,
		"day first":              "02/01/2006 15:04:05",
		"without its time":       time.DateOnly,
		"with the offset +00:00": "2006-01-02T15:04:05+00:00",
		"with the offset +0000":  "2006-01-02T15:04:05+0000",
		"with milliseconds":      "2006-01-02T15:04:05.000Z",
	}
	if layout, ok := layouts[name]; ok {
		return func(now time.Time) string { return now.UTC().Format(layout) }, nil
	}
	switch name {
	case "in seconds since 1970":
		return func(now time.Time) string { return fmt.Sprint(now.Unix()) }, nil
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
	}
	offset, ok := offsets[city]
	if !ok {
		return nil, fmt.Errorf("the local time of %q is not known", city)
	}
	return func(now time.Time) string { return d24.FormatDate(now.Add(offset)) }, nil
}

// signatureFault is what "only its signature …" can be about.
func (w *world) signatureFault(name string) (merchant.Tamper, error) {
	ours := w.server.Credentials
	if key, ok := strings.CutPrefix(name, "is made with "); ok {
		secrets := map[string]string{
			"a made-up key":          "sk-that-nobody-has",
			"an empty key":           "",
			"the cashouts signature": ours.Cashouts.APISignature,
			"the deposits signature": ours.Deposits.APISignature,
			"the deposits API key":   ours.Deposits.APIKey,
			"the read-only key":      ours.Deposits.ReadOnlyKey,
			"the passphrase":         ours.Cashouts.APIPassphrase,
		}
		secret, known := secrets[key]
		switch {
		case !known:
			return merchant.Tamper{}, fmt.Errorf("there is no key %q to sign with", key)
		case secret == "" && key != "an empty key":
			return merchant.Tamper{}, &missing{"the credentials lack " + key}
		}
		return merchant.SignedWith(secret), nil
	}
	if change, ok := digestFaults()[name]; ok {
		return merchant.WithSignature(change), nil
	}
	if change, ok := textFaults()[name]; ok {
		return merchant.SigningOther(change), nil
	}
	if scheme, ok := schemes()[name]; ok {
		return merchant.WithScheme(scheme), nil
	}
	if name == "is behind the D24 scheme word" {
		return merchant.WithSignature(func(digest string, _ merchant.Signing) string { return d24.Scheme + digest }), nil
	}
	return merchant.Tamper{}, fmt.Errorf("there is no fault of a signature called %q", name)
}

// digestFaults spoil the digits.
func digestFaults() map[string]func(string, merchant.Signing) string {
	edit := func(change func(string) string) func(string, merchant.Signing) string {
		return func(digest string, _ merchant.Signing) string { return change(digest) }
	}
	return map[string]func(string, merchant.Signing) string{
		"is nothing at all":                edit(func(string) string { return "" }),
		"has its last digit changed":       edit(func(d string) string { return merchant.FlipDigit(d, len(d)-1) }),
		"has its first digit changed":      edit(func(d string) string { return merchant.FlipDigit(d, 0) }),
		"is cut to its first 32 digits":    edit(func(d string) string { return d[:len(d)/2] }),
		"is 64 zeros":                      edit(func(string) string { return strings.Repeat("0", d24.DigestHexLen) }),
		"has a digit too many":             edit(func(d string) string { return d + "0" }),
		"is in upper case":                 edit(strings.ToUpper),
		"is an HMAC with SHA-1":            merchant.SHA1Digest,
		"is a plain SHA-256 without a key": merchant.UnkeyedDigest,
		"is in base64":                     merchant.Base64Digest,
	}
}

// textFaults sign another text than the one that is sent.
func textFaults() map[string]func(*merchant.Signing) {
	return map[string]func(*merchant.Signing){
		"is of the body alone":        func(s *merchant.Signing) { s.Date, s.Login = "", "" },
		"leaves X-Date out":           func(s *merchant.Signing) { s.Date = "" },
		"is of X-Login before X-Date": func(s *merchant.Signing) { s.Date, s.Login = s.Login, s.Date },
		"is of an empty body":         func(s *merchant.Signing) { s.Body = nil },
		"is for the next second": func(s *merchant.Signing) {
			if date, err := d24.ParseDate(s.Date); err == nil {
				s.Date = d24.FormatDate(date.Add(time.Second))
			}
		},
	}
}

// schemes are wrong words before a deposits signature.
func schemes() map[string]string {
	return map[string]string{
		"is behind d24 in lower case":  "d24 ",
		"is behind D24 and two spaces": "D24  ",
		"is behind another word":       "TUPAY ",
		"is behind no word at all":     "",
	}
}

// changeAfterSigning is what "only its <part> is changed after signing" can be about.
func changeAfterSigning(part string) (merchant.Tamper, error) {
	if part == d24.HeaderDate {
		return merchant.DateAfterSigning(time.Second), nil
	}
	changes := map[string]func([]byte) []byte{
		"amount":                     func(b []byte) []byte { return merchant.SetField(b, "amount", d24.Amount(99)) },
		"country":                    func(b []byte) []byte { return merchant.SetField(b, "country", "MX") },
		"bank account":               func(b []byte) []byte { return merchant.SetField(b, "bank_account", "87654321") },
		"payer's name":               func(b []byte) []byte { return merchant.Replace(b, `"Maria"`, `"Marta"`) },
		"last field":                 merchant.ChangeLastField,
		"order of fields":            merchant.Reverse,
		"white space between fields": merchant.Pretty,
		"white space after the end":  func(b []byte) []byte { return append(slices.Clip(b), ' ') },
		"line break after the end":   func(b []byte) []byte { return append(slices.Clip(b), '\n') },
		`spelling of a letter as \u`: func(b []byte) []byte { return merchant.Replace(b, `"Maria"`, `"\u004daria"`) },
	}
	change, ok := changes[part]
	if !ok {
		return merchant.Tamper{}, fmt.Errorf("there is no part %q of a body to change", part)
	}
	return merchant.BodyAfterSigning(change), nil
}
