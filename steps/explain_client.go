package steps

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/repro"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
)

// A sighting is a scenario of a client whose sentence did not hold.
type sighting struct {
	client  *client
	step    string
	finding judge.Finding
}

func (c *client) remember(err error) {
	if found, ok := errors.AsType[*judged](err); ok {
		c.suite.failures.keep(c.scenario, &sighting{client: c, step: c.step, finding: found.finding})
	}
}

// hardness prefers what can be worked out again.
func (s *sighting) hardness() int {
	if s.look().Check == "" || len(numbers(s.finding.Exchanges)) == 0 {
		return impossible
	}
	return easy
}

// annotate adds which entries of a recording the finding rests on. Everything else that a
// client sent stands in the log.
func (s *sighting) annotate(scenario *reports.ScenarioResult) {
	var entries []string
	for _, e := range s.finding.Exchanges {
		if number, ok := strings.CutPrefix(e.Label, target.EntryLabel); ok {
			entries = append(entries, number)
		}
	}
	switch list := strings.Join(entries, ", "); len(entries) {
	case 0:
	case 1:
		scenario.Seen += "; entry " + list + " of the recording"
	default:
		scenario.Seen += "; entries " + list + " of the recording"
	}
}

func (s *sighting) script(_ context.Context, of repro.Fault, _ *reports.ScenarioResult) string {
	r := repro.Recorded{Fault: s.client.fault(of, s.step, s.finding), Lines: numbers(s.finding.Exchanges), Look: s.look(), Again: s.again(of.Rule)}
	slices.Sort(r.Lines)
	if len(r.Lines) == 0 {
		r.Impossible = strings.Join(append([]string{"nothing of it was sent, since the client was only asked: " + s.finding.Seen}, r.Again...), "; ")
	}
	return r.Script()
}

// again is how to have the client send it again: what judged it, and what an adapter was
// told.
func (s *sighting) again(rule string) []string {
	var lines []string
	if again := s.client.suite.Again; again != nil {
		lines = append(lines, again(rule))
	}
	told := 0
	for _, asked := range s.client.traffic.Asked {
		if told == 0 && slices.ContainsFunc(s.finding.Exchanges, func(e *exchange.Exchange) bool { return slices.Contains(asked.Sent, e) }) {
			told++
			lines = append(lines, "the adapter was told "+asked.Line)
		}
	}
	if trouble := s.client.situation.Trouble; trouble != "" {
		lines = append(lines, "the trouble was: "+string(trouble))
	}
	return lines
}

// A signed look rests on the signatures of its product.
const signed = "signed"

// looks are the sentences about everything that a client sent, as a script judges them
// again.
func looks() map[string]repro.Look {
	key := []string{d24.EnvDepositsAPIKey}
	return map[string]repro.Look{
		"every request comes over HTTPS":                                        {Check: "https"},
		"nothing comes over plain HTTP":                                         {Check: "https"},
		"the signing secrets are nowhere in it":                                 {Check: "secrets"},
		"every request is authenticated":                                        {Check: "headers", Words: d24.HeaderAuthorization},
		"everything that creates is signed":                                     {Check: "created", Needs: []string{signed}},
		"lookups say who asks in one of the documented ways":                    {Check: "lookups", Needs: []string{d24.EnvReadOnlyKey}},
		"nothing but lookups has the read-only key":                             {Check: "reader_elsewhere"},
		"the API Key is in X-Login of every request":                            {Check: "login", Needs: key},
		"X-Login is the deposits API Key":                                       {Check: "login", Words: "if sent", Needs: key},
		"the mandatory deposits headers are there":                              {Check: "headers", Words: words(d24.HeaderAuthorization, d24.HeaderLogin, d24.HeaderDate, d24.HeaderContentType)},
		"Authorization is D24, one space, and 64 lower-case hexadecimal digits": {Check: "authorization"},
		"Content-Type is application/json wherever there is a body":             {Check: "type"},
		"Content-Type is never anything else than application/json":             {Check: "type", Words: "if sent"},
		"every body is one JSON document":                                       {Check: "json"},
		"text is sent and signed in UTF-8":                                      {Check: "utf8", Needs: []string{signed}},
		"X-Date is written yyyy-MM-dd'T'HH:mm:ss'Z'":                            {Check: "date_form"},
		"X-Date is in UTC":                                                      {Check: "date_utc"},
		"X-Date is at most 5 seconds old when it arrives":                       {Check: "date_fresh"},
		"every request has a date of its own":                                   {Check: "dates"},
		"signatures are made with the deposits API Signature":                   {Check: "signed", Words: "all", Needs: []string{signed}},
		"signatures are over X-Date, X-Login and the bytes that are sent":       {Check: "signed", Needs: []string{signed}},
		"everything that creates has an idempotency key":                        {Check: "keyed"},
		"GET and DELETE have no idempotency key":                                {Check: "keyless"},
		"idempotency keys are random":                                           {Check: "random"},
		"no two operations have one idempotency key":                            {Check: "one_operation"},
		"a retry has the same key and body, and a fresh date and signature":     {Check: "retries", Needs: []string{signed}},

		"login, pass and Payload-Signature are on every request":              {Check: "cash_keys"},
		"login is the cashouts API Key":                                       {Check: "cash_login", Needs: []string{d24.EnvCashoutsAPIKey}},
		"pass is the API Passphrase":                                          {Check: "cash_pass", Needs: []string{d24.EnvCashoutsAPIPassphrase}},
		"login and pass are in the body":                                      {Check: "cash_carried"},
		"the API Passphrase is in pass of cashouts, and nowhere else":         {Check: "pass_elsewhere"},
		"Payload-Signature is made with the cashouts API Signature":           {Check: "signed", Needs: []string{signed}},
		"Payload-Signature is on every request":                               {Check: "headers", Words: d24.HeaderPayloadSignature},
		"Payload-Signature is the HMAC of the body that is sent":              {Check: "signed", Needs: []string{signed}},
		"Payload-Signature is over every byte that is sent":                   {Check: "signed", Needs: []string{signed}},
		"Payload-Signature is 64 lower-case hexadecimal digits":               {Check: "payload_form"},
		"Payload-Signature, Content-Type and User-Agent are on every request": {Check: "headers", Words: words(d24.HeaderPayloadSignature, d24.HeaderContentType, d24.HeaderUserAgent)},
		"Content-Type of cashouts is application/json":                        {Check: "type"},
		"User-Agent is on every request":                                      {Check: "headers", Words: d24.HeaderUserAgent},
	}
}

func words(list ...string) string { return strings.Join(list, " ") }

// look is how the sentence that did not hold is judged again; none where a script cannot.
func (s *sighting) look() repro.Look {
	c := s.client
	look := looks()[s.step]
	for _, p := range []rules.Product{rules.Deposits, rules.Cashouts} {
		if c.scenario.Has("@" + string(p)) {
			look.Product = string(p)
		}
	}
	switch match := func(pattern *regexp.Regexp) []string { return pattern.FindStringSubmatch(s.step) }; {
	case match(stepNothing) != nil:
		look.Check = "nothing"
	case match(stepAsGiven) != nil:
		look.Check, look.Wanted = "says", match(stepAsGiven)[1]
	case match(stepKeepsKey) != nil:
		look.Check, look.Words = "starts", "same order"
	case match(stepFreshKeys) != nil:
		look.Check = "starts"
	case match(stepEveryText) != nil:
		look.Check = "" // what it was asked to send stands in no recording
	case look.Check == "date_fresh":
		look.Words = c.arrivals(s.finding.Exchanges)
	}
	if slices.Contains(look.Needs, signed) {
		look.Needs = repro.SigningNeeds(look.Product)
	}
	return look
}

// arrivals are how many seconds after its start a request arrived, at the earliest and at
// the latest.
func (c *client) arrivals(over []*exchange.Exchange) string {
	if c.judge.Arrival == nil || len(over) == 0 {
		return "0 0"
	}
	from, to := c.judge.Arrival(over[0])
	return fmt.Sprintf("%.3f %.3f", from.Sub(over[0].Started).Seconds(), to.Sub(over[0].Started).Seconds())
}
