// Package bench measures what signing costs, in figures that another day and another
// machine can be held against.
//
// # Ratios
//
// A machine's speed wanders by a factor of two within minutes, so that nanoseconds of two
// runs cannot be compared. Every round times all rows one after the other, each right
// behind plain SHA-256 over the same bytes, and makes ratios of its own; what is reported
// is the median over the rounds, with an [Interval]. [Compare] looks at ratios alone.
//
// # Programs in other languages
//
// A program that signs when it is asked to, through the adapter protocol, spends far more
// on the protocol than on the signature. It is asked in turn to sign and to do nothing
// with the same fields, and the difference is what the signature cost. Every signature
// that it gives is checked: a fast wrong answer is worth nothing.
package bench
