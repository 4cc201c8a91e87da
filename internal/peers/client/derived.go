package client

import (
	"crypto/tls"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// Derived are mutants that follow from the client's steps: for each operation, each thing
// that a step does to a request, done wrong in each way; and, for one way of each thing,
// wrong only now and then. They are named part-way-operation or part-way-occasion.
//
// What breaks is said with the way. A few ways break no rule on some operation; these stand
// in [Equivalents] with the reason, and are not among the mutants.
func Derived() []Mutant {
	var list []Mutant
	for _, p := range parts() {
		for _, w := range p.ways {
			for _, operation := range p.operations {
				list = p.add(list, w, operation)
			}
		}
		for _, o := range occasions() {
			list = p.addOccasional(list, o)
		}
	}
	list = slices.Concat(list, derivedCertificates(), derivedSecrets())
	equivalents := Equivalents()
	return slices.DeleteFunc(list, func(m Mutant) bool { return equivalents[m.Name] != "" })
}

// A part is one thing that a step does to requests.
type part struct {
	name       string
	behind     string   // the step that does it
	operations []string // that have it
	ways       []way
	now        string // the way that is also tried on every occasion; empty = the first
}

// A way is how a part goes wrong.
type way struct {
	name, says string
	breaks     []string
	onCreation []string // of a deposit or a refund, beside breaks
	onRetry    []string // where the same request is also a retry, beside breaks
	onlyRetry  []string // where the retry alone is wrong, beside breaks
	ofBody     bool     // it is about the body, so that what has none is as it was
	do         func(d *draft)
}

// An occasion is when it goes wrong.
type occasion struct {
	name, says string
	retries    bool // it is one of a retry
	ofBody     bool // it is one of bodies
	when       func(d *draft) bool
}

// occasions are those on which clients go wrong that are right in a test of five minutes.
func occasions() []occasion {
	const (
		oneKiB, fourKiB, manyRequests = 1 << 10, 4 << 10, 20
	)
	longer := func(than int) func(d *draft) bool { return func(d *draft) bool { return len(d.body) > than } }
	return []occasion{
		{"on-retry", "in retries", true, false, func(d *draft) bool { return d.op.tries > 1 }},
		{"after-timeout", "in a retry after a timeout", true, false, func(d *draft) bool { return d.op.timedOut }},
		{"after-restart", "after it was killed and started again", false, false, func(d *draft) bool { return d.c.life > 1 }},
		{"beyond-1k", "when the body has more than 1 KiB", false, true, longer(oneKiB)},
		{"beyond-4k", "when the body has more than 4 KiB", false, true, longer(fourKiB)},
		{"beyond-ascii", "when the body has letters beyond ASCII", false, true, func(d *draft) bool {
			return slices.ContainsFunc(d.body, func(b byte) bool { return b >= 0x80 })
		}},
		{"with-backslash", "when the body has a backslash", false, true, func(d *draft) bool { return slices.Contains(d.body, '\\') }},
		{"after-20", "after twenty requests", false, false, func(d *draft) bool { return d.serial > manyRequests }},
		{"over-http1", "over HTTP/1.1", false, false, func(d *draft) bool { return d.c.proto == "HTTP/1.1" }},
	}
}

var (
	creations = []string{"create_deposit", "create_refund"}
	statuses  = []string{"deposit_status", "refund_status"}
	lookups   = []string{"payment_methods", "exchange_rate", "banks"}
	payouts   = []string{"create_cashout", "cashout_status", "update_cashout_status", "cancel_cashout"}
	dated     = slices.Concat(creations, statuses)
)

// add is the mutant of a way on one operation.
func (p part) add(list []Mutant, w way, operation string) []Mutant {
	breaks := slices.Clone(w.breaks)
	if slices.Contains(creations, operation) {
		breaks = append(append(breaks, w.onCreation...), w.onRetry...)
	}
	return append(list, Mutant{p.mutant(w, strings.ReplaceAll(operation, "_", "-")), w.says + " of " + operation, sorted(breaks), func(h *habits) {
		h.changes = append(h.changes, change{p.behind, func(d *draft) bool { return d.op.name == operation }, w.do})
	}})
}

// addOccasional is the mutant of one way on all operations, now and then.
func (p part) addOccasional(list []Mutant, o occasion) []Mutant {
	w := p.occasionally()
	breaks := slices.Clone(w.breaks)
	if slices.ContainsFunc(p.operations, func(op string) bool { return slices.Contains(creations, op) }) {
		breaks = append(append(breaks, w.onCreation...), w.onRetry...)
		if o.retries {
			breaks = append(breaks, w.onlyRetry...)
		}
	}
	return append(list, Mutant{p.mutant(w, o.name), w.says + ", but only " + o.says, sorted(breaks), func(h *habits) {
		h.changes = append(h.changes, change{p.behind, func(d *draft) bool { return slices.Contains(p.operations, d.op.name) && o.when(d) }, w.do})
	}})
}

// occasionally is the way that is tried on every occasion.
func (p part) occasionally() way {
	return p.ways[max(0, slices.IndexFunc(p.ways, func(w way) bool { return w.name == p.now }))]
}

func (p part) mutant(w way, end string) string { return p.name + "-" + w.name + "-" + end }

// Equivalents are derived mutants that cannot be told from the client as it is, and why.
func Equivalents() map[string]string {
	const bodiless = "a GET has no body"
	list := map[string]string{}
	for _, p := range parts() {
		for _, w := range p.ways {
			for _, operation := range p.operations {
				if w.ofBody && !hasBody(operation) {
					list[p.mutant(w, strings.ReplaceAll(operation, "_", "-"))] = bodiless
				}
			}
		}
		for _, o := range occasions() {
			name := p.mutant(p.occasionally(), o.name)
			switch {
			case o.ofBody && !slices.ContainsFunc(p.operations, hasBody):
				list[name] = bodiless
			case p.name == "retry" && o.name == "on-retry":
				list[name] = "it is one of retries anyway, and the same on every occasion"
			}
		}
	}
	return list
}

func hasBody(operation string) bool {
	return slices.Contains(creations, operation) || slices.Contains(payouts, operation)
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// derivedCertificates switch the verification off for one operation, whole or in part.
func derivedCertificates() []Mutant {
	unverified := func(config *tls.Config, _ string) { config.InsecureSkipVerify = true }
	var list []Mutant
	for _, operation := range slices.Concat(dated, lookups, payouts) {
		for _, c := range []struct {
			name, says string
			secure     func(*tls.Config, string)
		}{
			{"unchecked", "takes any certificate", unverified},
			{"name-unchecked", "takes a certificate for any name", verifying(withoutName)},
			{"dates-unchecked", "takes a certificate that has expired", verifying(withoutDates)},
			{"chain-believed", "takes what an authority has issued whose certificate comes along", verifying(withRootsFromPeer)},
			{"usage-unchecked", "takes a certificate that is for clients", verifying(anyUsage)},
			{"beginning-unchecked", "takes a certificate that is not valid yet", verifying(withoutBeginning)},
		} {
			list = append(list, Mutant{
				"certificate-" + c.name + "-" + strings.ReplaceAll(operation, "_", "-"), c.says + " for " + operation,
				[]string{"CLI-TLS-01"},
				func(h *habits) { h.secure[operation] = c.secure },
			})
		}
	}
	return list
}

// header is a way that replaces a header's value.
func header(name string, value func(d *draft, was string) string) func(d *draft) {
	return func(d *draft) {
		if is := value(d, d.header.Get(name)); is != "" {
			d.header.Set(name, is)
		} else {
			d.header.Del(name)
		}
	}
}

// leftOut and empty are ways of any header.
func leftOut(name string) func(d *draft) { return func(d *draft) { d.header.Del(name) } }

func empty(name string) func(d *draft) { return func(d *draft) { d.header[name] = []string{""} } }

// twice sends a header once more.
func twice(name string) func(d *draft) {
	return func(d *draft) { d.header.Add(name, d.header.Get(name)) }
}

// cut is a value without its end.
func cut(name string, by int) func(d *draft) {
	return header(name, func(_ *draft, was string) string { return was[:max(0, len(was)-by)] })
}

func signedWith(secret func(d24.Credentials) string) func(d *draft) {
	return func(d *draft) { d.secret = d24.NewKey(secret(d.c.credentials)) }
}

// firstBytes is a text that was cut for a buffer.
func firstBytes(n int) func(d *draft) {
	return func(d *draft) { d.signed.body = d.signed.body[:min(n, len(d.signed.body))] }
}
