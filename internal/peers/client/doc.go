// Package client is a small merchant's client of the D24 family of payment APIs
// that keeps every documented rule, and its mutants, each of which breaks some.
//
// A [Program] speaks the adapter protocol: one JSON object a line on stdin, one a
// line on stdout, until stdin closes. It is what a suite for clients is tried on:
// the conforming one must pass, each of [Mutants] must fail by exactly its rules. So
// it shares nothing but [d24] with the rest of this module, neither with the suite
// that judges it nor with the server that answers it.
//
// # An operation's way
//
// operations.go makes an operation of a request: method, path, the body as it will
// be sent, and, where something is created, an idempotency key. send.go takes it to
// the server: every attempt has the same key and the same body, a date of its own
// and a signature of its own, made by sign.go. What the client has to decide on the
// way it asks its habits, one function for each decision; a mutant replaces entries.
//
// # What is sent again
//
// A deposit or a refund whose answer is lost, or is a 5xx, is sent again under its
// key, at most twice: a stored 500 is replayed for ever. A cashout has no key and is
// never made again without a look: the caller is told that the answer is lost, and
// asks for the status by external_id. A 103 gets one date by the server's own Date
// header, a 429 waits as long as it says, within bounds.
package client
