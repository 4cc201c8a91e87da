package mock

import (
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock/store"
)

// largeBody is the size above which a body goes past a buffer of many servers.
const largeBody = 4 << 10

// derivedFromForms depend on what the documents make no difference of: how a request is put
// on the wire, and which answer of an operation it is.
func derivedFromForms() []Mutant {
	var list []Mutant
	for _, name := range []string{"deposit", "refund"} {
		list = append(list, narrowKeys(operationNamed(name))...)
	}
	for _, op := range derivedOperations() {
		if op.product == deposits && op.name != "states" {
			list = append(list, op.answersInHTML()...)
		}
	}
	return append(list, believedClaims()...)
}

// narrowKeys know a key for some requests only, or only together with something that a retry
// may change.
func narrowKeys(op derivedOperation) []Mutant {
	var list []Mutant
	add := func(name, says string, broken []string, spell func(c *call, key string) string) {
		list = append(list, Mutant{op.name + "-keys/" + name, says, broken, func(r *rulebook) {
			spellKeys(r, func(c *call, key string) string {
				if c.op.name != op.name {
					return key
				}
				return spell(c, key)
			})
			r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false } // stored in the same way
		}})
	}
	for _, by := range []struct {
		name, says string
		more       func(c *call) string
	}{
		{"with-the-user-agent", "the User-Agent", func(c *call) string { return c.header(d24.HeaderUserAgent) }},
		{"with-the-connection", "the connection", func(c *call) string { return c.request.RemoteAddr }},
		{"with-the-accepted-language", "Accept-Language", func(c *call) string { return c.header("Accept-Language") }},
		{"with-the-way-of-sending", "the way in which the body is sent", func(c *call) string { return strings.Join(c.request.TransferEncoding, ",") }},
	} {
		add("keyed/"+by.name, "knows a "+op.name+"'s idempotency key only together with "+by.says, op.brokenByNarrowKey(by.name),
			func(c *call, key string) string { return key + "\n" + by.more(c) })
	}
	ofBodies := forms()[:3] // a creation has no voucher
	for _, form := range append(ofBodies, requestForm{"in-the-second-environment", " in the second environment", func(c *call) bool { return c.env.name == secondName }}) {
		list = append(list, Mutant{
			op.name + "-keys/not-used/" + form.name, "does not look at the idempotency key of a " + op.name + form.says, op.brokenByNarrowKey(form.name),
			func(r *rulebook) {
				key := r.key
				r.key = func(c *call) (string, bool) {
					if c.op.name == op.name && form.has(c) {
						return "", false
					}
					return key(c)
				}
				r.invoiceUsed = func(*store.Tx, *merchant, string) bool { return false }
			},
		})
	}
	return list
}

// A requestForm is how a request may be sent, and what has it.
type requestForm struct {
	name, says string
	has        func(c *call) bool
}

func forms() []requestForm {
	return []requestForm{
		{"with-a-trailing-slash", ", if the path ends in a slash", func(c *call) bool { return strings.HasSuffix(c.request.URL.Path, "/") }},
		{"with-a-large-body", ", if the body is larger than 4 KiB", func(c *call) bool { return len(c.body) > largeBody }},
		{"with-a-body-in-chunks", ", if the body comes in chunks", func(c *call) bool { return len(c.request.TransferEncoding) > 0 }},
		{"with-its-voucher", ", if the voucher is asked for", func(c *call) bool { return c.request.URL.Query().Has("voucher") }},
	}
}

// answersInHTML call one of the operation's answers something else than JSON.
func (op derivedOperation) answersInHTML() []Mutant {
	broken := []string{"DEP-CT-01"}
	html := func(r *rulebook, concern func(c *call, a answer) bool) {
		present := r.present
		r.present = func(c *call, header http.Header, a answer) answer {
			a = present(c, header, a)
			if c.op != nil && c.op.name == op.name && concern(c, a) {
				header[d24.HeaderContentType] = []string{"text/html; charset=utf-8"}
			}
			return a
		}
	}
	success := broken
	if op.name == "deposit-status" { // where a page has UTF-8 beyond ASCII
		success = append(success, "NOTIF-04")
	}
	list := []Mutant{
		{op.name + "/in-html/successes", op.does + ", and calls the answer text/html", success, func(r *rulebook) {
			html(r, func(_ *call, a answer) bool { return a.Status < http.StatusBadRequest })
		}},
		{op.name + "/in-html/for-browsers", op.does + ", and calls the answer text/html where Accept has that", broken, func(r *rulebook) {
			html(r, func(c *call, a answer) bool {
				return a.Status < http.StatusBadRequest && strings.Contains(c.header("Accept"), "html")
			})
		}},
		{op.name + "/in-html/refusals", op.does + ", and calls its refusals text/html", broken, func(r *rulebook) {
			html(r, func(_ *call, a answer) bool {
				return a.Status >= http.StatusBadRequest && a.Status < http.StatusInternalServerError
			})
		}},
	}
	if !op.keyed() {
		return list
	}
	return append(list,
		Mutant{op.name + "/in-html/errors-500", op.does + ", and calls its errors 500 text/html", broken, func(r *rulebook) {
			html(r, func(_ *call, a answer) bool { return a.Status == http.StatusInternalServerError })
		}},
		Mutant{op.name + "/in-html/replays", op.does + ", and calls the answer to a retry text/html", broken, func(r *rulebook) {
			html(r, func(c *call, a answer) bool {
				return c.ticket == nil && a.Status < http.StatusBadRequest && c.header(d24.HeaderIdempotencyKey) != ""
			})
		}})
}

// believedClaims take plain HTTP for HTTPS where a header says so.
func believedClaims() []Mutant {
	var list []Mutant
	for _, header := range []string{"X-Forwarded-Proto", "X-Forwarded-Ssl", "X-Url-Scheme", "Front-End-Https", "Forwarded"} {
		list = append(list, Mutant{
			"plain-http/believes-" + strings.ToLower(header), "processes a request over plain HTTP that has " + header,
			[]string{"CASH-SEC-01", "CASH-SEC-02", "DEP-SEC-01", "DEP-SEC-02"},
			func(r *rulebook) {
				plain := r.plain
				r.plain = func(e *environment, api string) http.Handler {
					refusal := plain(e, api)
					return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
						if req.Header.Get(header) != "" {
							e.ServeHTTP(w, req)
							return
						}
						refusal.ServeHTTP(w, req)
					})
				}
			},
		})
	}
	return list
}
