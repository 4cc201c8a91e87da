package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// verified says whether a notification is to be believed. It looks at the bytes as they
// came, before anything of them counts.
func (r *Receiver) verified(n *notification) bool {
	checks := []check{authorization, login, date}
	if n.isForm {
		checks = []check{payloadSignature, control}
	}
	for _, c := range checks {
		if skips := r.rules.skips[c]; (skips == nil || !skips(r, n)) && !r.holds(c, n) {
			return false
		}
	}
	return true
}

func (r *Receiver) holds(c check, n *notification) bool {
	switch c {
	case authorization:
		digits, ok := r.rules.digits(n.header.Get(d24.HeaderAuthorization))
		return ok && r.fits(c, digits, n)
	case login:
		return n.header.Get(d24.HeaderLogin) == r.Credentials.Deposits.APIKey
	case date:
		when, err := d24.ParseDate(n.header.Get(d24.HeaderDate))
		return err == nil && d24.InWindow(r.Now(), when)
	case control:
		return r.fits(c, n.form.Control, n)
	case payloadSignature: // it has to fit where it is there (reading AMB-32)
		given := n.header.Get(d24.HeaderPayloadSignature)
		return given == "" || r.cashouts.VerifyPayload(given, n.body)
	case status: // not in a notification
	}
	return true
}

// fits says whether digits are those of a secret and a text that are taken.
func (r *Receiver) fits(c check, digits string, n *notification) bool {
	signed := *n
	signed.body = r.rules.body(n.body)
	for _, secret := range r.rules.secrets[c] {
		for _, text := range r.rules.texts[c] {
			right := digest(secret(r.Credentials), text(&signed))
			if c == control {
				right = strings.ToUpper(right)
			}
			if r.rules.same[c](digits, right) {
				return true
			}
		}
	}
	return false
}

// digest is the HMAC-SHA-256 of a text in lower-case hexadecimal digits.
func digest(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// signedText is what Authorization covers: date, login and the body.
func signedText(n *notification) []byte {
	return append([]byte(n.header.Get(d24.HeaderDate)+n.header.Get(d24.HeaderLogin)), n.body...)
}

// controlText is what control covers.
func controlText(n *notification) []byte { return []byte("Be4" + n.form.ExternalID + "Bo7") }
