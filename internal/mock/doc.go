// Package mock is the reference server: a whole provider in memory, behind real
// HTTPS, that keeps every documented rule of deposits v3 and cashouts v3.
//
// # Listeners
//
// [Start] opens four: the API of the first environment, a plain-HTTP one on which
// nothing is ever processed, the management API, and the API of a second
// environment that shares nothing with the first. Their certificate comes from an
// authority that is made at each start and forgotten at [Mock.Close].
//
// # A request's way
//
// A request is read whole. Then come its checks in the order of reading AMB-45: path and
// method, size, and those that its operation lists, each under a name (see checks.go):
// address, headers, login, date, signature, idempotency, body, business. What knows HTTP ends where [store] begins: an effect and its
// stored answer come about in one critical section there, whatever becomes of the
// connection.
//
// # Notifications
//
// A change of a status goes into the outbox of its environment in the critical section
// in which it happens. The outbox delivers and repeats; see [Notification].
//
// # Decisions
//
// Handlers read as the documented normal path. Whatever they have to decide they
// ask the rulebook, one function for each decision. A reading of an ambiguity
// replaces entries of it (see readings.go). A deliberate defect replaces one, or changes
// one check of one operation.
//
// # Time and chance
//
// Everything that is decided by time asks one clock, which [Admin] can move and
// stop; everything decided by chance follows from Options.Seed; every injected
// fault is in a ledger. Certificates alone follow true time, since they are held
// against the clients' clocks.
package mock
