package receiver

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// Derived are the mutants that follow from the receiver's own steps: each check left out in
// every way, each value compared in every lax way, each secret and each text taken that is
// not the right one, each status taken for COMPLETED, each failure of a status call taken
// for success or forgotten, each memory too short or keyed by too much or too little.
//
// What breaks no rule shows in what is only observed. [Equivalents] are those that nobody
// could tell from the receiver as it is. Some have a name of their own, in [Mutants].
func Derived() []Mutant {
	return slices.DeleteFunc(derived(), func(m Mutant) bool {
		_, ok := familiar()[m.Name]
		return ok
	})
}

func derived() []Mutant {
	var list []Mutant
	for _, derive := range []func() []Mutant{derivedChecks, derivedValues, derivedSecrets, derivedTexts, derivedStatuses, derivedFailures, derivedMemories, derivedMeanwhile} {
		made := derive()
		slices.SortStableFunc(made, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })
		list = append(list, made...)
	}
	return list
}

// An Equivalent is a mutant that would follow, too, and that is none.
type Equivalent struct{ Name, Reason string }

// Equivalents are the mutants that are left out of [Derived].
func Equivalents() []Equivalent {
	return []Equivalent{
		{"*-skipped-when-released", "what was released is not released again, whoever asks for it"},
		{"payload-signature-*", "it is optional beside control (AMB-32); left out is all that can be seen of it, and is derived"},
		{"authorization-trimmed", "a header has no space at its ends once HTTP has parsed it"},
		{"status-in-any-case", "the status endpoint writes its words in one case only"},
		{"*-keyed-without-kind", "ids of deposits, refunds and cashouts come from ranges that never meet"},
		{"*-last-1000", "no run releases as many; the schedule of the documents ends after five deliveries"},
		{"*-forgets-after-a-day", "the last documented repeat comes 13 hours after the first delivery"},
		{"refund-status-*", "no page says in which status a refund is to be booked"},
	}
}

// all are the kinds of what is notified.
func all() []d24.NotificationKind {
	return []d24.NotificationKind{d24.DepositNotification, d24.RefundNotification, d24.CashoutNotification}
}

// unverified are the rules that break where the digits of a kind are not looked at.
func unverified(kind d24.NotificationKind) []string {
	if kind == d24.CashoutNotification {
		return []string{"NOTIF-03", "NOTIF-09"}
	}
	return []string{"DEP-SIG-04", "NOTIF-02", "NOTIF-03"}
}

// premature are those that break where something is released before its time.
func premature(kind d24.NotificationKind) []string {
	return map[d24.NotificationKind][]string{d24.DepositNotification: {"NOTIF-07"}, d24.CashoutNotification: {"NOTIF-10"}}[kind]
}

// repeatedly are those that break where something is released again.
func repeatedly(kind d24.NotificationKind) []string {
	if kind == d24.DepositNotification {
		return []string{"NOTIF-05"}
	}
	return []string{"NOTIF-11"}
}

// lost are those that break where something is never released.
func lost(kind d24.NotificationKind) []string {
	return map[d24.NotificationKind][]string{d24.DepositNotification: {"NOTIF-08"}}[kind]
}

// of restricts a condition to one kind.
func of(kind d24.NotificationKind, when func(*Receiver, *notification) bool) func(*Receiver, *notification) bool {
	return func(r *Receiver, n *notification) bool { return n.kind == kind && when(r, n) }
}

// derivedChecks leave out the check of digits, and the call of the status endpoint.
func derivedChecks() []Mutant {
	var list []Mutant
	for _, kind := range all() {
		digits := authorization
		if kind == d24.CashoutNotification {
			digits = control
		}
		for _, way := range []struct {
			name, says string
			when       func(*Receiver, *notification) bool
			breaks     []string
		}{
			{"left-out", "does not look at %[1]s of a %[2]s", always, unverified(kind)},
			{"first-time-only", "looks at %[1]s of a %[2]s until one was right", firstTime("digits " + string(kind)), unverified(kind)},
			{"skipped-when-known", "does not look at %[1]s of a %[2]s whose notification was right before", whenKnown, unverified(kind)},
			{"if-sent", "looks at %[1]s of a %[2]s only where there is one", unsent, []string{"NOTIF-03"}},
		} {
			list = append(list, Mutant{
				fmt.Sprintf("%s-%s-%s", kind, digits, way.name), fmt.Sprintf(way.says, digits, kind), way.breaks,
				func(r *rules) { r.skips[digits] = of(kind, way.when) },
			})
		}
		for _, way := range []struct {
			name, says string
			when       func(*Receiver, *notification) bool
		}{
			{"left-out", "does not ask for the status of a %s", always},
			{"first-time-only", "asks for the status of a %s once in its life", firstTime("status " + string(kind))},
			{"skipped-when-known", "does not ask for the status of a %s when it was notified of it before", secondTime("asked " + string(kind))},
		} {
			list = append(list, Mutant{
				fmt.Sprintf("%s-status-%s", kind, way.name), fmt.Sprintf(way.says, kind), premature(kind),
				func(r *rules) { r.skips[status] = of(kind, way.when) },
			})
		}
	}
	for c, says := range map[check]string{login: "takes another merchant's X-Login", date: "looks at no date", payloadSignature: "looks at no Payload-Signature"} {
		list = append(list, Mutant{string(c) + "-left-out", says, nil, func(r *rules) { r.skips[c] = always }})
	}
	return list
}

// unsent is where there are no digits.
func unsent(_ *Receiver, n *notification) bool {
	if n.isForm {
		return n.form.Control == ""
	}
	return n.header.Get(d24.HeaderAuthorization) == ""
}

// firstTime skips a check that has held once, whatever it was about.
func firstTime(name string) func(*Receiver, *notification) bool {
	return func(r *Receiver, n *notification) bool {
		if r.remembered(name) {
			return true
		}
		if strings.HasPrefix(name, "status") || r.holds(authorizationOf(n), n) {
			r.remember(name)
		}
		return false
	}
}

// secondTime skips a check of what was looked at before.
func secondTime(name string) func(*Receiver, *notification) bool {
	return func(r *Receiver, n *notification) bool {
		key := name + " " + string(n.id)
		before := r.remembered(key)
		r.remember(key)
		return before
	}
}

// derivedValues compare digits in lax ways.
func derivedValues() []Mutant {
	var list []Mutant
	for _, value := range []struct {
		of     check
		breaks string
	}{{authorization, "NOTIF-02"}, {control, "NOTIF-09"}} {
		for _, way := range []struct {
			name, says string
			same       func(given, right string) bool
			breaks     []string
		}{
			{"any-beginning", "takes any beginning of the right digits", func(given, right string) bool { return strings.HasPrefix(right, given) }, bothOf(value.breaks)},
			{"first-half", "compares the first half of the digits", func(given, right string) bool { return sameAt(given, right, 0, len(right)/2) }, []string{value.breaks}},
			{"second-half", "compares the second half of the digits", func(given, right string) bool { return sameAt(given, right, len(right)/2, len(right)) }, []string{value.breaks}},
			{"last-ignored", "does not compare the last digit", func(given, right string) bool { return sameAt(given, right, 0, len(right)-1) }, []string{value.breaks}},
			{"first-ignored", "does not compare the first digit", func(given, right string) bool { return sameAt(given, right, 1, len(right)) }, []string{value.breaks}},
			{"middle-ignored", "does not compare the digit in the middle", func(given, right string) bool {
				middle := len(right) / 2
				return sameAt(given, right, 0, middle) && sameAt(given, right, middle+1, len(right))
			}, []string{value.breaks}},
			{"more-allowed", "takes the right digits with others behind them", strings.HasPrefix, []string{value.breaks}},
			{"length-only", "compares how many digits there are", func(given, right string) bool { return len(given) == len(right) }, everything(value.of)},
			{"empty-allowed", "takes no digits for the right ones", func(given, right string) bool { return given == "" || given == right }, []string{"NOTIF-03"}},
			{"in-any-case", "compares digits without their case", strings.EqualFold, nil},
		} {
			list = append(list, Mutant{string(value.of) + "-" + way.name, way.says + " of " + string(value.of), way.breaks, func(r *rules) {
				r.same[value.of] = way.same
				if way.same("", strings.Repeat("0", digest256)) { // who takes no digits does not insist on the space before them
					r.digits = func(header string) (string, bool) { return strings.TrimSpace(strings.TrimPrefix(header, "D24")), true }
				}
			}})
		}
	}
	for name, digits := range map[string]func(header string) (string, bool){
		"any-scheme": func(header string) (string, bool) { return header[strings.LastIndexByte(header, ' ')+1:], true },
		"no-scheme":  func(header string) (string, bool) { return strings.TrimPrefix(header, d24.Scheme), true },
		"scheme-in-any-case": func(header string) (string, bool) {
			scheme, digits, _ := strings.Cut(header, " ")
			return digits, strings.EqualFold(scheme, "D24")
		},
	} {
		list = append(list, Mutant{"authorization-" + name, "takes the right digits behind another word, or none: " + name, nil, func(r *rules) { r.digits = digits }})
	}
	return list
}

// digest256 is how many digits an HMAC-SHA-256 has.
const digest256 = 64

// bothOf are the rules of an empty value and of a wrong one.
func bothOf(wrong string) []string {
	list := []string{"NOTIF-03", wrong}
	slices.Sort(list)
	return list
}

// everything are the rules about digits.
func everything(c check) []string {
	if c == control {
		return unverified(d24.CashoutNotification)
	}
	return unverified(d24.DepositNotification)
}

// sameAt compares a part of two texts of one length.
func sameAt(given, right string, from, to int) bool {
	return len(given) >= to && given[from:to] == right[from:to] && (to < len(right) || len(given) == len(right))
}

// derivedSecrets take digits that were made with another secret.
func derivedSecrets() []Mutant {
	var list []Mutant
	for _, each := range []struct {
		of     check
		breaks string
	}{{authorization, "NOTIF-02"}, {control, "NOTIF-09"}} {
		for name, secret := range map[string]func(d24.Credentials) string{
			"deposits-signature": func(c d24.Credentials) string { return c.Deposits.APISignature },
			"deposits-key":       func(c d24.Credentials) string { return c.Deposits.APIKey },
			"read-only-key":      func(c d24.Credentials) string { return c.Deposits.ReadOnlyKey },
			"cashouts-signature": func(c d24.Credentials) string { return c.Cashouts.APISignature },
			"cashouts-key":       func(c d24.Credentials) string { return c.Cashouts.APIKey },
			"passphrase":         func(c d24.Credentials) string { return c.Cashouts.APIPassphrase },
			"empty-secret":       func(d24.Credentials) string { return "" },
		} {
			own := map[check]string{authorization: "deposits-signature", control: "cashouts-signature"}[each.of]
			if name == own {
				continue
			}
			list = append(list, Mutant{
				fmt.Sprintf("%s-with-%s", each.of, name), fmt.Sprintf("takes %s made with the %s", each.of, strings.ReplaceAll(name, "-", " ")),
				[]string{each.breaks},
				func(r *rules) { r.secrets[each.of] = append(r.secrets[each.of], secret) },
			})
		}
	}
	return list
}

// derivedTexts take digits over another text.
func derivedTexts() []Mutant {
	when := func(n *notification) string { return n.header.Get(d24.HeaderDate) }
	who := func(n *notification) string { return n.header.Get(d24.HeaderLogin) }
	var list []Mutant
	add := func(c check, name, says string, breaks []string, text func(n *notification) []byte) {
		list = append(list, Mutant{string(c) + "-over-" + name, says, breaks, func(r *rules) { r.texts[c] = append(r.texts[c], text) }})
	}
	sig, form := []string{"DEP-SIG-04"}, []string{"NOTIF-09"}
	add(authorization, "login-and-body", "takes digits that do not cover the date", sig, func(n *notification) []byte { return append([]byte(who(n)), n.body...) })
	add(authorization, "date-and-body", "takes digits that do not cover the login", sig, func(n *notification) []byte { return append([]byte(when(n)), n.body...) })
	add(authorization, "date-and-login", "takes digits that do not cover the body", sig, func(n *notification) []byte { return []byte(when(n) + who(n)) })
	add(authorization, "another-order", "takes digits over body, date and login", sig, func(n *notification) []byte { return append(bytes.Clone(n.body), when(n)+who(n)...) })
	add(authorization, "body", "takes digits over the body alone", nil, func(n *notification) []byte { return n.body })
	add(authorization, "trimmed-body", "takes a body with white space around what was signed", sig, func(n *notification) []byte {
		return append([]byte(when(n)+who(n)), bytes.TrimSpace(n.body)...)
	})
	add(authorization, "written-body", "takes a body that has other fields than what was signed", sig, func(n *notification) []byte {
		return append([]byte(when(n)+who(n)), d24.EncodeNotification(n.kind, n.id)...)
	})
	add(control, "external-id-and-Bo7", "takes a control without Be4", form, func(n *notification) []byte { return []byte(n.form.ExternalID + "Bo7") })
	add(control, "Be4-and-external-id", "takes a control without Bo7", form, func(n *notification) []byte { return []byte("Be4" + n.form.ExternalID) })
	add(control, "external-id", "takes a control over external_id alone", form, func(n *notification) []byte { return []byte(n.form.ExternalID) })
	add(control, "cashout-id", "takes a control over cashout_id", form, func(n *notification) []byte { return []byte("Be4" + string(n.form.CashoutID) + "Bo7") })
	return list
}

// derivedStatuses take another status for COMPLETED.
func derivedStatuses() []Mutant {
	var list []Mutant
	words := map[d24.NotificationKind][]string{
		d24.DepositNotification: {"CREATED", "INITIATED", "PENDING", "FOR_REVIEW", "EARLY_RELEASED", "APPROVED", "EXPIRED", "CANCELLED"},
		d24.CashoutNotification: {"PENDING", "ON_HOLD", "DELIVERED", "REJECTED", "CANCELLED"},
	}
	for _, kind := range all() {
		for _, word := range words[kind] {
			list = append(list, Mutant{
				fmt.Sprintf("%s-%s-counts", kind, strings.ToLower(word)), fmt.Sprintf("takes a %s that is %s for one that is COMPLETED", kind, word), premature(kind),
				func(r *rules) {
					right := r.completed[kind]
					r.completed[kind] = func(a statusAnswer) bool { return a.word == word || right(a) }
				},
			})
		}
	}
	return list
}

// derivedFailures take a status call that failed for one that said COMPLETED, or answer 2xx
// and forget what they could not ask for.
func derivedFailures() []Mutant {
	var list []Mutant
	for _, kind := range []d24.NotificationKind{d24.DepositNotification, d24.CashoutNotification} {
		for _, way := range failures() {
			list = append(list, Mutant{
				fmt.Sprintf("%s-%s-counts", kind, way), fmt.Sprintf("takes %s of the status endpoint for COMPLETED, of a %s", way, kind), premature(kind),
				func(r *rules) {
					r.failed = func(n *notification, f failure) (bool, bool) { return n.kind == kind && f == way, false }
				},
			}, Mutant{
				fmt.Sprintf("%s-%s-forgotten", kind, way), fmt.Sprintf("answers 2xx after %s of the status endpoint, and forgets the %s", way, kind), lost(kind),
				func(r *rules) {
					r.failed = func(n *notification, f failure) (bool, bool) { return false, n.kind == kind && f == way }
				},
			})
		}
	}
	return list
}

// derivedMemories forget what they have released, or know it again by something else.
func derivedMemories() []Mutant {
	var list []Mutant
	for _, kind := range all() {
		again := repeatedly(kind)
		add := func(name, says string, breaks []string, apply func(*rules)) {
			list = append(list, Mutant{string(kind) + "-" + name, fmt.Sprintf(says, kind), breaks, apply})
		}
		forget := func(name, says string, when func(r *Receiver, e entry) bool) {
			add(name, says, again, func(r *rules) {
				r.forgets = func(r *Receiver, e entry) bool { return e.kind == string(kind) && when(r, e) }
			})
		}
		forget("never-remembered", "releases a %s as often as it is notified", func(*Receiver, entry) bool { return true })
		for _, n := range []int{1, 10, 24} {
			forget(fmt.Sprintf("last-%d", n), "remembers the last "+strconv.Itoa(n)+" of what it has released of every %s", func(r *Receiver, e entry) bool {
				return r.journal.entries[e.kind]-e.number >= n
			})
		}
		forget("forgets-at-restart", "forgets at a restart which %s it has released", func(_ *Receiver, e entry) bool { return e.former })
		for name, after := range map[string]time.Duration{"a-minute": time.Minute, "an-hour": time.Hour, "ten-hours": 10 * time.Hour} {
			forget("forgets-after-"+name, "forgets a %s "+after.String()+" after its release", func(r *Receiver, e entry) bool { return r.Now().Sub(e.at) >= after })
		}
		keyed := func(name, says string, breaks []string, key func(n *notification) string) {
			add("keyed-by-"+name, says, breaks, func(r *rules) {
				r.key = func(n *notification) string {
					if n.kind == kind {
						return string(kind) + " " + key(n)
					}
					return keyOf(n.kind, n.id)
				}
			})
		}
		keyed("body", "knows a %s again by the body of its notification", again, func(n *notification) string { return strconv.Quote(string(n.body)) })
		if kind != d24.CashoutNotification {
			keyed("date", "knows a %s again by the date of its notification", again, func(n *notification) string { return string(n.id) + n.header.Get(d24.HeaderDate) })
			keyed("signature", "knows a %s again by the signature of its notification", again, func(n *notification) string { return n.header.Get(d24.HeaderAuthorization) })
		}
		if kind != d24.RefundNotification { // their ids are given by the mock alone
			keyed("32-bits", "knows a %s by the low 32 bits of its id", lost(kind), func(n *notification) string { return strconv.FormatInt(number(n.id)&0xffffffff, 10) })
			keyed("double", "knows a %s by its id as a floating-point number", nil, func(n *notification) string { return fmt.Sprint(float64(number(n.id))) })
		}
		add("race", "looks for a release of a %s before it asks for the status, and enters one after that without another look", again, func(r *rules) {
			r.release = func(r *Receiver, n *notification) error {
				if n.kind != kind {
					return release(r, n)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.journal.release(r.rules.key(n), keyOf(n.kind, n.id), r.Now())
			}
		})
	}
	return list
}

func number(id d24.ID) int64 {
	n, _ := strconv.ParseInt(string(id), 10, 64)
	return n
}
