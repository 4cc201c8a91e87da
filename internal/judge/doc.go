// Package judge turns exchanges into findings: one function for each sentence that
// a scenario can say about what was on the wire. It sends nothing and keeps nothing,
// so that an active run, an observed command, a proxy and a recording are judged by
// the same code.
//
// # Answers
//
// [Read] sorts an answer into one of four kinds. [Accepted] is a 2xx with what was
// asked for. [Refusal] is a 4xx (other than 408, 425 and 429) with an error body and
// without an object. [Busy] is what an overloaded or broken server says: 408, 425,
// 429, 5xx, half an answer, a time-out, a closed connection. [Odd] is anything else,
// such as a 200 with an error in it.
//
// An answer is read as laxly as the documents allow (readings AMB-26 to AMB-29):
// numbers or strings, flat or nested errors, 200 or 201, fields that nobody knows.
// [Shows] tells which it was.
//
// # Findings
//
// A [Finding] holds, is broken, or is unclear. A negative is never judged alone:
// [IsRefused] wants the same request without the fault accepted before and after it,
// and calls everything else unclear. What is proven wins over what is unclear: one
// busy answer among fifty does not hide the second deposit among them.
//
// # Clients
//
// A [Client] judges what a client sent, as the server saw it: exact bytes and time of
// arrival. Its sentences are about [Operation]s, each of which is one thing that the
// client set out to do, with all its attempts. A sentence over traffic that holds
// nothing of the kind is [Unseen], never green.
//
// Who only has what passed by, a recording or a proxy's, finds the operations by
// [Operations], when requests arrived by [SeenFromAfar], and of a server what [Passages]
// tell: that it accepted what it must not. What such traffic leaves open is [Unseen].
//
// # Nobody is blamed for what was not seen
//
// Broken means that the opposite of the rule was seen. A retry that met a full
// server, a lone refusal of our key, a date that grew old on its way: each is
// unclear, and never green.
package judge
