// Package merchant is the reference client: it makes, dates, signs and sends
// requests as the documents ask, and can be made to do any one step wrongly.
//
// # A request's way
//
// A [Request] says what to send. The client turns it into a [Draft] (date, login,
// key, headers, body), signs that, and sends it. A [Tamper] may step in at three
// points: before signing (what is sent *and* signed changes), at signing (only what
// is signed changes) and after it (only what is sent changes). The twin probes of
// the suite are this: the same request, once straight and once with one Tamper.
//
// The request is dated and signed when its connection is up, so that a slow
// handshake never makes it stale.
//
// # What it never does
//
// It never sends a request twice, as net/http would, follows no redirect and uses no
// proxy on loopback: package wire sends for it.
//
// # What it keeps
//
// Every request becomes an [exchange.Exchange] in the client's log, with the header
// lines as they were written on the wire. What went wrong is part of it, sorted by what
// it tells about the server.
package merchant
