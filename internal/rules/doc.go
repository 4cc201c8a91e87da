// Package rules is the rule ledger and the ambiguity register: what the
// documents of the D24 family demand, as data.
//
// # Rules
//
// A [Rule] is one sentence of the documents, paraphrased, with the pages that
// say it, the products and roles that it binds, and how strongly. For each
// role that it binds it is judged, observed (looked at, but never blamed,
// because the documents leave room), or not judged for a stated reason, such
// as a contract between people that no request can show.
//
// # Ambiguities
//
// An [Ambiguity] is a place where the documents contradict themselves or are
// silent. It has the evidence on both sides, the reading that the mock takes,
// and the other readings that it can be switched to. A must rule is judged
// only on what every reading has in common; which reading a target takes is
// observed and reported.
//
// # Sources
//
// Five technical and security pages were read first: the seeds. What else is documented
// stands on other pages, and some error codes are known from third-party code alone. Each
// [Rule] and each [Code] says its [Source], and loading compares it with the pages.
//
// # Completeness
//
// [Evidence] is what the project has to show for the rules: scenarios, vectors,
// mutants, conforming peers. It is handed in as plain data; [Ledger.Verify] says
// what is missing, and [Evidence.Holes] what one rule lacks. The set brings its own
// closed list of rules and the number of its scenarios, so that what is lost is
// noticed and not just absent.
//
// # Rule sets
//
// The data is a dated directory beside this file, embedded in the program:
//
//	2026-11/ruleset.json       version, list of files, closed list of rules by family,
//	                           number of scenarios by role, table of pages
//	2026-11/*.json             rules by family, in ledger order
//	2026-11/ambiguities.json   the register
//	2026-11/codes.json         error codes by product
//	2026-11/ranges.json        what each rule ranges over: sets of requests, states and faults
//
// A published rule set is frozen: a rule found later goes into a new
// directory, so that yesterday's verdict stays what it was unless a run asks
// for the newer set.
//
// The data is JSON and not YAML for one reason: every command loads it, and
// 1,500 lines took the YAML decoder over 10 ms against 1 to 2 ms for this.
package rules
