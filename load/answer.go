package load

import (
	"bytes"
	"encoding/binary"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/d24conform/d24conform/internal/d24"
)

// A judgement is what an answer means for its attempt.
type judgement struct {
	marks  uint8
	object uint64
	again  bool   // a client would ask again
	class  string // of the error; empty when it is what the profile expects
}

// expectations are what a profile takes for right.
type expectations struct {
	stored500 bool // it asks for 500s
	losing    bool // it asks for answers that do not come
	slow      bool // it asks for delays
	repeated  bool // a key is shown more than once
	scarce    bool // the balance is meant to run dry
}

func (p *Profile) expectations() expectations {
	return expectations{
		stored500: p.faulty("respond-500"),
		losing:    p.faulty("drop-before", "drop-after-commit", "half-body"),
		slow:      p.faulty("delay", "delay-answer"),
		repeated:  p.Keys.Attempts > 1 || p.Keys.Count > 0 || p.Retries.Times > 0,
		scarce:    p.Funds > 0,
	}
}

// judge says what came of an attempt.
func (e *expectations) judge(op Op, in *incoming) judgement {
	switch {
	case in.outcome == answered && e.losing && (in.status == 502 || in.status == 504):
		// What stands between us and the target has lost the answer that was to be lost.
		return judgement{again: true}
	case in.outcome == answered:
		return e.answer(op, in.status, in.body)
	case in.outcome == unsent:
		return judgement{marks: markError, again: true, class: "not sent"}
	case in.outcome == timeout && e.slow, in.outcome != timeout && e.losing:
		return judgement{again: true}
	}
	return judgement{marks: markError, again: true, class: in.outcome.String()}
}

func (e *expectations) answer(op Op, status int, body []byte) judgement {
	switch {
	case op == Status:
		if status == 200 {
			return judgement{}
		}
		return unexpected(status, body)
	case op == Stale:
		// Refused is a 4xx that is an answer to this request, and no other.
		if status >= 400 && status < 500 && !passing(status) {
			return judgement{}
		}
		j := unexpected(status, body)
		if status < 300 {
			j.marks |= markAccepted
			j.object = objectOf(op, body)
		}
		return j
	case status >= 200 && status < 300:
		object := objectOf(op, body)
		if object == 0 {
			return judgement{marks: markError, class: strconv.Itoa(status) + " without an id"}
		}
		j := judgement{marks: markAccepted, object: object}
		if op != Cashout {
			j.marks |= markResult
		}
		return j
	case op == Cashout:
		return e.cashout(status, body)
	}
	code := codeOf(body)
	switch {
	case code == int(d24.CodeIdempotencyKeyUsed) && e.repeated:
		// Reading AMB-08: a second request while the first is under way may be refused.
		return judgement{again: true}
	case passing(status) || status == 401 || code >= int(d24.CodeInvalidCredentials) && code <= int(d24.CodeEmptyHeaderValue):
		// Not the key's result: a refusal of the caller, or of the moment (reading AMB-09).
		j := unexpected(status, body)
		j.again = status != 401
		return j
	case status == 500 && e.stored500:
		return judgement{marks: markResult, again: true}
	}
	j := unexpected(status, body)
	j.marks |= markResult
	j.again = status >= 500
	return j
}

func (e *expectations) cashout(status int, body []byte) judgement {
	switch code := codeOf(body); {
	case code == int(d24.CashoutExternalIDUsed) && e.repeated:
		return judgement{marks: markExists}
	case code == int(d24.CashoutInsufficientFunds) && e.scarce:
		return judgement{}
	case status >= 500 && e.stored500:
		return judgement{again: true}
	}
	j := unexpected(status, body)
	j.again = status >= 500 || passing(status)
	return j
}

// passing are answers that say: ask again later.
func passing(status int) bool {
	switch status {
	case 408, 425, 429, 502, 503, 504:
		return true
	}
	return false
}

// unexpected is an error of a class that has the status and, of our API's refusals, the
// code.
func unexpected(status int, body []byte) judgement {
	class := strconv.Itoa(status)
	if code := codeOf(body); status >= 400 && code > 0 {
		class += "/" + strconv.Itoa(code)
	}
	return judgement{marks: markError, class: class}
}

// objectOf is the id that an answer names, as a number: its own if it is one of up to
// 18 digits, else a digest with the highest bit set. 0 is none.
func objectOf(op Op, body []byte) uint64 {
	var name string
	switch op {
	case Create, Retry, Stale:
		name = `"deposit_id"`
	case Refund:
		name = `"refund_id"`
	case Cashout:
		name = `"cashout_id"`
	case Status, operations:
		return 0
	}
	id := valueOf(body, name)
	if len(id) == 0 {
		return 0
	}
	if len(id) <= 18 {
		if n, ok := number(id); ok {
			return n
		}
	}
	return digest(id) | 1<<63
}

// codeOf is the code of a refusal; 0 is none.
func codeOf(body []byte) int {
	n, _ := number(valueOf(body, `"code"`))
	return int(min(n, 1<<16))
}

// valueOf is the number or the text behind a name, without its quotes. It is looked for
// rather than parsed: decoding JSON would cost more than everything else about an
// answer, and of the fields that are asked for there is one in each.
func valueOf(body []byte, name string) []byte {
	_, rest, found := bytes.Cut(body, []byte(name))
	if !found {
		return nil
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	rest, found = bytes.CutPrefix(rest, []byte(":"))
	if !found {
		return nil
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if text, quoted := bytes.CutPrefix(rest, []byte(`"`)); quoted {
		text, _, _ = bytes.Cut(text, []byte(`"`))
		return text
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return rest[:end]
}

func number(digits []byte) (uint64, bool) {
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(digits) > 0
}

// answerDigest is of everything that a replay has to repeat: status and body.
func answerDigest(in *incoming, scratch []byte) (uint64, []byte) {
	scratch = binary.BigEndian.AppendUint16(scratch[:0], uint16(in.status)) //nolint:gosec // three digits
	scratch = append(scratch, in.body...)
	return digest(scratch), scratch
}

// A ring remembers the deposits of the newest keys, for status requests to ask about.
type ring struct {
	slots [4 * earlier]atomic.Pointer[string]
	first string // of a deposit from before the run, as long as nothing better is known
}

func (r *ring) put(key uint32, id []byte) {
	// The id is the target's word and becomes a part of a path.
	if text := url.PathEscape(string(id)); r.get(key) != text {
		r.slots[int(key)%len(r.slots)].Store(&text)
	}
}

func (r *ring) get(key uint32) string {
	if id := r.slots[int(key)%len(r.slots)].Load(); id != nil {
		return *id
	}
	return r.first
}
