// Package d24 is the wire contract of the D24 family of payment APIs (deposits
// v3, cashouts v3, notifications): how a request is signed and dated, which
// headers it carries, which codes and statuses come back, and the shapes of the
// bodies. It does no I/O. The mock server and the reference client share nothing
// but this package, and this package is pinned by vectors that other tools made.
//
// # Signatures
//
// Three signatures exist, all HMAC-SHA256 in hexadecimal under an API Signature:
//
//   - deposits: Authorization is "D24 " and the lower-case digest of
//     X-Date + X-Login + body, concatenated without separators;
//   - cashouts: Payload-Signature is the lower-case digest of the body alone;
//   - cashout notifications: control is the upper-case digest of
//     "Be4" + external_id + "Bo7".
//
// A [Key] is what an API Signature becomes once its HMAC key schedule has been
// computed; it is immutable and safe to share. A [Signer] is one goroutine's
// working state: it appends into the caller's buffer and allocates nothing.
//
// # Dates
//
// X-Date is UTC, in whole seconds, with a literal Z. A server blocks a request
// whose date differs from its own clock by more than [Window], in either
// direction.
package d24
