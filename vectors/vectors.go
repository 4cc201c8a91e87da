// Package vectors holds golden vectors for the signatures, dates and
// notifications of the D24 family of payment APIs.
//
// The vectors are the JSON files beside this one. They are made by a Python
// script and recomputed by openssl, Node and a second Python script; nothing in
// this module's signer had a part in them, which is what makes them worth
// comparing it with. README.md describes every field for readers in other
// languages; this package only decodes the files into types.
//
// # Judging a signer
//
// Sign the inputs of every case with [SignatureCase.Accepted] and compare with
// its Signature. An answer that is wrong may be known by name:
// [SignatureCase.MistakeOf].
//
// # Judging a verifier
//
// Give it the inputs and Presented. It must accept or refuse as Accepted says.
// The answer of every mistake is one more value to refuse.
//
// # What the documents leave open
//
// A case with Ambiguities says something only under the default readings of
// these entries of the ambiguity register. A case with a Reading holds under
// that other reading only, and must be skipped by whoever tests the defaults.
package vectors

import (
	"bytes"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

//go:embed deposits.json cashouts.json notifications.json xdate.json vectors.schema.json
var files embed.FS

// SchemaID is the value of "schema" in every file.
const SchemaID = "d24conform/vectors/v1"

// SchemaFile is the name of the JSON Schema in [Files].
const SchemaFile = "vectors.schema.json"

// Files returns the JSON files and their schema as they are published.
func Files() fs.FS { return files }

// Topics returns the names of the topics, each a file NAME.json in [Files].
func Topics() []string { return []string{"deposits", "cashouts", "notifications", "xdate"} }

// Set is all vectors, each kind in the order of its file.
type Set struct {
	Signatures []SignatureCase
	Dates      []DateCase
	Formats    []FormatCase
	Windows    []WindowCase
	// Provenance says, by topic, which tools made and checked the file.
	Provenance map[string]Provenance
}

// Provenance names the tools behind a file.
type Provenance struct {
	MadeBy    Tool   `json:"made_by"`
	CheckedBy []Tool `json:"checked_by"`
	Author    string `json:"author"`
}

// Tool is a script and the program that runs it.
type Tool struct {
	Script  string `json:"script"`
	Tool    string `json:"tool"`
	Version string `json:"version"`
}

// Load decodes the embedded files. It fails only when they do not fit the
// types here, which this package's tests exclude.
func Load() (*Set, error) { return load(files) }

func load(fsys fs.FS) (*Set, error) {
	set := &Set{Provenance: make(map[string]Provenance)}
	for _, topic := range Topics() {
		if err := set.add(fsys, topic); err != nil {
			return nil, fmt.Errorf("vectors: load %s: %w", topic, err)
		}
	}
	return set, nil
}

func (s *Set) add(fsys fs.FS, topic string) error {
	data, err := fs.ReadFile(fsys, topic+".json")
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	var file struct {
		JSONSchema string            `json:"$schema"`
		Schema     string            `json:"schema"`
		Topic      string            `json:"topic"`
		Provenance Provenance        `json:"provenance"`
		Cases      []json.RawMessage `json:"cases"`
	}
	if err := decode(data, &file); err != nil {
		return err
	}
	if file.Schema != SchemaID || file.Topic != topic {
		return fmt.Errorf("the file says schema %q and topic %q", file.Schema, file.Topic)
	}
	s.Provenance[topic] = file.Provenance
	for i, raw := range file.Cases {
		if err := s.addCase(topic, raw); err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
	}
	return nil
}

func (s *Set) addCase(topic string, raw json.RawMessage) error {
	if topic != "xdate" {
		return appendCase(&s.Signatures, raw)
	}
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return fmt.Errorf("decode kind: %w", err)
	}
	switch head.Kind {
	case "parse":
		return appendCase(&s.Dates, raw)
	case "format":
		return appendCase(&s.Formats, raw)
	case "window":
		return appendCase(&s.Windows, raw)
	}
	return fmt.Errorf("unknown kind %q", head.Kind)
}

func appendCase[T any](to *[]T, raw json.RawMessage) error {
	var c T
	if err := decode(raw, &c); err != nil {
		return err
	}
	*to = append(*to, c)
	return nil
}

// decode refuses unknown fields: files and types are published together, so a
// field without a type is a slip here. Other readers should ignore such fields.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode: text after the document")
	}
	return nil
}

// Case is what all cases have in common.
type Case struct {
	// ID is stable and unique, such as "deposits/utf8-name".
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Description string `json:"description"`
	// Expect is "accept" or "refuse".
	Expect string `json:"expect"`
	// Reason is the one fault of a case to refuse, a word of the schema's list.
	Reason string `json:"reason"`
	// Ambiguities are the entries of the ambiguity register, such as "AMB-18",
	// under whose default readings the case holds.
	Ambiguities []string `json:"ambiguities"`
}

// Accepted reports whether the case is one to accept.
func (c Case) Accepted() bool { return c.Expect == "accept" }

// Kinds of a [SignatureCase].
const (
	// Authorization: "D24 " + lower-case hex over X-Date + X-Login + body.
	KindDepositRequest      = "deposit_request"
	KindDepositNotification = "deposit_notification"
	KindRefundNotification  = "refund_notification"
	// Authorization: "D24 " + lower-case hex over the body alone, a reading of AMB-30.
	KindDepositNotificationBodyOnly = "deposit_notification_body_only"
	// Payload-Signature: lower-case hex over the body.
	KindCashoutRequest             = "cashout_request"
	KindCashoutNotificationPayload = "cashout_notification_payload"
	// Form field control: upper-case hex over "Be4" + external_id + "Bo7".
	KindCashoutControl = "cashout_control"
)

// SignatureCase is one signature to make or to verify.
type SignatureCase struct {
	Case
	// Source says where the inputs or the answer were published, if they were.
	Source string `json:"source"`
	// Reading is the reading that is not the default and without which the case
	// does not hold, such as "AMB-30=body-only". Skip the case if it is not yours.
	Reading string `json:"reading"`

	// Key is the signing key; its UTF-8 bytes are the key of HMAC.
	Key    string `json:"key"`
	KeyHex string `json:"key_hex"`
	// XDate and XLogin are empty where the kind does not sign them.
	XDate      string `json:"x_date"`
	XLogin     string `json:"x_login"`
	ExternalID string `json:"external_id"`
	// BodyText and BodyBase64 are the body's two forms; Body returns its bytes.
	BodyText   string `json:"body"`
	BodyBase64 []byte `json:"body_base64"`

	StringToSign StringToSign `json:"string_to_sign"`
	// Signature is the right value. It is empty where no value can be right:
	// a body that is not UTF-8.
	Signature string `json:"signature"`
	// Presented is the value that a verifier is given: Signature in a case to
	// accept, a wrong value (empty: none) in a case to refuse.
	Presented string `json:"presented"`
	// PresentedFrom says how Presented was computed. It is nil in a case to
	// accept, and where Presented is an edit of Signature.
	PresentedFrom *Computation `json:"presented_from"`
	Mistakes      []Mistake    `json:"mistakes"`
}

// Body returns the exact bytes that were sent.
func (c SignatureCase) Body() []byte {
	if c.BodyBase64 != nil {
		return bytes.Clone(c.BodyBase64)
	}
	return []byte(c.BodyText)
}

// MistakeOf returns the mistake that gives this answer.
func (c SignatureCase) MistakeOf(answer string) (Mistake, bool) {
	for _, m := range c.Mistakes {
		if m.Answer == answer {
			return m, true
		}
	}
	return Mistake{}, false
}

// StringToSign is the text over which HMAC-SHA-256 is computed.
type StringToSign struct {
	// Text is empty where the bytes are not valid UTF-8.
	Text string `json:"text"`
	Hex  string `json:"hex"`
}

// Bytes decodes Hex.
func (s StringToSign) Bytes() ([]byte, error) {
	b, err := hex.DecodeString(s.Hex)
	if err != nil {
		return nil, fmt.Errorf("vectors: decode string-to-sign: %w", err)
	}
	return b, nil
}

// Computation is how an answer is computed:
// Prefix + Encoding(Algorithm(key, string-to-sign)).
type Computation struct {
	Algorithm       string `json:"algorithm"`
	KeyHex          string `json:"key_hex"`
	StringToSignHex string `json:"string_to_sign_hex"`
	Encoding        string `json:"encoding"`
	Prefix          string `json:"prefix"`
}

// Mistake is a wrong answer with the name of what was done wrong.
type Mistake struct {
	Name string `json:"name"`
	What string `json:"what"`
	// Ambiguities as in [Case]: under another reading the answer is not wrong.
	Ambiguities []string `json:"ambiguities"`
	Computation
	Answer string `json:"answer"`
}

// DateCase is a string that is a valid X-Date or is not (kind "parse").
type DateCase struct {
	Case
	XDate string `json:"x_date"`
	// UnixSeconds is the instant of a case to accept.
	UnixSeconds int64 `json:"unix_seconds"`
}

// Time returns the instant of a case to accept.
func (c DateCase) Time() time.Time { return time.Unix(c.UnixSeconds, 0).UTC() }

// FormatCase is an instant and the X-Date to be made of it (kind "format").
type FormatCase struct {
	Case
	// Instant is RFC 3339, with an offset and perhaps a fraction.
	Instant  string        `json:"instant"`
	UnixMS   int64         `json:"unix_ms"`
	XDate    string        `json:"x_date"`
	Mistakes []DateMistake `json:"mistakes"`
}

// Time returns the instant.
func (c FormatCase) Time() time.Time { return time.UnixMilli(c.UnixMS).UTC() }

// WindowCase is an X-Date and the server's clock when it arrives (kind "window").
type WindowCase struct {
	Case
	// ServerTime is RFC 3339 in UTC with milliseconds.
	ServerTime string `json:"server_time"`
	XDate      string `json:"x_date"`
	// DifferenceMS is the server's clock minus X-Date.
	DifferenceMS int64 `json:"difference_ms"`
	// Mistakes have "accept" or "refuse" for an answer.
	Mistakes []DateMistake `json:"mistakes"`
}

// Server returns the server's clock.
func (c WindowCase) Server() (time.Time, error) {
	t, err := time.Parse(time.RFC3339, c.ServerTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("vectors: parse server time of %s: %w", c.ID, err)
	}
	return t, nil
}

// DateMistake is a wrong date or verdict with the name of what was done wrong.
type DateMistake struct {
	Name   string `json:"name"`
	What   string `json:"what"`
	Answer string `json:"answer"`
}
