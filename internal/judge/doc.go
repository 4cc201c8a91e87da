// Package judge turns exchanges into findings: one function for each sentence that
// a scenario can say about what was on the wire. It sends nothing and keeps nothing,
// so that an active run, an observed command, a proxy and a recording are judged by
// the same code.
//
// # Answers
//
// [Read] sorts an answer into one of four kinds. Accepted is a 2xx with the object
// that was asked for. Refused is a 4xx (other than 408, 425 and 429) with an error
// body and without an object. Unclear is what a busy or broken server says: 408,
// 425, 429, 5xx, a time-out, a closed connection. Odd is anything else, such as a
// 200 with an error in it.
//
// # Findings
//
// A [Finding] holds, is broken, or is unclear. A negative is never judged alone:
// [Refused] wants the same request without the fault accepted before and after it,
// and calls everything else unclear.
package judge
