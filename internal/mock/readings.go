package mock

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
)

// A question is one row of the ambiguity register as far as the mock can be
// switched: its default reading and what each other one replaces. Two ids that
// ask the same thing name one switch.
type question struct {
	ids      []string
	standard string
	others   map[string]func(*rulebook)
}

// questions is the mock's own copy of the register (see the readings table of the
// README). What has no other reading is listed for its name to be accepted.
func questions() []question {
	return []question{
		{[]string{"AMB-01"}, "d24-only", map[string]func(*rulebook){"basic-ok": func(r *rulebook) { r.identify = orBasic(r.identify) }}},
		{[]string{"AMB-02"}, "body-credentials", map[string]func(*rulebook){"basic-required": func(r *rulebook) { r.cashoutsBasic = sameInBasic }}},
		{[]string{"AMB-03"}, "bearer", map[string]func(*rulebook){"hmac-also": func(r *rulebook) { r.identify = orSigned(r.identify) }}},
		{[]string{"AMB-04", "AMB-05"}, "replay", map[string]func(*rulebook){"reject": func(r *rulebook) {
			r.fingerprint = digestOfBody
			r.sameRequest = func(stored, current string) bool { return stored == current }
		}}},
		{[]string{"AMB-06"}, "caller-and-path", map[string]func(*rulebook){"global": func(r *rulebook) { r.keyScope = scopeByCaller }}},
		{[]string{"AMB-07"}, "any-text", nil},
		{[]string{"AMB-08"}, "wait", map[string]func(*rulebook){"reject": func(r *rulebook) { r.whileBusy = rejectSecond }}},
		{[]string{"AMB-09"}, "known-caller", map[string]func(*rulebook){"store-all": func(r *rulebook) { r.admit = keyFirst }}},
		{[]string{"AMB-10"}, "match-on-key", nil},
		{[]string{"AMB-11"}, "status-and-body", nil},
		{[]string{"AMB-12"}, "replay-first", nil},
		{[]string{"AMB-13"}, "deposits-posts", nil},
		{[]string{"AMB-14"}, "inclusive", map[string]func(*rulebook){"strict": func(r *rulebook) { r.dateFresh = insideWindow }}},
		{[]string{"AMB-15"}, "symmetric", nil},
		{[]string{"AMB-16", "AMB-17"}, "literal-z", map[string]func(*rulebook){"rfc3339": func(r *rulebook) { r.parseDate = d24.ParseDateLoosely }}},
		{[]string{"AMB-18", "AMB-19"}, "exact", map[string]func(*rulebook){"case-insensitive": func(r *rulebook) { r.depositsSignature = signatureInAnyCase }}},
		{[]string{"AMB-20"}, "any-case", nil},
		{[]string{"AMB-21"}, "bodies-only", map[string]func(*rulebook){"strict": func(r *rulebook) { r.contentType = bareJSONAlways }}},
		{[]string{"AMB-22"}, "101", map[string]func(*rulebook){"102": func(r *rulebook) { r.noAuthorization = invalidSignature }}},
		{[]string{"AMB-23"}, "by-api", nil},
		{[]string{"AMB-24"}, "error", map[string]func(*rulebook){
			"refuse":   func(r *rulebook) { r.plain = plainRefusal },
			"redirect": func(r *rulebook) { r.plain = plainRedirect },
		}},
		{[]string{"AMB-25"}, "raw-bytes", nil},
		{[]string{"AMB-26"}, "flat", nil},
		{[]string{"AMB-27"}, "201", map[string]func(*rulebook){"200": func(r *rulebook) { r.createdStatus = 200 }}},
		{[]string{"AMB-28"}, "hosted", nil},
		{[]string{"AMB-29"}, "small-ids", map[string]func(*rulebook){
			"large-ids":  func(r *rulebook) { r.bases = largeBases },
			"string-ids": func(r *rulebook) { r.wireID = textID },
		}},
		{[]string{"AMB-30", "AMB-31"}, "full", map[string]func(*rulebook){
			"body-only": func(r *rulebook) { r.signNotification = signNotificationBody },
			"none":      func(r *rulebook) { r.signNotification = func(*merchant, time.Time, time.Time, []byte, http.Header) {} },
		}},
		{[]string{"AMB-32"}, "control-and-signature", map[string]func(*rulebook){"control-only": func(r *rulebook) { r.signCashoutNotification = func(*merchant, []byte, http.Header) {} }}},
		{[]string{"AMB-33"}, "five", map[string]func(*rulebook){"six": func(r *rulebook) { r.notificationRepeats = 5 }}},
		{[]string{"AMB-34"}, "refunds-200", map[string]func(*rulebook){"2xx": func(r *rulebook) { r.notificationTaken = successful }}},
		{[]string{"AMB-35"}, "unordered", nil},
		{[]string{"AMB-36"}, "late-payment", nil},
		{[]string{"AMB-37"}, "open-only", nil},
		{[]string{"AMB-38"}, "not-consumed", nil},
		{[]string{"AMB-39"}, "full-amount", nil},
		{[]string{"AMB-40"}, "for-ever", nil},
		{[]string{"AMB-41"}, "required", map[string]func(*rulebook){"lenient": func(r *rulebook) { r.userAgent = anyUserAgent }}},
		{[]string{"AMB-42"}, "on-hold-open", nil},
		{[]string{"AMB-43"}, "either", nil},
		{[]string{"AMB-44"}, "body-read", nil},
		{[]string{"AMB-45"}, "outside-in", nil},
		{[]string{"AMB-46"}, "tcp-peer", nil},
		{[]string{"AMB-47"}, "unlimited", nil},
		{[]string{"AMB-48"}, "any-character", nil},
		{[]string{"AMB-49"}, "at-once", nil},
		{[]string{"AMB-50"}, "lower-case", nil},
		{[]string{"AMB-51"}, "any-date", nil},
		{[]string{"AMB-52"}, "upper-case", nil},
		{[]string{"AMB-53"}, "2xx", nil},
		{[]string{"AMB-54"}, "when-notified", nil},
		{[]string{"AMB-55"}, "any-of-the-account", nil},
	}
}

// applyReadings switches the rulebook and returns the reading of every question.
func applyReadings(rules *rulebook, chosen map[string]string) (map[string]string, error) {
	known := make(map[string]bool)
	inForce := make(map[string]string)
	var problems []error
	for _, q := range questions() {
		names := []string{q.standard}
		names = append(names, slices.Sorted(maps.Keys(q.others))...)
		reading := ""
		for _, id := range q.ids {
			known[id] = true
			name, given := chosen[id]
			switch {
			case !given || name == "":
			case !slices.Contains(names, name):
				problems = append(problems, fmt.Errorf("reading %s=%s is unknown: %s can be %s", id, name, id, strings.Join(names, ", ")))
			case reading != "" && reading != name:
				problems = append(problems, fmt.Errorf("readings of %s contradict each other: %s and %s are one switch", strings.Join(q.ids, " and "), reading, name))
			default:
				reading = name
			}
		}
		reading = cmp.Or(reading, q.standard)
		for _, id := range q.ids {
			inForce[id] = reading
		}
		if apply := q.others[reading]; apply != nil {
			apply(rules)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(chosen)) {
		if !known[id] {
			problems = append(problems, fmt.Errorf("reading %s=%s is unknown: there is no %s in the ambiguity register", id, chosen[id], id))
		}
	}
	return inForce, errors.Join(problems...)
}
