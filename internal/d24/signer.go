package d24

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
)

// Scheme is the word that opens a deposits Authorization value, its one space
// included. The documents call the value case sensitive.
const Scheme = "D24 "

// DigestHexLen is the length of a signature in hexadecimal digits.
const DigestHexLen = 2 * sha256.Size

// The affixes of the text under a cashout notification's control value.
const (
	controlPrefix = "Be4"
	controlSuffix = "Bo7"
)

// A Key is an API Signature with its HMAC key schedule already computed: the
// SHA-256 states after the inner and after the outer padded key block. Resuming
// from these saves two of the four or more compressions of a short message.
// A Key is immutable and safe for concurrent use.
type Key struct {
	inner, outer []byte // sha256 states, as its MarshalBinary writes them
	pool         sync.Pool
}

// NewKey computes the key schedule of an API Signature. Its UTF-8 bytes are the
// HMAC key, whatever their number (RFC 2104 hashes those over 64 bytes).
func NewKey(apiSignature string) *Key {
	var block [sha256.BlockSize]byte
	if len(apiSignature) > len(block) {
		sum := sha256.Sum256([]byte(apiSignature))
		copy(block[:], sum[:])
	} else {
		copy(block[:], apiSignature)
	}
	k := &Key{inner: paddedState(block, 0x36), outer: paddedState(block, 0x5c)}
	k.pool.New = func() any { return k.Signer() }
	return k
}

// paddedState is the SHA-256 state after one block of the key XORed with pad.
func paddedState(block [sha256.BlockSize]byte, pad byte) []byte {
	for i := range block {
		block[i] ^= pad
	}
	h := sha256.New()
	h.Write(block[:])
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("d24: sha256 state cannot be saved: %v", err)) //nolint:forbidigo // the standard library documents that it can
	}
	return state
}

// Signer returns a new working state for one goroutine.
func (k *Key) Signer() *Signer {
	h := sha256.New()
	return &Signer{key: k, hash: h, state: h.(encoding.BinaryUnmarshaler)}
}

// Deposit is the hexadecimal digest that signs a deposits request or
// notification. See [Signer.AppendDeposit].
func (k *Key) Deposit(xDate, xLogin string, body []byte) string {
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	return string(s.AppendDeposit(make([]byte, 0, DigestHexLen), xDate, xLogin, body))
}

// Authorization is the value of a deposits Authorization header: [Scheme] and
// the digest of [Key.Deposit].
func (k *Key) Authorization(xDate, xLogin string, body []byte) string {
	return Scheme + k.Deposit(xDate, xLogin, body)
}

// Payload is the value of a cashouts Payload-Signature header.
// See [Signer.AppendPayload].
func (k *Key) Payload(body []byte) string {
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	return string(s.AppendPayload(make([]byte, 0, DigestHexLen), body))
}

// Control is the control value of a cashout notification.
// See [Signer.AppendControl].
func (k *Key) Control(externalID string) string {
	s := k.pool.Get().(*Signer)
	defer k.pool.Put(s)
	return string(s.AppendControl(make([]byte, 0, DigestHexLen), externalID))
}

// Format keeps the states out of logs: who has them can sign.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// A Signer makes signatures under one [Key] without allocating. It must not be
// used by two goroutines at once; make one for each with [Key.Signer].
type Signer struct {
	key   *Key
	hash  hash.Hash
	state encoding.BinaryUnmarshaler
	text  [textSize]byte // what is hashed passes through here, to become bytes without an allocation
	sum   [sha256.Size]byte

	// Two signers that share a pair of cache lines slow each other down on two
	// threads (adjacent-line prefetch): keep the next object 128 bytes away.
	_ [128]byte
}

// textSize holds any date and login, and what fills their last block. Logins have
// some ten characters; longer ones than fit are signed as well, only slower.
const textSize = 256

// AppendDeposit appends the lower-case hexadecimal HMAC-SHA256 of
// xDate + xLogin + body: what follows [Scheme] in Authorization (deposits,
// "Calculating the signature"). A GET signs the empty body.
func (s *Signer) AppendDeposit(dst []byte, xDate, xLogin string, body []byte) []byte {
	s.restore(s.key.inner)
	if len(xDate)+len(xLogin) > textSize-sha256.BlockSize {
		s.writeString(xDate)
		s.writeString(xLogin)
	} else {
		body = s.writeHead(append(append(s.text[:0], xDate...), xLogin...), body)
	}
	s.hash.Write(body)
	return appendHex(dst, s.finish())
}

// AppendPayload appends the lower-case hexadecimal HMAC-SHA256 of the body: the
// value of Payload-Signature (cashouts, "Calculating the Payload-Signature").
func (s *Signer) AppendPayload(dst, body []byte) []byte {
	s.restore(s.key.inner)
	s.hash.Write(body)
	return appendHex(dst, s.finish())
}

// AppendControl appends the upper-case hexadecimal HMAC-SHA256 of
// "Be4" + externalID + "Bo7": the control field of a cashout notification
// (cashouts, "Notifications"). It covers nothing but the external id.
func (s *Signer) AppendControl(dst []byte, externalID string) []byte {
	s.restore(s.key.inner)
	s.writeString(controlPrefix)
	s.writeString(externalID)
	s.writeString(controlSuffix)
	start := len(dst)
	dst = appendHex(dst, s.finish())
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}

// writeHead hashes head, which lies in s.text, and so much of the body behind it as
// fills the last block: the hash copies what comes in the middle of one. It returns
// the rest of the body.
func (s *Signer) writeHead(head, body []byte) (rest []byte) {
	fill := min(-len(head)&(sha256.BlockSize-1), len(body))
	s.hash.Write(append(head, body[:fill]...))
	return body[fill:]
}

// writeString hashes a string without converting it on the heap.
func (s *Signer) writeString(text string) {
	for len(text) > 0 {
		n := copy(s.text[:], text)
		s.hash.Write(s.text[:n])
		text = text[n:]
	}
}

// finish turns the inner hash under way into the HMAC.
func (s *Signer) finish() []byte {
	inner := s.hash.Sum(s.sum[:0])
	s.restore(s.key.outer)
	s.hash.Write(inner)
	return s.hash.Sum(s.sum[:0])
}

func (s *Signer) restore(state []byte) {
	if err := s.state.UnmarshalBinary(state); err != nil {
		panic(fmt.Sprintf("d24: sha256 state cannot be restored: %v", err)) //nolint:forbidigo // we saved it ourselves
	}
}

// appendHex appends a digest in lower-case hexadecimal, eight digits at a time: they
// are the bytes of one word, and none of the sums below carries into the next. A
// short message is signed in 150 ns, of which encoding/hex would take 20.
func appendHex(dst, digest []byte) []byte {
	for ; len(digest) >= 4; digest = digest[4:] {
		v := uint64(binary.BigEndian.Uint32(digest))
		v = (v | v<<16) & 0x0000ffff0000ffff // spread the eight half bytes, one to a byte
		v = (v | v<<8) & 0x00ff00ff00ff00ff
		v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
		letters := (v + 0x0606060606060606) >> 4 & 0x0101010101010101 // 1 where it is ten or more
		dst = binary.BigEndian.AppendUint64(dst, v+0x3030303030303030+letters*('a'-'0'-10))
	}
	return dst
}
