package d24

import (
	"crypto/subtle"
	"strings"
)

// VerifyAuthorization reports whether value is the Authorization that this key
// gives to a deposits request or notification with these parts. It takes the same
// time whichever digit is wrong.
func (k *Key) VerifyAuthorization(value, xDate, xLogin string, body []byte) bool {
	digest, ok := strings.CutPrefix(value, Scheme)
	if !ok || len(digest) != DigestHexLen {
		return false
	}
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	var want [DigestHexLen]byte
	return equal(s.AppendDeposit(want[:0], xDate, xLogin, body), digest)
}

// VerifyPayload reports whether value is the Payload-Signature that this key gives
// to the body, in constant time. Upper-case digits are refused, as documented.
func (k *Key) VerifyPayload(value string, body []byte) bool {
	if len(value) != DigestHexLen {
		return false
	}
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	var want [DigestHexLen]byte
	return equal(s.AppendPayload(want[:0], body), value)
}

// VerifyControl reports whether value is the control that this key gives to a
// notification of the cashout, in constant time. Lower-case digits are refused.
func (k *Key) VerifyControl(value, externalID string) bool {
	if len(value) != DigestHexLen {
		return false
	}
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	var want [DigestHexLen]byte
	return equal(s.AppendControl(want[:0], externalID), value)
}

func equal(want []byte, got string) bool {
	return subtle.ConstantTimeCompare(want, []byte(got)) == 1
}
