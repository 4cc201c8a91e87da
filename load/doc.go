// Package load asks a server for as much as a profile says, and then looks what became
// of the money.
//
// # A run
//
// A [Profile] says what to send, how fast and against which thresholds. [Run] opens and
// warms the connections, lets vegeta pace the requests, signs each at the last moment,
// writes every attempt into the journal, asks again about every attempt whose answer was
// lost, and judges. [Results] is all that is known afterwards; everything that is
// printed is printed from it, and thresholds are evaluated on the same numbers.
//
// # Time
//
// The [Schedule] is fixed before the run. Latency counts from the moment at which a
// request was due, not from when a busy generator got round to sending it, so that a
// queue in front of the server is seen. How late requests were sent is a figure of its
// own, and a run that could not keep its schedule is INVALID: it says nothing about the
// server's speed. What it proves about money it proves all the same.
//
// # Money
//
// The journal has one record of fixed size for each attempt. [Verify] reads it and
// finds keys with two objects or two different answers, objects under two keys, stale
// dates that were accepted and attempts that nobody knows the outcome of; where the
// server is our mock, its own counts and balance are held against it.
package load
