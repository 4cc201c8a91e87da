// Package mistakes finds out which of the usual mistakes makes a wrong signature.
//
// "Invalid signature" is all that a server says, and it is what integrations hang on
// for days. The digest tells more: whoever knows the secret can try what people do
// wrong, one thing at a time, until the same digits come out. [Explain] does that.
//
// # Names
//
// Mistakes have the names of the vectors (see vectors/README.md), so that a vector's
// wrong answer and a client's wrong request are called the same. Where JSON was
// written again in several other ways at once, the names are joined.
package mistakes

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// About is the part of signing that a mistake is in.
type About int

// Parts of signing.
const (
	Nothing   About = iota // the digest is the right one
	Unknown                // it is not, and no usual mistake makes it
	Key                    // another key than the API Signature
	Algorithm              // another function than HMAC-SHA-256
	Date                   // another date than X-Date says
	Text                   // the text was put together in another way, or written again
	Charset                // the body's letters were signed in another encoding than they were sent
)

// A Request is what a signature was made for.
type Request struct {
	Value       string // of Authorization or Payload-Signature, as it came
	Cashouts    bool   // which formula: the body alone
	Date, Login string // as they came
	Body        []byte
	Method      string
	Path, Query string
	Idempotency string // X-Idempotency-Key

	Key    string            // the API Signature that it has to be made with
	Others map[string]string // other credentials that could have been taken for it, by what they are called
}

// A Diagnosis is what is wrong with a signature.
type Diagnosis struct {
	About About
	Name  string // of the mistake
	What  string // the mistake as a sentence without its full stop
	// Signed is the text that was signed, where the mistake is in the text and the right key
	// was used; nil elsewhere.
	Signed []byte
}

// Explain finds the mistake. A value that is written in another way than it must be,
// in upper case, in base64, behind another word, is read all the same: that is a fault
// of its own, which can be seen without knowing any secret.
func Explain(r Request) Diagnosis {
	sum := digestOf(r.Value)
	if bytes.Equal(sum, mac(r.Key, r.rightText())) {
		return Diagnosis{About: Nothing}
	}
	found := Diagnosis{About: Unknown}
	r.candidates(func(c candidate) bool {
		if !bytes.Equal(sum, c.sum()) {
			return true
		}
		found = Diagnosis{About: c.about, Name: c.name, What: c.what, Signed: c.text}
		return false
	})
	return found
}

// digestOf reads a digest in any writing, behind whatever word; nil when it is none.
func digestOf(value string) []byte {
	last := value[strings.LastIndexByte(value, ' ')+1:]
	bare := strings.TrimRight(last, "=")
	for _, digest := range []string{last, bare, bare[strings.LastIndexAny(bare, "=:")+1:]} {
		if sum, err := hex.DecodeString(strings.ToLower(digest)); err == nil {
			return sum
		}
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			sum, err := encoding.DecodeString(digest)
			if err != nil {
				continue
			}
			if inner, err := hex.DecodeString(string(sum)); err == nil && len(sum) == d24.DigestHexLen {
				return inner
			}
			return sum
		}
	}
	return nil
}

// rightText is the string-to-sign.
func (r Request) rightText() []byte {
	if r.Cashouts {
		return r.Body
	}
	return r.text(r.Date, r.Login, r.Body)
}

// text is the string-to-sign with other parts.
func (r Request) text(date, login string, body []byte) []byte {
	if r.Cashouts {
		return body
	}
	return append([]byte(date+login), body...)
}
