// Package reports is the result of a run and the ways to show it.
//
// The model comes first: [Results] is what a run found, and results.json is
// its exact image. Everything else is written from it: [WriteJSON],
// [WriteJUnit], [WriteMarkdown], [WriteTerminal]. A [Builder] collects
// scenarios while they run and computes the verdicts; [Dir] keeps the files
// of one run together.
//
// # Verdicts
//
// A rule's verdict follows from its scenarios alone, see [RuleVerdict], and
// the run's verdict from its rules, see [RunVerdict]. Nothing that did not run
// is ever green: a rule of which one scenario was not tested is not tested.
//
// # Hostile text
//
// What a target sent (in Seen, Reason, readings, names) is kept as it came in
// the model and made harmless by each writer, terminal included: see [Escape].
package reports
