package mock

import (
	"net/http"
	"slices"
)

// An Equivalent is a change that [Derived] leaves out, because no rule demands otherwise
// or nobody could notice it.
type Equivalent struct {
	Name   string // as the mutant would be called, with * for every way
	Reason string
}

// Equivalents are what the pattern of [Derived] has beside its mutants.
func Equivalents() []Equivalent {
	return slices.Concat(uncheckedEquivalents(), comparedEquivalents(), rememberedEquivalents(), []Equivalent{
		{"*/path/*", "an unknown path has no operation that could be carried out"},
		{"*/method/*", "no rule says what another method does"},
		{"states/*", "no page has an endpoint for states: a server may lack it"},
		{"*/content-type*/when-the-key-is-known", "under a known key nothing is done, and who calls is not in doubt"},
		{"refund/of-for-review/*", "no hook brings a deposit to it"},
		{"refund/of-approved/*", "no hook brings a deposit to it"},
		{"refund/of-expired/refused-and-done", "the deposit is not paid any more, so that nothing of it can be refunded"},
		{"refund/of-cancelled/refused-and-done", "the deposit is not paid any more, so that nothing of it can be refunded"},
		{"*-keys/keyed/with-the-trailing-slash", "whether a key counts on another path is a reading (AMB-06)"},
		{"deposit-stored-4xx/*", "a deposit that is refused is refused again for the same reason, in the same words"},
		{"*-whitelist/only-the-last-removal", "a run has one address besides its own"},
		{"external-id/compared/*", "the ids of a run begin and end alike: nearly every cashout would be refused, which is a failed control"},
		{"*/window/6-s", "whether a date 6 s old is refused cannot be told from outside: it is observed (AMB-14)"},
		{"environments/*/other-path-in-the-first", "that the paths differ is seen from either side: the second environment stands for both"},
		{"cashout-hold/of-on-hold/*", "holding a cashout that is on hold changes nothing"},
		{"cashout-release/of-pending/*", "releasing a cashout that is pending changes nothing"},
		{"cashout-cancel/of-on-hold/*", "whether a cashout on hold can be cancelled is open (AMB-42)"},
		{"deposit-status/*/shown-as-*", "of statuses that the panel does not bring about, no rule says how they are shown"},
	})
}

// whyUnchecked are the checks that no rule demands.
func whyUnchecked() map[string]string {
	return map[string]string{
		"authorization-form": "another scheme and a repeated Authorization are observed (AMB-01, AMB-19)",
		"key-blank":          "a blank idempotency key is observed: no page says what it means",
		"user-agent":         "a server may do without User-Agent (AMB-41)",
		"body":               "a body that is no JSON cannot be carried out",
		"basic":              "HTTP Basic on cashouts is open (AMB-02)",
		"invoice":            "a second deposit under one invoice_id is observed",
	}
}

func uncheckedEquivalents() []Equivalent {
	var list []Equivalent
	for _, op := range derivedOperations() {
		for _, each := range op.checks() {
			if op.brokenBy(each.name) != nil {
				continue
			}
			reason, known := whyUnchecked()[each.name]
			switch {
			case known:
			case op.product == cashouts:
				reason = "the Content-Type of cashouts is observed (AMB-21)"
			case op.method == http.MethodGet:
				reason = "a request without a body has no Content-Type to check (AMB-21)"
			}
			list = append(list, Equivalent{op.name + "/" + each.name + "/*", reason})
		}
		if op.keyed() {
			for _, each := range op.business {
				if op.brokenBy(each.name) != nil {
					list = append(list, Equivalent{
						op.name + "/" + each.name + "/when-the-key-is-known", "nothing is done for a known key, so no business check is made of it",
					})
				}
			}
		}
	}
	return list
}

func comparedEquivalents() []Equivalent {
	const (
		trimmed  = "HTTP drops white space at the ends of a header"
		short    = "no credential has 64 characters"
		blank    = "a blank idempotency key is observed"
		sameText = "addresses have one spelling as text, and there is none of this form"
	)
	reasons := map[string]map[string]string{
		"x-login":            {"trimmed": trimmed, "first-64-characters": short},
		"read-only-key":      {"trimmed": trimmed, "first-64-characters": short},
		"cashouts-login":     {"first-64-characters": short},
		"cashouts-pass":      {"first-64-characters": short},
		"deposits-signature": {"other-case": "upper-case digits are observed (AMB-18)", "trimmed": trimmed, "first-64-characters": "a digest has 64 digits: the same as longer"},
		"payload-signature":  {"trimmed": trimmed, "first-64-characters": "a digest has 64 digits: the same as longer"},
		"deposit-key":        {"trimmed": trimmed, "empty": blank},
		"refund-key":         {"trimmed": trimmed, "empty": blank},
	}
	for _, p := range []product{deposits, cashouts} {
		of := map[string]string{"cut": "no address of a run is the beginning of another that is listed"}
		for _, form := range []string{"trimmed", "other-case", "empty", "first-character-ignored", "first-64-characters"} {
			of[form] = sameText
		}
		reasons[p.String()+"-address"] = of
	}
	var list []Equivalent
	for _, v := range comparedValues() {
		for _, c := range comparisons() {
			if v.broken(c.name) == nil {
				list = append(list, Equivalent{v.name + "/compared/" + c.name, reasons[v.name][c.name]})
			}
		}
	}
	return list
}

func rememberedEquivalents() []Equivalent {
	var list []Equivalent
	for _, name := range []string{"deposit", "refund"} {
		list = append(list,
			Equivalent{name + "-keys/keyed/without-the-path", "a key that counts on every path is a reading (AMB-06 global)"},
			Equivalent{name + "-keys/keyed/without-the-caller", "a suite has the keys of one merchant, who cannot show it"},
			Equivalent{name + "/used-key/*", "that a creation is answered by its key is what a key is for; one of another operation is a reading (AMB-06 global)"},
			Equivalent{name + "-keys/forgotten-at-a-restart", "a run does not restart a server"},
			Equivalent{name + "-keys/per-process", "the mock is one process"},
		)
	}
	return append(list,
		Equivalent{"cashout*/used-key/*", "whether keys count on cashouts is open (AMB-13)"},
		Equivalent{"deposits/*", "an object that is not found any more is a failed control, not a broken rule"},
		Equivalent{"cashouts/*", "an object that is not found any more is a failed control, not a broken rule"},
	)
}
