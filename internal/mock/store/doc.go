// Package store is the memory of one environment of the mock: its deposits,
// refunds and cashouts, its merchants' balances, and the idempotency records. It
// knows nothing of HTTP and decides nothing: which transition is allowed, what is
// enough money and which answers are kept is said by its caller.
//
// # Transactions
//
// Everything that must not be seen half-done happens in one [State.Update] or one
// [State.Commit], which hold the State's only lock. They are short, a few
// microseconds: no I/O and no waiting. The rest of a request, TLS and net/http
// above all, takes more than ten times as long, so the lock is not split.
//
// # Idempotency
//
// [State.Claim] gives exactly one caller a [Ticket] for a key; everyone else is
// told to wait or gets the stored [Answer]. [State.Commit] has the effect and
// files the answer under the ticket in the same critical section, so that there
// never is an effect without its stored answer, nor the reverse.
//
// # Bounds
//
// Everything here is bounded (see [Limits]): the oldest goes first. External ids
// outlive the cashouts they belong to, since they stay used for ever.
package store
