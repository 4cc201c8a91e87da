package mock

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

const kibibyte = 1 << 10

// A bodyReading is what a server takes for the signed body.
type bodyReading struct {
	name, says string
	of         func(body []byte) []byte
}

func bodyReadings() []bodyReading {
	return []bodyReading{
		{"first-1-KiB", "over the first 1 KiB of the body", func(body []byte) []byte { return body[:min(len(body), kibibyte)] }},
		{"first-4-KiB", "over the first 4 KiB of the body", func(body []byte) []byte { return body[:min(len(body), 4*kibibyte)] }},
		{"without-white-space", "over the body without white space", reserialised},
		{"re-serialised", "over the body as another JSON library writes it", sorted},
		{"an-id-alone", "over an id of the body alone", firstID},
		{"without-the-last-byte", "over the body without its last byte", func(body []byte) []byte { return body[:max(len(body)-1, 0)] }},
	}
}

// firstID is the id that a body names first.
func firstID(body []byte) []byte {
	var ids struct {
		ExternalID anyText `json:"external_id"`
		InvoiceID  anyText `json:"invoice_id"`
		CashoutID  anyText `json:"cashout_id"`
	}
	if json.Unmarshal(body, &ids) != nil {
		return body
	}
	return []byte(cmp.Or(ids.ExternalID, ids.InvoiceID, ids.CashoutID))
}

// sorted is a JSON object as a library writes it that knows no order of fields.
func sorted(body []byte) []byte {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return body
	}
	return encode(value)
}

// derivedFromBodies verify signatures over something else than the body, besides the
// body: a server that took nothing else would have no merchants.
func derivedFromBodies() []Mutant {
	var list []Mutant
	for _, op := range derivedOperations() {
		if op.method == http.MethodGet {
			continue
		}
		otherText, changed := []string{"DEP-SIG-02"}, []string{"DEP-SIG-04"}
		if op.product == cashouts {
			otherText, changed = []string{"CASH-SIG-02"}, []string{"CASH-SIG-03"}
		}
		for _, b := range bodyReadings() {
			broken := otherText
			switch b.name {
			case "without-white-space": // the text that is sent has another signature
				broken = changed
			case "without-the-last-byte":
				broken = slices.Concat(otherText, changed)
			}
			list = append(list, Mutant{
				op.name + "/signed-body/" + b.name, op.does + " with a signature " + b.says, broken,
				func(r *rulebook) {
					excuse(r, op.name, "signature", func(c *call) bool { return c.signedOver(b.of(c.body)) })
				},
			})
		}
		list = append(list, Mutant{
			op.name + "/signed-body/not-verified-beyond-1-KiB", op.does + " without verifying the signature of a body of more than 1 KiB", op.brokenBy("signature"),
			func(r *rulebook) {
				excuse(r, op.name, "signature", func(c *call) bool { return len(c.body) > kibibyte })
			},
		})
	}
	return list
}

// signedOver says whether the request's signature is one over that body.
func (c *call) signedOver(body []byte) bool {
	if c.op.product == cashouts {
		return c.caller.cashouts.VerifyPayload(c.header(d24.HeaderPayloadSignature), body)
	}
	return c.caller.deposits.VerifyAuthorization(c.header(d24.HeaderAuthorization), c.header(d24.HeaderDate), c.header(d24.HeaderLogin), body)
}

// derivedFromDates have windows that are too wide, for each signed operation of deposits.
func derivedFromDates() []Mutant {
	const day = 24 * time.Hour
	var list []Mutant
	for _, op := range derivedOperations() {
		if op.kind() != "signed" {
			continue
		}
		for _, w := range []struct {
			name, says string
			width      time.Duration
		}{
			{"8-s", "8 seconds", 8 * time.Second}, {"59-min", "59 minutes", 59 * time.Minute}, {"a-day", "a day", day},
		} {
			broken := []string{"DEP-DATE-03"}
			if w.width >= day {
				broken = append(broken, "DEP-DATE-02") // every local time lies in it
			}
			list = append(list, Mutant{
				op.name + "/window/" + w.name + "-in-the-past", op.does + " with an X-Date up to " + w.says + " old", broken,
				func(r *rulebook) {
					excuse(r, op.name, "date-fresh", func(c *call) bool { return !c.date.After(c.now) && c.now.Sub(c.date) <= w.width })
				},
			}, Mutant{
				op.name + "/window/" + w.name + "-in-the-future", op.does + " with an X-Date up to " + w.says + " ahead", broken,
				func(r *rulebook) {
					excuse(r, op.name, "date-fresh", func(c *call) bool { return c.date.After(c.now) && c.date.Sub(c.now) <= w.width })
				},
			})
		}
		for name, length := range map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": day} {
			if op.name != "deposit-status" { // where dates across the turn are sent
				break
			}
			list = append(list, Mutant{
				op.name + "/window/within-a-" + name, "refuses an X-Date of another " + name + " than the server's",
				[]string{"DEP-DATE-03"},
				func(r *rulebook) {
					replace(r, op.name, "date-fresh", func(refuse func(c *call) *answer) func(c *call) *answer {
						return func(c *call) *answer {
							if !c.date.Truncate(length).Equal(c.now.UTC().Truncate(length)) {
								c.date = time.Time{} // out of any window
							}
							return refuse(c)
						}
					})
				},
			})
		}
		list = append(list, Mutant{
			op.name + "/window/overflows", op.does + " with an X-Date that is too far ahead for a 64-bit number of nanoseconds",
			[]string{"DEP-DATE-03"},
			func(r *rulebook) {
				excuse(r, op.name, "date-fresh", func(c *call) bool { return c.date.Sub(c.now) == math.MaxInt64 })
			},
		}, Mutant{
			op.name + "/window/without-the-day", op.does + " with the X-Date of another day",
			[]string{"DEP-DATE-03"},
			func(r *rulebook) {
				excuse(r, op.name, "date-fresh", func(c *call) bool {
					apart := c.now.Sub(c.date).Abs() % day
					return min(apart, day-apart) <= d24.Window
				})
			},
		})
	}
	return list
}
