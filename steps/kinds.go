package steps

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// A fault is one way in which a request can be wrong.
type fault struct {
	name string
	// put makes it on a request of the stage. It reports false where it cannot be made: the
	// request has no such part, or the run lacks a credential or an address for it.
	put func(w *world, st *stage) (spoilt, bool)
}

// spoilt is what a fault does to a request.
type spoilt struct {
	tampers   []merchant.Tamper
	client    *merchant.Client // nil = the usual one
	elsewhere bool             // it comes from another address
	moved     *time.Duration   // how far its date is from the server's clock
}

// faultKinds are the kinds of faults by the names that features have for them; their
// faults stand in the rule set's ranges too.
func faultKinds() map[string][]fault {
	return map[string][]fault{
		"missing Authorization":            missingAuthorization(),
		"digit changed":                    changedDigits(),
		"wrong digest":                     wrongDigests(),
		"wrong text under the signature":   wrongTexts(),
		"secret that nobody has":           unknownSecrets(),
		"other credential as the secret":   otherSecrets(),
		"change after signing":             changesAfterSigning(),
		"X-Login that is not ours":         wrongLogins(),
		"missing X-Login":                  missingHeaderFaults(d24.HeaderLogin),
		"missing X-Date":                   missingHeaderFaults(d24.HeaderDate),
		"other form of X-Date":             dateForms(),
		"local time":                       localTimes(),
		"date out of the window":           staleDates(),
		"missing Content-Type":             missingHeaderFaults(d24.HeaderContentType),
		"other Content-Type":               otherContentTypes(),
		"other key instead of a signature": bearerKeys(),
		"missing read-only key":            missingReadOnlyKeys(),
		"read-only key that is not ours":   wrongReadOnlyKeys(),

		"missing Payload-Signature":   missingHeaderFaults(d24.HeaderPayloadSignature),
		"upper case in the signature": upperCaseDigests(),
		"login that is not ours":      wrongCashoutsLogins(),
		"pass that is not ours":       wrongPasses(),
		"missing login or pass":       missingCredentials(),

		"body that is no JSON object":      brokenBodies(),
		"fault whose refusal must be JSON": slices.Concat(missingAuthorization(), changedDigits()[:1], missingHeaderFaults(d24.HeaderLogin), missingHeaderFaults(d24.HeaderDate), wrongLogins()[:1], staleDates()[:2]),

		"credential of the other environment": otherEnvironmentKeys(),
		"claim to be another address":         claimedAddresses(),

		"over plain HTTP":                         plainHTTPFaults(),
		"from an address that is not whitelisted": elsewhereFaults(),
	}
}

// tampered is a fault that is one change of the draft.
func tampered(name string, t merchant.Tamper) fault {
	return fault{name, func(*world, *stage) (spoilt, bool) { return spoilt{tampers: []merchant.Tamper{t}}, true }}
}

// missingHeaderFaults leave a header out, or empty. Content-Type is missed on bodies only
// (reading AMB-21).
func missingHeaderFaults(header string) []fault {
	concerns := func(st *stage) bool { return header != d24.HeaderContentType || len(st.request.Body) > 0 }
	return []fault{
		{header + " left out", func(_ *world, st *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{merchant.WithoutHeader(header)}}, concerns(st)
		}},
		{header + " empty", func(_ *world, st *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{merchant.WithHeader(header, "")}}, concerns(st)
		}},
	}
}

func missingAuthorization() []fault {
	return append(missingHeaderFaults(d24.HeaderAuthorization),
		tampered("the scheme word alone", merchant.WithHeader(d24.HeaderAuthorization, strings.TrimSpace(d24.Scheme))))
}

// A named credential is one that a request may carry by mistake instead of another.
type named struct {
	name string
	of   func(d24.Credentials) string
}

// credentialNames are all credentials of a merchant.
func credentialNames() []named {
	return []named{
		{"the deposits API key", func(c d24.Credentials) string { return c.Deposits.APIKey }},
		{"the deposits signature", func(c d24.Credentials) string { return c.Deposits.APISignature }},
		{"the read-only key", func(c d24.Credentials) string { return c.Deposits.ReadOnlyKey }},
		{"the cashouts API key", func(c d24.Credentials) string { return c.Cashouts.APIKey }},
		{"the cashouts passphrase", func(c d24.Credentials) string { return c.Cashouts.APIPassphrase }},
		{"the cashouts signature", func(c d24.Credentials) string { return c.Cashouts.APISignature }},
	}
}

// instead are faults that send another text instead of a credential: in nearly the
// right spelling, empty, and each other credential of the merchant. use makes the fault.
func instead(what string, ours func(w *world, st *stage) string, use func(w *world, st *stage, text string) spoilt) (misspelt, others []fault) {
	for _, s := range merchant.Spellings() {
		misspelt = append(misspelt, fault{what + " with " + s.Name, func(w *world, st *stage) (spoilt, bool) {
			right := ours(w, st)
			text := s.Change(right)
			return use(w, st, text), right != "" && text != right && text != ""
		}})
	}
	for _, other := range credentialNames() {
		others = append(others, fault{other.name + " as " + what, func(w *world, st *stage) (spoilt, bool) {
			text := other.of(w.server.Credentials)
			return use(w, st, text), text != "" && text != ours(w, st)
		}})
	}
	return misspelt, others
}

// secretOf is the secret that signs the stage's requests.
func secretOf(w *world, st *stage) string {
	if st.request.Auth == merchant.SignedCashout {
		return w.server.Credentials.Cashouts.APISignature
	}
	return w.server.Credentials.Deposits.APISignature
}

func signing(text string) spoilt {
	return spoilt{tampers: []merchant.Tamper{merchant.SignedWith(text)}}
}

// unknownSecrets sign with what is no credential of anybody's.
func unknownSecrets() []fault {
	list := []fault{
		tampered("signed with a made-up secret", merchant.SignedWith("sk-that-nobody-has")),
		tampered("signed with an empty secret", merchant.SignedWith("")),
	}
	for _, s := range merchant.Spellings() {
		list = append(list, fault{"signed with our secret with " + s.Name, func(w *world, st *stage) (spoilt, bool) {
			text := s.Change(secretOf(w, st))
			return signing(text), text != secretOf(w, st) && text != ""
		}})
	}
	return list
}

// otherSecrets sign with another credential of ours.
func otherSecrets() []fault {
	var list []fault
	for _, other := range credentialNames() {
		list = append(list, fault{"signed with " + other.name, func(w *world, st *stage) (spoilt, bool) {
			text := other.of(w.server.Credentials)
			return signing(text), text != "" && text != secretOf(w, st)
		}})
	}
	return list
}

func wrongLogins() []fault {
	misspelt, others := instead("X-Login", func(w *world, _ *stage) string { return w.server.Credentials.Deposits.APIKey },
		func(_ *world, _ *stage, text string) spoilt {
			return spoilt{tampers: []merchant.Tamper{merchant.WithHeader(d24.HeaderLogin, text)}}
		})
	return append(misspelt, others...)
}

func wrongCashoutsLogins() []fault {
	misspelt, others := instead("login", func(w *world, _ *stage) string { return w.server.Credentials.Cashouts.APIKey },
		func(w *world, _ *stage, text string) spoilt {
			return spoilt{tampers: []merchant.Tamper{merchant.WithCashoutCredentials(text, w.server.Credentials.Cashouts.APIPassphrase)}}
		})
	return append(append(misspelt, others...), spacedFaults("login")...)
}

func wrongPasses() []fault {
	misspelt, others := instead("pass", func(w *world, _ *stage) string { return w.server.Credentials.Cashouts.APIPassphrase },
		func(w *world, _ *stage, text string) spoilt {
			return spoilt{tampers: []merchant.Tamper{merchant.WithCashoutCredentials(w.server.Credentials.Cashouts.APIKey, text)}}
		})
	return append(append(misspelt, others...), spacedFaults("pass")...)
}

// spacedFaults put a space around a field of the body. Around a header's value HTTP takes
// it away.
func spacedFaults(field string) []fault {
	var list []fault
	for _, s := range []merchant.Spelling{
		{Name: "a space before it", Change: func(s string) string { return " " + s }},
		{Name: "a space behind it", Change: func(s string) string { return s + " " }},
	} {
		list = append(list, fault{field + " with " + s.Name, func(w *world, _ *stage) (spoilt, bool) {
			c := w.server.Credentials.Cashouts
			login, pass := c.APIKey, c.APIPassphrase
			if field == "login" {
				login = s.Change(login)
			} else {
				pass = s.Change(pass)
			}
			return spoilt{tampers: []merchant.Tamper{merchant.WithCashoutCredentials(login, pass)}}, true
		}})
	}
	return list
}

// missingCredentials leave login or pass out of a cashouts body.
func missingCredentials() []fault {
	without := func(name string, change func([]byte) []byte) fault { return tampered(name, merchant.WithBody(change)) }
	list := []fault{
		without("login and pass in HTTP Basic alone", func(b []byte) []byte {
			return merchant.RemoveField(merchant.RemoveField(b, "login"), "pass")
		}),
	}
	for _, field := range []string{"login", "pass"} {
		list = append(list,
			without(field+" left out of the body", func(b []byte) []byte { return merchant.RemoveField(b, field) }),
			without(field+" empty", func(b []byte) []byte { return merchant.SetField(b, field, "") }),
			without(field+" null", func(b []byte) []byte { return merchant.SetField(b, field, nil) }))
	}
	return list
}

// bearerKeys show a key where a POST wants a signature.
func bearerKeys() []fault {
	var list []fault
	for _, key := range credentialNames() {
		list = append(list, fault{key.name + " as Bearer", func(w *world, _ *stage) (spoilt, bool) {
			text := key.of(w.server.Credentials)
			return spoilt{tampers: []merchant.Tamper{merchant.WithHeader(d24.HeaderAuthorization, d24.BearerScheme+text)}}, text != ""
		}})
	}
	return list
}

// missingReadOnlyKeys leave the key of a read-only endpoint out.
func missingReadOnlyKeys() []fault {
	scheme := func(st *stage) string {
		switch st.request.Auth {
		case merchant.ReadOnlyBasic, merchant.KeyBasic:
			return "Basic"
		case merchant.SignedDeposit:
			return strings.TrimSpace(d24.Scheme)
		case merchant.Unsigned, merchant.SignedCashout, merchant.ReadOnlyBearer:
		}
		return strings.TrimSpace(d24.BearerScheme)
	}
	return append(missingHeaderFaults(d24.HeaderAuthorization), fault{"the scheme word alone", func(_ *world, st *stage) (spoilt, bool) {
		return spoilt{tampers: []merchant.Tamper{merchant.WithHeader(d24.HeaderAuthorization, scheme(st))}}, true
	}}, fault{"Authorization left out, and the query too", func(_ *world, st *stage) (spoilt, bool) {
		withoutQuery := merchant.Tamper{Before: func(d *merchant.Draft) { d.Path, _, _ = strings.Cut(d.Path, "?") }}
		return spoilt{tampers: []merchant.Tamper{withoutQuery, merchant.WithoutHeader(d24.HeaderAuthorization)}}, strings.Contains(st.request.Path, "?")
	}})
}

// wrongReadOnlyKeys show another key, in the way in which the target takes the right one
// (reading AMB-03).
func wrongReadOnlyKeys() []fault {
	misspelt, others := instead("the read-only key", shownKey, showKey)
	for i, f := range others {
		others[i].put = func(w *world, st *stage) (spoilt, bool) {
			s, ok := f.put(w, st)
			// The pages have the API Key as the user name of HTTP Basic, and do not say which.
			basic := st.request.Auth == merchant.ReadOnlyBasic || st.request.Auth == merchant.KeyBasic
			return s, ok && (!basic || !strings.HasPrefix(f.name, "the deposits API key"))
		}
	}
	return append(append(misspelt, others...), fault{"a made-up read-only key", func(w *world, st *stage) (spoilt, bool) {
		return showKey(w, st, "rk-that-nobody-has"), true
	}})
}

// shownKey is the key that the target takes on read-only endpoints.
func shownKey(w *world, st *stage) string {
	if st.request.Auth == merchant.SignedDeposit || st.request.Auth == merchant.KeyBasic {
		return w.server.Credentials.Deposits.APIKey
	}
	return w.server.Credentials.Deposits.ReadOnlyKey
}

// showKey shows a key to a read-only endpoint.
func showKey(_ *world, st *stage, key string) spoilt {
	t := merchant.WithHeader(d24.HeaderAuthorization, d24.BearerScheme+key)
	switch st.request.Auth {
	case merchant.ReadOnlyBasic, merchant.KeyBasic:
		t = merchant.WithHeader(d24.HeaderAuthorization, merchant.BasicAuth(key, ""))
	case merchant.SignedDeposit:
		t = merchant.WithHeader(d24.HeaderLogin, key)
	case merchant.Unsigned, merchant.SignedCashout, merchant.ReadOnlyBearer:
	}
	return spoilt{tampers: []merchant.Tamper{t}}
}

// otherContentTypes call a body something else.
func otherContentTypes() []fault {
	var list []fault
	for _, name := range []string{
		"text/plain", "text/html", "application/xml", "application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data; boundary=x",
	} {
		list = append(list, fault{"Content-Type " + name, func(_ *world, st *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{merchant.WithHeader(d24.HeaderContentType, name)}}, len(st.request.Body) > 0
		}})
	}
	return list
}

// brokenBodies are bodies that are not one JSON object, signed as they are sent.
func brokenBodies() []fault {
	var list []fault
	for _, c := range []bodyChange{
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
		{"without its last brace", func(b []byte) []byte { return b[:len(b)-1] }},
		{"nothing at all", func([]byte) []byte { return nil }},
		{"with a word behind it", func(b []byte) []byte { return append(slices.Clip(b), "garbage"...) }},
		{"with a brace behind it", func(b []byte) []byte { return append(slices.Clip(b), '}') }},
		{"there twice", func(b []byte) []byte { return append(slices.Clip(b), b...) }},
		{"in single quotes", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte{'"'}, []byte{'\''}) }},
		{"as a form", func([]byte) []byte { return []byte("amount=100&country=BR&currency=BRL") }},
	} {
		list = append(list, fault{"a body " + c.name, func(_ *world, st *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{merchant.WithBody(c.change)}}, len(st.request.Body) > 0
		}})
	}
	return list
}

// otherEnvironmentKeys are those of the environment that is not called: all of them, and
// one by one.
func otherEnvironmentKeys() []fault {
	kind := func(name string, from func(ours, theirs d24.Credentials, st *stage) (merchant.Tamper, bool)) fault {
		return fault{name, func(w *world, st *stage) (spoilt, bool) {
			theirs, ok := w.otherCredentials()
			if !ok {
				return spoilt{}, false
			}
			t, ok := from(w.server.Credentials, theirs, st)
			return spoilt{tampers: []merchant.Tamper{t}}, ok
		}}
	}
	is := func(st *stage, auth ...merchant.Auth) bool { return slices.Contains(auth, st.request.Auth) }
	return []fault{
		kind("the other environment's keys", func(_, theirs d24.Credentials, _ *stage) (merchant.Tamper, bool) {
			return merchant.AsMerchant(theirs), true
		}),
		kind("the other environment's API key", func(ours, theirs d24.Credentials, st *stage) (merchant.Tamper, bool) {
			if is(st, merchant.SignedCashout) {
				return merchant.WithCashoutCredentials(theirs.Cashouts.APIKey, ours.Cashouts.APIPassphrase), true
			}
			return merchant.WithHeader(d24.HeaderLogin, theirs.Deposits.APIKey), is(st, merchant.SignedDeposit)
		}),
		kind("the other environment's passphrase", func(ours, theirs d24.Credentials, st *stage) (merchant.Tamper, bool) {
			return merchant.WithCashoutCredentials(ours.Cashouts.APIKey, theirs.Cashouts.APIPassphrase), is(st, merchant.SignedCashout)
		}),
		kind("the other environment's secret", func(_, theirs d24.Credentials, st *stage) (merchant.Tamper, bool) {
			secret := theirs.Deposits.APISignature
			if is(st, merchant.SignedCashout) {
				secret = theirs.Cashouts.APISignature
			}
			return merchant.SignedWith(secret), is(st, merchant.SignedCashout, merchant.SignedDeposit)
		}),
	}
}

// otherCredentials are those of the environment that the scenario does not talk to.
func (w *world) otherCredentials() (d24.Credentials, bool) {
	first, second := w.suite.Server, w.suite.Server.Second
	switch {
	case second == nil:
		return d24.Credentials{}, false
	case w.server == second:
		return first.Credentials, true
	}
	return second.Credentials, true
}

// plainHTTPFaults send the request where it must fail, and say perhaps that it came over
// HTTPS, as a proxy would.
func plainHTTPFaults() []fault {
	plain := func(name string, claims ...merchant.Tamper) fault {
		return fault{name, func(w *world, _ *stage) (spoilt, bool) {
			client, tampers, err := w.plainHTTP()
			return spoilt{tampers: append(tampers, claims...), client: client}, err == nil
		}}
	}
	list := []fault{plain("over plain HTTP")}
	for _, claim := range []struct{ header, value string }{
		{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Ssl", "on"}, {"X-Url-Scheme", "https"}, {"Front-End-Https", "on"}, {"Forwarded", "proto=https"},
	} {
		list = append(list, plain("over plain HTTP with "+claim.header+": "+claim.value, merchant.WithHeader(claim.header, claim.value)))
	}
	return list
}

// elsewhereFaults send the request from another address.
func elsewhereFaults() []fault {
	return []fault{{"from an address that is not whitelisted", func(w *world, _ *stage) (spoilt, bool) { return w.unlisted() }}}
}

// claimedAddresses send the request from another address, which it denies.
func claimedAddresses() []fault {
	var list []fault
	for _, header := range []string{
		"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Original-Forwarded-For", "X-Cluster-Client-IP",
	} {
		value := "127.0.0.1"
		if header == "Forwarded" { // RFC 7239
			value = "for=127.0.0.1"
		}
		list = append(list, fault{header + " with our own address", func(w *world, _ *stage) (spoilt, bool) {
			s, ok := w.unlisted()
			s.tampers = append(s.tampers, merchant.WithHeader(header, value))
			return s, ok
		}})
	}
	return list
}

// unlisted is a client that calls from an address that no whitelist has.
func (w *world) unlisted() (spoilt, bool) {
	client, ok := w.suite.unlistedClient(w.server)
	return spoilt{client: client, elsewhere: ok && client.LocalIP.IsValid()}, ok
}
