package steps

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/cucumber/godog"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
)

// twin is the pair that every negative is made of: a request that is right and the
// same with one fault. "Given … that the server accepts" sends the control, "When
// only …" makes the fault, "Then …" sends the probe and the control again.
type twin struct {
	kind    string
	source  source
	control *exchange.Exchange
	tampers []merchant.Tamper
	probe   *merchant.Client // for the probe only; nil = the control's
	dated   bool             // the fault is a date that is in time
}

type trio struct{ control, probe, again *exchange.Exchange }

// tries is how often something unclear is tried in all: once, and repeated twice.
const tries = 3

var (
	stepAccepted      = regexp.MustCompile(`^an? (.+) request that the server accepts$`)
	stepLeftOut       = regexp.MustCompile(`^only its ([A-Z][\w-]*) is left out$`)
	stepLeftOutOfBody = regexp.MustCompile(`^only its (login|pass) is left out of the body$`)
	stepEmpty         = regexp.MustCompile(`^only its ([A-Z][\w-]*) is empty$`)
	stepHeaderIs      = regexp.MustCompile(`^only its ([A-Z][\w-]*) is "(.*)"$`)
	stepNotOurs       = regexp.MustCompile(`^only its (X-Login|login|pass|read-only key) is ours with its last character changed$`)
	stepOtherAuth     = regexp.MustCompile(`^only its Authorization is (the read-only key|HTTP Basic|a deposits signature)$`)
	stepBasic         = regexp.MustCompile(`^only its login and pass are (moved into|repeated in) HTTP Basic$`)
	stepDateWritten   = regexp.MustCompile(`^only its X-Date is written (.+)$`)
	stepDateLocal     = regexp.MustCompile(`^only its X-Date is the local time of (.+)$`)
	stepDateMoved     = regexp.MustCompile(`^only its X-Date is moved (\d+) seconds into the (past|future)$`)
	stepSignature     = regexp.MustCompile(`^only its signature (.+)$`)
	stepChanged       = regexp.MustCompile(`^only its (.+) is changed after signing$`)
	stepBody          = regexp.MustCompile(`^only its body is cut in half$`)
	stepCalled        = regexp.MustCompile(`^only its (?:payer|beneficiary) is called "(.+)"$`)
	stepLetters       = regexp.MustCompile(`^only its letters beyond ASCII are (escaped|sent in Latin-1)$`)
	stepPlainHTTP     = regexp.MustCompile(`^only it is sent over plain HTTP$`)
	stepBearer        = regexp.MustCompile(`^an? (.+) request is made with the read-only key$`)

	stepRefusedFor  = regexp.MustCompile(`^it is refused because of its (.+)$`)
	stepRefusedDate = regexp.MustCompile(`^it is refused because of the form of its date$`)
	stepRefused     = regexp.MustCompile(`^it is refused$`)
	stepIsAccepted  = regexp.MustCompile(`^it is accepted$`)
	stepLaxer       = regexp.MustCompile(`^it is refused, or accepted where (AMB-\d\d) is read as (\S+)$`)
	stepStricter    = regexp.MustCompile(`^it is accepted, or refused where (AMB-\d\d) is read as (\S+)$`)
	stepNoted       = regexp.MustCompile(`^whether it is refused is noted$`)
	stepFails       = regexp.MustCompile(`^it fails and nothing is processed$`)
	stepTLS         = regexp.MustCompile(`^its connection was TLS 1\.2 or later$`)
	stepAnswerJSON  = regexp.MustCompile(`^its answer is JSON$`)
	stepRefusalJSON = regexp.MustCompile(`^its refusal is JSON$`)
)

func twinSteps(w *world, sc *godog.ScenarioContext) {
	sc.Step(stepAccepted, w.accepted)
	sc.Step(stepBearer, func(ctx context.Context, kind string) error {
		source, err := w.source(ctx, kind)
		if err != nil {
			return err
		}
		r, err := source()
		if err == nil {
			w.tell(ctx, w.server.Client(), r)
		}
		return err
	})

	sc.Step(stepLeftOut, func(name string) error { return w.headerFault(name, merchant.WithoutHeader) })
	sc.Step(stepEmpty, func(name string) error {
		return w.headerFault(name, func(header string) merchant.Tamper { return merchant.WithHeader(header, "") })
	})
	sc.Step(stepHeaderIs, func(name, value string) error {
		return w.headerFault(name, func(header string) merchant.Tamper { return merchant.WithHeader(header, value) })
	})
	sc.Step(stepLeftOutOfBody, func(field string) {
		w.only(merchant.WithBody(func(b []byte) []byte { return merchant.RemoveField(b, field) }))
	})
	sc.Step(stepNotOurs, w.notOurs)
	sc.Step(stepOtherAuth, w.otherAuth)
	sc.Step(stepBasic, w.basic)
	sc.Step(stepDateWritten, func(form string) error {
		date, err := dateForm(form)
		w.only(merchant.Dated(date))
		return err
	})
	sc.Step(stepDateLocal, func(city string) error {
		date, err := localTime(city)
		w.only(merchant.Dated(date))
		return err
	})
	sc.Step(stepDateMoved, func(seconds int, direction string) {
		w.only(merchant.Dated(w.movedDate(time.Duration(seconds)*time.Second, direction == "past")))
	})
	sc.Step(stepSignature, func(name string) error {
		tamper, err := w.signatureFault(name)
		w.only(tamper)
		return err
	})
	sc.Step(stepChanged, w.changed)
	sc.Step(stepBody, func() {
		w.only(merchant.WithBody(func(b []byte) []byte { return b[:len(b)/2] }))
	})
	sc.Step(stepCalled, func(name string) {
		w.only(merchant.WithBody(func(b []byte) []byte { return merchant.Rename(b, name) }))
	})
	sc.Step(stepLetters, func(how string) {
		if how == "escaped" {
			w.only(merchant.WithBody(merchant.EscapeUnicode))
			return
		}
		w.only(merchant.BodyAfterSigning(merchant.Latin1))
	})
	sc.Step(stepPlainHTTP, w.overPlainHTTP)

	sc.Step(stepRefusedFor, func(ctx context.Context, because string) error {
		reason, err := reasonFor(because)
		if err != nil {
			return err
		}
		return w.refused(ctx, reason)
	})
	sc.Step(stepRefusedDate, func(ctx context.Context) error {
		return w.refused(ctx, reason("the form of its date", d24.CodeMissingRequiredHeader, d24.CodeInvalidDateRange))
	})
	sc.Step(stepRefused, func(ctx context.Context) error { return w.refused(ctx, judge.Reason{}) })
	sc.Step(stepIsAccepted, w.isAccepted)
	sc.Step(stepLaxer, func(ctx context.Context, id, laxer string) error {
		return w.noteReading(ctx, id, laxer, judge.Accepted)
	})
	sc.Step(stepStricter, func(ctx context.Context, id, stricter string) error {
		return w.noteReading(ctx, id, stricter, judge.Refusal)
	})
	sc.Step(stepNoted, func(ctx context.Context) error {
		return w.run(ctx, func(trio) judge.Finding { return judge.Finding{} })
	})
	sc.Step(stepFails, func(ctx context.Context) error {
		return w.run(ctx, func(t trio) judge.Finding { return judge.FailsOnPlainHTTP(t.control, t.probe, t.again) })
	})
	sc.Step(stepTLS, func() error { return held(judge.IsModernTLS(w.twin.control)) })
	sc.Step(stepAnswerJSON, func() error { return held(judge.IsJSON(w.twin.control)) })
	sc.Step(stepRefusalJSON, func(ctx context.Context) error {
		return w.run(ctx, func(t trio) judge.Finding { return judge.IsJSON(t.probe) })
	})
}

// accepted prepares a kind of request and sends its control.
func (w *world) accepted(ctx context.Context, kind string) error {
	source, err := w.source(ctx, kind)
	if err != nil {
		return err
	}
	w.twin.kind = kind
	return w.control(ctx, source)
}

// control begins a twin. A control that the server refuses makes the scenario
// inconclusive: it could not tell why the probe is refused.
func (w *world) control(ctx context.Context, source source) error {
	w.twin.source = source
	for attempt := 1; ; attempt++ {
		e, err := w.twinRequest(ctx, w.server.Client(), "control")
		if err != nil {
			return err
		}
		w.twin.control = e
		f := judge.IsAccepted(e)
		if f.Outcome == judge.Holds {
			return nil
		}
		if f.Outcome == judge.Broken || attempt == tries || ctx.Err() != nil {
			f.Outcome = judge.Unclear
			f.Expected = "the request without a fault is accepted"
			return held(f)
		}
	}
}

// twinRequest sends a fresh request of the twin's kind.
func (w *world) twinRequest(ctx context.Context, client *merchant.Client, label string, tampers ...merchant.Tamper) (*exchange.Exchange, error) {
	r, err := w.twin.source()
	if err != nil {
		return nil, err
	}
	e := w.send(ctx, client, r, label, tampers...)
	w.keep(e)
	return e, nil
}

// only adds a fault to the probe.
func (w *world) only(t merchant.Tamper) { w.twin.tampers = append(w.twin.tampers, t) }

// run sends the probe and the control again, and judges the trio. What stays unclear is
// repeated twice, with a control of its own.
func (w *world) run(ctx context.Context, judgement func(trio) judge.Finding) error {
	probing := w.twin.probe
	if probing == nil {
		probing = w.server.Client()
	}
	for attempt := 1; ; attempt++ {
		probe, err := w.twinRequest(ctx, probing, "probe", w.twin.tampers...)
		if err != nil {
			return err
		}
		again, err := w.twinRequest(ctx, w.server.Client(), "control")
		if err != nil {
			return err
		}
		f := judgement(trio{w.twin.control, probe, again})
		if f.Outcome != judge.Unclear || attempt == tries || ctx.Err() != nil {
			return held(f)
		}
		if w.twin.control, err = w.twinRequest(ctx, w.server.Client(), "control"); err != nil {
			return err
		}
	}
}

func (w *world) refused(ctx context.Context, why judge.Reason) error {
	return w.run(ctx, func(t trio) judge.Finding {
		if why.Because == "its date" {
			return w.server.Clock().IsStale(t.control, t.probe, t.again, why)
		}
		return judge.IsRefused(t.control, t.probe, t.again, why)
	})
}

func (w *world) isAccepted(ctx context.Context) error {
	return w.run(ctx, func(t trio) judge.Finding {
		if w.twin.dated {
			return w.server.Clock().IsFresh(t.control, t.probe, t.again)
		}
		return judge.IsAcceptedToo(t.control, t.probe, t.again)
	})
}

// noteReading reports how the target reads an ambiguity: as named where the probe is
// answered so, else in the register's default way.
func (w *world) noteReading(ctx context.Context, id, named string, when judge.Kind) error {
	register, ok := w.suite.Ledger.Ambiguity(id)
	if !ok {
		return fmt.Errorf("there is no %s in the register", id)
	}
	return w.run(ctx, func(t trio) judge.Finding {
		f := judge.IsClear(t.control, t.probe, t.again)
		if f.Outcome != judge.Holds {
			return f
		}
		reading := register.Default.Name
		if judge.Read(t.probe).Kind == when {
			reading = named
		}
		if err := w.note(id, reading); err != nil {
			return judge.Finding{Outcome: judge.Unclear, Expected: "a reading of " + id, Seen: err.Error()}
		}
		return f
	})
}

func (w *world) headerFault(name string, fault func(header string) merchant.Tamper) error {
	header, err := headerByName(name)
	w.only(fault(header))
	return err
}

func (w *world) notOurs(credential string) {
	ours := w.server.Credentials
	switch credential {
	case "X-Login":
		w.only(merchant.WithHeader(d24.HeaderLogin, merchant.ChangeLast(ours.Deposits.APIKey)))
	case "read-only key":
		w.only(merchant.WithHeader(d24.HeaderAuthorization, d24.BearerScheme+merchant.ChangeLast(ours.Deposits.ReadOnlyKey)))
	case "login":
		w.only(merchant.WithBody(func(b []byte) []byte {
			return merchant.SetField(b, "login", merchant.ChangeLast(ours.Cashouts.APIKey))
		}))
	case "pass":
		w.only(merchant.WithBody(func(b []byte) []byte {
			return merchant.SetField(b, "pass", merchant.ChangeLast(ours.Cashouts.APIPassphrase))
		}))
	}
}

func (w *world) otherAuth(kind string) error {
	ours := w.server.Credentials.Deposits
	switch kind {
	case "the read-only key":
		if ours.ReadOnlyKey == "" {
			return &missing{"no read-only key: set " + d24.EnvReadOnlyKey}
		}
		w.only(merchant.WithHeader(d24.HeaderAuthorization, d24.BearerScheme+ours.ReadOnlyKey))
	case "HTTP Basic":
		w.only(merchant.WithHeader(d24.HeaderAuthorization, merchant.BasicAuth(ours.APIKey, "")))
	case "a deposits signature":
		w.only(merchant.SignedAsDeposit(ours))
	}
	return nil
}

// basic sends the cashouts credentials in an Authorization header, instead of the
// body or beside it.
func (w *world) basic(how string) {
	ours := w.server.Credentials.Cashouts
	w.only(merchant.WithHeader(d24.HeaderAuthorization, merchant.BasicAuth(ours.APIKey, ours.APIPassphrase)))
	if how == "moved into" {
		w.only(merchant.WithBody(func(b []byte) []byte {
			return merchant.RemoveField(merchant.RemoveField(b, "login"), "pass")
		}))
	}
}

// changed spoils a part of the request on its way. The id of a cashout becomes that
// of another one of ours, so that a server that does not look would act on it.
func (w *world) changed(ctx context.Context, part string) error {
	if part != "cashout id" {
		tamper, err := changeAfterSigning(part)
		w.only(tamper)
		return err
	}
	other, err := w.createCashout(ctx, w.suite.Orders.Cashout(cashoutAmount))
	w.only(merchant.BodyAfterSigning(func(b []byte) []byte {
		b = merchant.SetField(b, "cashout_id", d24.ID(other.id))
		return merchant.Replace(b, `"external_id":"d24c-`, `"external_id":"`+other.external+`","was":"d24c-`)
	}))
	return err
}

// movedDate is a date so far from the server's clock that it is, on arrival, at most
// 4 s away where it ought to pass and at least 6 s where it ought not to, whatever we
// do not know: the clock's error, the journey, the fraction that X-Date lacks.
func (w *world) movedDate(by time.Duration, past bool) func(now time.Time) string {
	margin := w.server.Clock().Error
	journey := w.twin.control.Timing.Total
	inTime := by <= judge.SurelyFresh
	w.twin.dated = inTime
	return func(now time.Time) string {
		switch {
		case past && inTime:
			return d24.FormatDate(roundUp(now.Add(-by + margin + journey)))
		case past:
			return d24.FormatDate(now.Add(-by - margin))
		case inTime:
			return d24.FormatDate(now.Add(by - margin))
		}
		return d24.FormatDate(roundUp(now.Add(by + margin + journey)))
	}
}

func roundUp(t time.Time) time.Time {
	return t.Add(time.Second - time.Nanosecond).Truncate(time.Second)
}

// overPlainHTTP sends the probe to the plain-HTTP address, without the keys that would
// travel in the open to a host that is not this machine.
func (w *world) overPlainHTTP() error {
	if w.server.PlainHTTPURL == "" {
		return &missing{"the target names no plain_http_url"}
	}
	client, err := w.server.ClientFrom(func(o *merchant.Options) {
		o.BaseURL, o.NoProxy = w.server.PlainHTTPURL, true
	})
	if err != nil {
		return err
	}
	w.twin.probe = client
	if !w.server.Loopback() {
		w.only(merchant.WithoutSecrets())
	}
	return nil
}

// reasonFor are the reasons of a refusal, with the codes that the documents give.
func reasonFor(because string) (judge.Reason, error) {
	switch because {
	case "date":
		return reason("its date", d24.CodeInvalidDateRange), nil
	case "signature":
		return reason("its signature", d24.CodeInvalidSignature), nil
	case "login":
		return reason("its login", d24.CodeInvalidCredentials), nil
	case "missing X-Login", "missing X-Date":
		return reason("its "+because, d24.CodeMissingRequiredHeader), nil
	case "missing Authorization": // reading AMB-22
		return reason("its "+because, d24.CodeMissingRequiredHeader, d24.CodeInvalidSignature), nil
	case "credentials": // 524 is the code page's other word for it
		return judge.Reason{Because: "its credentials", Codes: []int{int(d24.CashoutInvalidCredentials), int(d24.CashoutContactSupport)}}, nil
	case "control string":
		return judge.Reason{Because: "its control string", Codes: []int{int(d24.CashoutInvalidControl)}}, nil
	case "address":
		return judge.Reason{Because: "its address", Codes: []int{int(d24.CashoutUnregisteredIP)}}, nil
	case "external id":
		return judge.Reason{Because: "its external id", Codes: []int{int(d24.CashoutExternalIDUsed)}}, nil
	}
	return judge.Reason{}, fmt.Errorf("there is no reason %q for a refusal", because)
}

func reason(because string, codes ...d24.Code) judge.Reason {
	r := judge.Reason{Because: because}
	for _, code := range codes {
		r.Codes = append(r.Codes, int(code))
	}
	return r
}
