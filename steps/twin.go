package steps

import (
	"context"
	"regexp"
	"time"

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
	probed  *exchange.Exchange
	dated   bool           // the fault is a date that is in time
	moved   *time.Duration // how far the fault's date is from the server's clock
	judged  judgement      // of the trio, once there is one

	elsewhere bool // the probe comes from another address
}

// A judgement judges a control, its probe, and the control again.
type judgement func(control, probe, again *exchange.Exchange) judge.Finding

// tries is how often something unclear is tried in all: once, and repeated twice.
const tries = 3

var (
	stepAccepted  = regexp.MustCompile(`^an? (.+) request that the server accepts$`)
	stepBearer    = regexp.MustCompile(`^an? (.+) request is made with the read-only key$`)
	stepHeader    = regexp.MustCompile(`^only its ([A-Z][\w-]*) is (left out|empty|"(.*)")$`)
	stepOtherAuth = regexp.MustCompile(`^only its Authorization is (HTTP Basic|a deposits signature)$`)
	stepDate      = regexp.MustCompile(`^only its X-Date is written (.+)$`)
	stepDateMoved = regexp.MustCompile(`^only its X-Date is moved (\d+) seconds into the (past|future)$`)
	stepSignature = regexp.MustCompile(`^only its signature (.+)$`)
	stepCalled    = regexp.MustCompile(`^only its (?:payer|beneficiary) is called "(.+)"$`)
	stepLetters   = regexp.MustCompile(`^only its letters beyond ASCII are (escaped|sent in Latin-1)$`)
	stepPlainHTTP = regexp.MustCompile(`^only it is sent over plain HTTP$`)

	stepRefused    = regexp.MustCompile(`^it is refused(?: because of (.+))?$`)
	stepIsAccepted = regexp.MustCompile(`^it is accepted$`)
	stepReading    = regexp.MustCompile(`^it is (?:refused|accepted), or (accepted|refused) where (AMB-\d\d) is read as (\S+)$`)
	stepNoted      = regexp.MustCompile(`^whether it is refused is noted$`)
	stepFails      = regexp.MustCompile(`^it fails and nothing is processed$`)
	stepTLS        = regexp.MustCompile(`^its connection was TLS 1\.2 or later$`)
	stepReported   = regexp.MustCompile(`^(?:its code|its status|the form of its (?:error|id)|how it fails|whether it was accepted) is reported as (AMB-\d\d)$`)
	stepJSON       = regexp.MustCompile(`^its (answer|refusal) is JSON(?: in UTF-8)?$`)
)

func twinSteps(w *world, sc vocabulary) {
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

	sc.Step(stepHeader, w.headerFault)
	sc.Step(stepOtherAuth, w.otherAuth)
	sc.Step(stepDate, func(form string) error {
		date, err := dateForm(form)
		w.only(merchant.Dated(date))
		return err
	})
	sc.Step(stepDateMoved, func(seconds int, direction string) {
		w.only(merchant.Dated(w.movedDate(time.Duration(seconds)*time.Second, direction == "past")))
	})
	sc.Step(stepSignature, func(name string) error {
		tamper, err := signatureFault(name)
		w.only(tamper)
		return err
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

	sc.Step(stepRefused, func(ctx context.Context, because string) error {
		reason, err := w.reason(because)
		if err != nil {
			return err
		}
		return w.refused(ctx, reason)
	})
	sc.Step(stepIsAccepted, w.isAccepted)
	sc.Step(stepReading, w.noteReading)
	sc.Step(stepNoted, func(ctx context.Context) error {
		var seen *exchange.Exchange
		err := w.run(ctx, func(control, probe, again *exchange.Exchange) judge.Finding {
			seen = probe
			return judge.IsClear(control, probe, again)
		})
		if err != nil {
			return err
		}
		return &noted{w.scenario.Name + ": " + judge.Describe(seen)}
	})
	sc.Step(stepFails, func(ctx context.Context) error { return w.run(ctx, judge.FailsOnPlainHTTP) })
	sc.Step(stepReported, w.reported)
	sc.Step(stepTLS, func() error { return held(judge.IsModernTLS(w.twin.control)) })
	sc.Step(stepJSON, func(ctx context.Context, which string) error {
		if which == "answer" {
			return held(judge.IsJSON(w.twin.control))
		}
		return w.run(ctx, func(control, probe, again *exchange.Exchange) judge.Finding {
			if f := judge.IsClear(control, probe, again); f.Outcome != judge.Holds {
				return f
			}
			return judge.IsJSON(probe)
		})
	})
}

// accepted prepares a kind of request and sends its control.
func (w *world) accepted(ctx context.Context, kind string) error {
	source, err := w.source(ctx, kind)
	if err != nil {
		return err
	}
	w.twin.kind = kind
	return w.unlessIncomplete(kind, w.control(ctx, source))
}

// unlessIncomplete says nothing about a server that refuses a deposit without payer and
// payment method as such: the documents leave open whether it has to take one (AMB-28).
func (w *world) unlessIncomplete(kind string, err error) error {
	if e := w.twin.control; err != nil && kind == hostedDeposit && judge.Read(e).Kind == judge.Refusal && !judge.RefusesCaller(e) {
		return &noted{"the target takes no incomplete deposits: " + judge.Describe(e)}
	}
	return err
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
func (w *world) run(ctx context.Context, judgement judgement) error {
	probing := w.twin.probe
	if probing == nil {
		probing = w.server.Client()
	}
	w.twin.judged = judgement
	for attempt := 1; ; attempt++ {
		probe, err := w.twinRequest(ctx, probing, "probe", w.twin.tampers...)
		if err != nil {
			return err
		}
		w.twin.probed = probe
		again, err := w.twinRequest(ctx, w.server.Client(), "control")
		if err != nil {
			return err
		}
		f := judgement(w.twin.control, probe, again)
		if f.Outcome != judge.Unclear || attempt == tries || ctx.Err() != nil {
			return held(f)
		}
		if w.twin.control, err = w.twinRequest(ctx, w.server.Client(), "control"); err != nil {
			return err
		}
	}
}

func (w *world) refused(ctx context.Context, why judge.Reason) error {
	return w.run(ctx, w.refusedFor(why, w.twin.elsewhere))
}

// refusedFor judges that a probe is refused for a reason. elsewhere says that it comes
// from another address.
func (w *world) refusedFor(why judge.Reason, elsewhere bool) judgement {
	return func(control, probe, again *exchange.Exchange) judge.Finding {
		switch {
		case why.Because == "its date":
			return w.server.Clock().IsStale(control, probe, again, why)
		case elsewhere:
			return judge.IsShutOut(control, probe, again, why)
		}
		return judge.IsRefused(control, probe, again, why)
	}
}

func (w *world) isAccepted(ctx context.Context) error {
	if w.twin.dated {
		return w.run(ctx, w.server.Clock().IsFresh)
	}
	return w.run(ctx, judge.IsAcceptedToo)
}

// noteReading reports how the target reads an ambiguity: as named where the probe is
// answered so, else in the register's default way.
func (w *world) noteReading(ctx context.Context, answer, id, named string) error {
	when := judge.Accepted
	if answer == "refused" {
		when = judge.Refusal
	}
	var seen judge.Kind
	if err := w.run(ctx, func(control, probe, again *exchange.Exchange) judge.Finding {
		seen = judge.Read(probe).Kind
		return judge.IsClear(control, probe, again)
	}); err != nil {
		return err
	}
	return w.noteWhen(judge.Finding{}, id, named, seen == when)
}

// reported tells how the target reads an ambiguity by what the answer shows of it: that to
// the probe, or to the last request where there is none.
func (w *world) reported(id string) error {
	e := w.twin.probed
	switch {
	case e != nil:
	case len(w.story.answers) > 0:
		e = w.last()
	default:
		e = w.twin.control
	}
	if reading := judge.Shows(id, e); reading != "" {
		return w.note(id, reading)
	}
	return nil
}

// headerFault leaves a header out, empties it, or sends something else in it.
func (w *world) headerFault(name, how, value string) error {
	header, err := headerByName(name)
	if how == "left out" {
		w.only(merchant.WithoutHeader(header))
	} else {
		w.only(merchant.WithHeader(header, value))
	}
	return err
}

func (w *world) otherAuth(kind string) error {
	ours := w.server.Credentials.Deposits
	switch kind {
	case "HTTP Basic":
		w.only(merchant.WithHeader(d24.HeaderAuthorization, merchant.BasicAuth(ours.APIKey, "")))
	case "a deposits signature":
		if w.suite.survey.readOnly != merchant.ReadOnlyBearer {
			return &noted{"the target takes no read-only key as Bearer"}
		}
		w.only(merchant.SignedAsDeposit(ours))
	}
	return nil
}

// movedDate is a date so far from the server's clock that it is, on arrival, at most
// 4 s away where it ought to pass and at least 6 s where it ought not to, whatever we
// do not know: the clock's error, the journey, the fraction that X-Date lacks.
func (w *world) movedDate(by time.Duration, past bool) func(now time.Time) string {
	w.twin.dated, w.twin.moved = by <= judge.SurelyFresh, &by
	if past {
		w.twin.moved = new(-by)
	}
	return movedBy(by, past, w.server.Clock().Error, w.twin.control.Timing.Total)
}

// movedBy is [world.movedDate] with the clock's error and the journey given.
func movedBy(by time.Duration, past bool, margin, journey time.Duration) func(now time.Time) string {
	inTime := by <= judge.SurelyFresh
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

// overPlainHTTP sends the probe to the plain-HTTP address.
func (w *world) overPlainHTTP() error {
	client, tampers, err := w.plainHTTP()
	w.twin.probe = client
	w.twin.tampers = append(w.twin.tampers, tampers...)
	return err
}

// plainHTTP is a client of the plain-HTTP address, and what keeps the keys out of its
// requests that would travel in the open to a host that is not this machine.
func (w *world) plainHTTP() (*merchant.Client, []merchant.Tamper, error) {
	if w.server.PlainHTTPURL == "" {
		return nil, nil, &missing{"the target names no plain_http_url"}
	}
	client, err := w.server.ClientFrom(func(o *merchant.Options) {
		o.BaseURL, o.NoProxy = w.server.PlainHTTPURL, true
	})
	if err != nil || w.server.Loopback() {
		return client, nil, err
	}
	return client, []merchant.Tamper{merchant.WithoutSecrets()}, nil
}
