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
// It never sends a request twice. net/http would: when a connection breaks that it has
// used before, it silently sends again whatever has an X-Idempotency-Key, and every
// GET. So GetBody is nil, each connection counts the bytes that leave through it, and
// what net/http sends after that is stopped. Only a request of which nothing has left,
// because the server had closed the connection while it was idle, goes out on another.
// It never follows a redirect and never uses a proxy on loopback.
//
// # What it keeps
//
// Every request becomes an [exchange.Exchange] in the client's log, with the header
// lines as they were written on the wire. What went wrong is part of it, sorted by what
// it tells about the server.
package merchant
