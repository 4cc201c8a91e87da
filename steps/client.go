package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
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

// The sentences of a client's scenarios, compiled once: there are a hundred scenarios, and
// compiling took half of their time.
var (
	stepClient       = regexp.MustCompile(`^a client that (` + alternatives(target.Activities()) + `)$`)
	stepClientNamed  = regexp.MustCompile(`^a client that (` + alternatives(target.Activities()) + `) for a person named "(.+)"$`)
	stepClientIn     = regexp.MustCompile(`^a client that (` + alternatives(target.Activities()) + `), and (` + alternatives(target.Troubles()) + `)$`)
	stepMistrusts    = regexp.MustCompile(`^a client that (` + alternatives(target.Activities()) + `), and a server whose certificate (` + alternatives(target.Certificates()) + `)$`)
	stepSentence     = regexp.MustCompile(`^(` + alternatives(slices.Sorted(maps.Keys(sentences()))) + `)$`)
	stepNothing      = regexp.MustCompile(`^no request arrives$`)
	stepAsGiven      = regexp.MustCompile(`^"(.+)" arrives as it was given$`)
	stepRightOnly    = regexp.MustCompile(`^it accepts those that are right, and no others$`)
	stepNext         = regexp.MustCompile(`^it is reported what it does next$`)
	stepIsUnderstood = regexp.MustCompile(`^it is reported whether it understands the answer$`)
)

// clientWorld prepares a scenario that judges a client.
func clientWorld(s *scene, sc *godog.ScenarioContext) part {
	c := &client{scene: s, judge: judge.Client{Credentials: s.suite.Client.Credentials, Arrival: s.suite.Client.Arrival, Memory: s.suite.diagnoses}}
	sc.Step(stepClient, c.that)
	sc.Step(stepClientNamed, c.thatFor)
	sc.Step(stepClientIn, c.whileIn)
	sc.Step(stepMistrusts, c.mistrusts)
	sc.Step(stepSentence, func(sentence string) error {
		return held(sentences()[sentence](c.judge, c.traffic.Operations))
	})
	sc.Step(stepNothing, func() error { return held(c.judge.SentNothing(c.traffic.Operations, c.traffic.Handshakes)) })
	sc.Step(stepAsGiven, func(name string) error { return held(c.judge.Says(c.traffic.Operations, name)) })
	sc.Step(stepRightOnly, c.acceptsRightOnly)
	sc.Step(stepNext, c.next)
	sc.Step(stepIsUnderstood, c.understands)
	return c
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

func (c *client) that(ctx context.Context, does string) error {
	return c.in(ctx, target.Situation{Does: target.Activity(does)})
}

func (c *client) thatFor(ctx context.Context, does, name string) error {
	return c.in(ctx, target.Situation{Does: target.Activity(does), Name: name})
}

func (c *client) whileIn(ctx context.Context, does, trouble string) error {
	return c.in(ctx, target.Situation{Does: target.Activity(does), Trouble: target.Trouble(trouble)})
}

func (c *client) mistrusts(ctx context.Context, does, fault string) error {
	return c.in(ctx, target.Situation{Does: target.Activity(does), Certificate: target.Certificate(fault)})
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
		if c.scenario.Has(tagObserved) || s.Does.ByAdapter() { // what would have blamed nobody, or is judged without it, is not missed
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
		"lookups carry the read-only key":                                       judge.Knowing(judge.Client.LooksUpWithReadOnlyKey, d24.EnvReadOnlyKey),
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
		"login and pass are in the body, and nowhere else":                    judge.Knowing(judge.Client.CarriesCredentials, d24.EnvCashoutsAPIPassphrase),
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
