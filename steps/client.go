package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
)

// client is one scenario that judges a client.
type client struct {
	*scene

	judge     judge.Client
	situation target.Situation
	traffic   target.Traffic
}

// The sentences of a client's scenarios, compiled once: there are hundreds of scenarios, and
// compiling took half of their time.
var (
	stepClient = regexp.MustCompile(`^a client that (` + alternatives(target.Activities()) + `)` +
		`(?: for a person named "(.+)")?(?: that says "(.+)")?(?: of about (\d+) KiB)?( over HTTP/1\.1)?` +
		`(?:, and (?:(` + alternatives(target.Troubles()) + `)|a server whose certificate (` + alternatives(target.Certificates()) + `)))?$`)
	stepSentence     = regexp.MustCompile(`^(` + alternatives(slices.Sorted(maps.Keys(sentences()))) + `)$`)
	stepNothing      = regexp.MustCompile(`^no request arrives$`)
	stepAsGiven      = regexp.MustCompile(`^"(.+)" arrives as it was given$`)
	stepEveryText    = regexp.MustCompile(`^every text arrives as it was given$`)
	stepRightOnly    = regexp.MustCompile(`^it accepts those that are right, and no others$`)
	stepNext         = regexp.MustCompile(`^the report says what it does next$`)
	stepIsUnderstood = regexp.MustCompile(`^the report says whether it understands the answer$`)
	stepKeepsKey     = regexp.MustCompile(`^the same order is not made under a new key$`)
	stepFreshKeys    = regexp.MustCompile(`^no key of the first start comes back for another operation$`)
	stepMade         = regexp.MustCompile(`^the report says how many (deposits|refunds|cashouts) were made of how many orders$`)
	stepReports      = regexp.MustCompile(`^the report says (` + alternatives(slices.Sorted(maps.Keys(reported()))) + `)$`)
)

// clientWorld prepares a scenario that judges a client.
func clientWorld(s *scene, sc vocabulary) part {
	c := &client{scene: s, judge: judge.Client{Credentials: s.suite.Client.Credentials, Arrival: s.suite.Client.Arrival, Memory: s.suite.diagnoses}}
	sc.Step(stepClient, c.that)
	sc.Step(stepSentence, func(sentence string) error {
		return held(c.inEachLife(sentences()[sentence]))
	})
	sc.Step(stepNothing, func() error {
		return held(c.judge.SentNothing(c.traffic.Operations, c.traffic.Handshakes, c.traffic.Control))
	})
	sc.Step(stepAsGiven, func(text string) error { return held(c.judge.AsGiven(c.traffic.Operations, c.told(), text)) })
	sc.Step(stepEveryText, func() error { return c.orNote(c.judge.AsGiven(c.traffic.Operations, c.told(), "")) })
	sc.Step(stepRightOnly, c.acceptsRightOnly)
	sc.Step(stepNext, c.next)
	sc.Step(stepIsUnderstood, c.understands)
	sc.Step(stepKeepsKey, func() error { return c.orNote(c.judge.KeepsKeyOverStarts(c.traffic.Lives())) })
	sc.Step(stepFreshKeys, c.freshKeys)
	sc.Step(stepMade, func(what string) error { return c.report(judge.MadeNoMore(c.traffic.Made, what)) })
	sc.Step(stepReports, func(what string) error { return c.report(c.inEachLife(reported()[what])) })
	return c
}

// situationOf is the situation that a sentence is about.
func situationOf(sentence string) (s target.Situation, ok bool) {
	m := stepClient.FindStringSubmatch(sentence)
	if m == nil {
		return s, false
	}
	kib, _ := strconv.Atoi(m[4]) // digits, or nothing
	return target.Situation{
		Does: target.Activity(m[1]), Name: m[2], Text: m[3], KiB: kib, HTTP1: m[5] != "", Trouble: target.Trouble(m[6]), Certificate: target.Certificate(m[7]),
	}, true
}

// situationsOf are all that scenarios are about, each once.
func situationsOf(scenarios []Scenario) []target.Situation {
	var list []target.Situation
	for _, scenario := range scenarios {
		for _, step := range scenario.Steps {
			if s, ok := situationOf(step); ok && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// alternatives is a group of a regular expression that matches each of these words.
func alternatives[T ~string](words []T) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = regexp.QuoteMeta(string(word))
	}
	return strings.Join(quoted, "|")
}

func (c *client) ready() error { return nil }

func (c *client) afterwards(_ context.Context, err error) error {
	c.remember(err)
	return err
}

func (c *client) that(ctx context.Context, _, _, _, _, _, _, _ string) error {
	s, ok := situationOf(c.step)
	if !ok {
		return fmt.Errorf("nobody knows the situation of %q", c.step)
	}
	return c.in(ctx, s)
}

// inEachLife judges every start of the client by itself: what two of them have to do with
// each other is another sentence.
func (c *client) inEachLife(sentence judge.Sentence) judge.Finding {
	best := judge.Finding{}
	for i, life := range c.traffic.Lives() {
		f := sentence(c.judge, life)
		switch {
		case f.Outcome == judge.Broken:
			return f
		case i == 0, f.Outcome == judge.Unclear, best.Outcome == judge.Unseen:
			best = f
		}
	}
	return best
}

// told are the bodies that the client was asked to send, one for each operation; nil where
// that is not known, and none where it is of no operation.
func (c *client) told() []json.RawMessage {
	bodies := map[*exchange.Exchange]json.RawMessage{}
	for _, asked := range c.traffic.Asked {
		var line struct {
			Body json.RawMessage `json:"body"`
		}
		_ = json.Unmarshal([]byte(asked.Line), &line) // it is one of ours
		for _, e := range asked.Sent {
			bodies[e] = line.Body
		}
	}
	if len(bodies) == 0 {
		return nil
	}
	list := make([]json.RawMessage, len(c.traffic.Operations))
	for i, o := range c.traffic.Operations {
		if len(o) > 0 {
			list[i] = bodies[o[0]]
		}
	}
	return list
}

// freshKeys judges the keys of two starts. A client that works need not be started twice.
func (c *client) freshKeys() error {
	f := c.judge.KeysOverStarts(c.traffic.Lives())
	if c.situation.Trouble == "" {
		return c.orNote(f)
	}
	return held(f)
}

// orNote judges where there is something to judge, and says why there is not.
func (c *client) orNote(f judge.Finding) error {
	if f.Outcome == judge.Unseen {
		return &noted{"not seen: " + f.Expected}
	}
	return held(f)
}

// report says what was seen, whether it is as expected or not.
func (c *client) report(f judge.Finding) error {
	switch f.Outcome {
	case judge.Holds:
		return &noted{fmt.Sprintf("%s: nothing else was seen", c.scenario.Name)}
	case judge.Unseen:
		return &noted{"not seen: " + f.Expected}
	case judge.Broken, judge.Unclear:
	}
	return held(f)
}

// in brings the situation about, or finds it. What never came about is not tested.
func (c *client) in(ctx context.Context, s target.Situation) error {
	traffic, err := c.suite.Client.Source.Exercise(ctx, s)
	c.situation, c.traffic = s, traffic
	for _, o := range traffic.Operations {
		for _, e := range o {
			c.logged(e)
		}
	}
	if unexercised, ok := errors.AsType[*target.UnexercisedError](err); ok {
		if c.scenario.Has(tagObserved) || s.Does.ByAdapter() || s.IsVariant() { // what would have blamed nobody, or is judged without it, is not missed
			return &noted{unexercised.Reason}
		}
		return &missing{unexercised.Reason}
	}
	if broken, ok := errors.AsType[*target.AdapterError](err); ok {
		return &missing{broken.Text}
	}
	return err
}

// acceptsRightOnly judges what the client said of notifications.
func (c *client) acceptsRightOnly() error {
	return held(judge.AcceptsRightOnly(c.traffic.Beliefs))
}

// next reports what the client did after the trouble.
func (c *client) next() error {
	text, over := judge.Retried(c.traffic.Operations)
	if len(over) == 0 {
		return held(judge.Finding{Outcome: judge.Unseen, Expected: "a request"})
	}
	return held(judge.Finding{Outcome: judge.Broken, Expected: "reported only", Seen: text, Exchanges: over})
}

// understands reports whether the client took the answer for what it was.
func (c *client) understands() error {
	if len(c.traffic.Replies) == 0 || len(c.traffic.Operations) == 0 {
		return &noted{target.OnlyAdaptersTell}
	}
	last := len(c.traffic.Operations) - 1
	o, reply := c.traffic.Operations[last], c.traffic.Replies[last]
	if len(o) == 0 {
		return fmt.Errorf("the client sent nothing when %s", c.situation.Does)
	}
	return held(judge.Understands(o[len(o)-1], reply.Status, reply.GaveUp))
}

// sentences are what a scenario can say about everything that a client sent.
func sentences() map[string]judge.Sentence {
	return map[string]judge.Sentence{
		"every request comes over HTTPS":                                        judge.Client.UsesHTTPS,
		"nothing comes over plain HTTP":                                         judge.Client.StaysOnHTTPS,
		"the signing secrets are nowhere in it":                                 judge.Client.KeepsSecrets,
		"every request is authenticated":                                        judge.Client.IsAuthenticated,
		"everything that creates is signed":                                     judge.Client.CreatesSigned,
		"lookups say who asks in one of the documented ways":                    judge.Knowing(judge.Client.LooksUpWithReadOnlyKey, d24.EnvReadOnlyKey),
		"nothing but lookups has the read-only key":                             judge.Knowing(judge.Client.KeepsReadOnlyKey, d24.EnvReadOnlyKey),
		"the API Key is in X-Login of every request":                            judge.Knowing(judge.Client.SendsLogin, d24.EnvDepositsAPIKey),
		"X-Login is the deposits API Key":                                       judge.Knowing(judge.Client.SendsRightLogin, d24.EnvDepositsAPIKey),
		"the mandatory deposits headers are there":                              judge.Client.SendsDepositsHeaders,
		"Authorization is D24, one space, and 64 lower-case hexadecimal digits": judge.Client.WritesAuthorization,
		"Content-Type is application/json wherever there is a body":             judge.Client.SendsJSONType,
		"Content-Type is never anything else than application/json":             judge.Client.SendsNoOtherType,
		"Content-Type has no parameters":                                        judge.Client.SendsBareJSONType,
		"every body is one JSON document":                                       judge.Client.SendsJSON,
		"text is sent and signed in UTF-8":                                      judge.Client.SendsUTF8,
		"X-Date is written yyyy-MM-dd'T'HH:mm:ss'Z'":                            judge.Client.WritesDate,
		"X-Date is in UTC":                                                      judge.Client.DatesInUTC,
		"X-Date is at most 5 seconds old when it arrives":                       judge.Client.DatesFresh,
		"every request has a date of its own":                                   judge.Client.DatesEach,
		"signatures are made with the deposits API Signature":                   judge.Knowing(judge.Client.IsSigned, d24.EnvDepositsAPISignature),
		"signatures are over X-Date, X-Login and the bytes that are sent":       judge.Knowing(judge.Client.SignsWhatItSends, d24.EnvDepositsAPISignature),
		"everything that creates has an idempotency key":                        judge.Client.SendsKeys,
		"GET and DELETE have no idempotency key":                                judge.Client.KeysOnlyOnPosts,
		"idempotency keys are random":                                           judge.Client.KeysAreRandom,
		"no two operations have one idempotency key":                            judge.Client.KeysForOneOperation,
		"a retry has the same key and body, and a fresh date and signature":     judge.Client.RetriesSafely,

		"login, pass and Payload-Signature are on every request":              judge.Client.AuthenticatesCashouts,
		"login is the cashouts API Key":                                       judge.Knowing(judge.Client.SendsCashoutsLogin, d24.EnvCashoutsAPIKey),
		"pass is the API Passphrase":                                          judge.Knowing(judge.Client.SendsPassphrase, d24.EnvCashoutsAPIPassphrase),
		"login and pass are in the body":                                      judge.Client.CarriesCredentials,
		"the API Passphrase is in pass of cashouts, and nowhere else":         judge.Knowing(judge.Client.KeepsPassphrase, d24.EnvCashoutsAPIPassphrase),
		"Payload-Signature is made with the cashouts API Signature":           judge.Knowing(judge.Client.PaysWithItsKey, d24.EnvCashoutsAPISignature),
		"Payload-Signature is on every request":                               judge.Client.SendsPayloadSignature,
		"Payload-Signature is the HMAC of the body that is sent":              judge.Knowing(judge.Client.SignsPayload, d24.EnvCashoutsAPISignature),
		"Payload-Signature is over every byte that is sent":                   judge.Knowing(judge.Client.SignsWholePayload, d24.EnvCashoutsAPISignature),
		"Payload-Signature is 64 lower-case hexadecimal digits":               judge.Client.WritesPayloadSignature,
		"Payload-Signature, Content-Type and User-Agent are on every request": judge.Client.SendsCashoutsHeaders,
		"Content-Type of cashouts is application/json":                        judge.Client.SendsCashoutsType,
		"User-Agent is on every request":                                      judge.Client.NamesItself,
	}
}

// reported are what a scenario can report about everything that a client sent, and blames
// nobody for.
func reported() map[string]judge.Sentence {
	return map[string]judge.Sentence{
		"whether cashouts carry HTTP Basic beside the body": judge.Knowing(judge.Client.SendsBasic, d24.EnvCashoutsAPIKey, d24.EnvCashoutsAPIPassphrase),
		"where API Keys are other than in their own places": judge.Client.KeepsKeysInPlace,
		"whether a retry keeps the external_id":             judge.Client.PaysOnce,
	}
}
