package steps

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/inbox"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
)

// A notice is what a scenario wants to be notified of, and what came.
type notice struct {
	about    judge.Notified
	box      *inbox.Box
	came     []*exchange.Exchange
	ahead    []time.Duration // by how much the server's time had gone on for each
	gaps     []time.Duration // before the repeats
	followed bool            // to the last repeat
}

var (
	stepNotifiedOf = regexp.MustCompile(`^a (deposit|refund|cashout) is (paid|cancelled|delivered|completed|rejected|put on hold), and its notifications (?:come to us|are answered ([\d, and then]+))$`)
	stepComesAgain = regexp.MustCompile(`^the first is repeated$`)

	stepHasAuthorization = regexp.MustCompile(`^every notification of it has Authorization$`)
	stepDigestOfWhatCame = regexp.MustCompile(`^every Authorization is the digest of what came with it$`)
	stepSealed           = regexp.MustCompile(`^every notification of it has a control string that fits$`)
	stepAsShown          = regexp.MustCompile(`^every notification of it is as the documents show one$`)
	stepOnSchedule       = regexp.MustCompile(`^it comes again after ([\d, and]+) minutes, and no more$`)
	stepComes            = regexp.MustCompile(`^a notification of it comes$`)
	stepHowNotified      = regexp.MustCompile(`^(?:how it is signed|whether it has Payload-Signature|how often it comes|whether it comes again) is reported as (AMB-\d\d)$`)
)

func notificationSteps(w *world, sc vocabulary) {
	sc.Step(stepNotifiedOf, w.notifiedOf)
	sc.Step(stepComesAgain, func(ctx context.Context) error {
		came, err := w.repeated(ctx)
		if err == nil && !came {
			return &noted{"the server does not repeat a notification that was answered with an error"}
		}
		return err
	})
	sc.Step(stepHasAuthorization, func() error { return held(w.notifier().CarriesAuthorization(w.notice.came)) })
	sc.Step(stepDigestOfWhatCame, func() error { return held(w.notifier().Signs(w.notice.about, w.notice.came)) })
	sc.Step(stepSealed, func() error { return held(w.notifier().Seals(w.notice.about, w.notice.came)) })
	sc.Step(stepAsShown, func() error {
		return held(w.notifier().IsAsShown(w.notice.about, w.notice.came, w.notice.ahead))
	})
	sc.Step(stepOnSchedule, func(ctx context.Context, minutes string) error {
		want, err := numbersIn(minutes)
		if err != nil {
			return err
		}
		gaps := make([]time.Duration, len(want))
		for i, n := range want {
			gaps[i] = time.Duration(n) * time.Minute
		}
		if err := w.follow(ctx); err != nil {
			return err
		}
		return held(judge.FollowsSchedule(gaps, w.notice.gaps, w.notice.came))
	})
	sc.Step(stepComes, func() {}) // or the scenario would have ended before
	sc.Step(stepHowNotified, w.howNotified)
}

func (w *world) notifier() judge.Notifier {
	return judge.Notifier{Credentials: w.server.Credentials, Clock: w.server.Clock()}
}

// numbersIn reads the numbers of a sentence: 5, 25 and 125.
func numbersIn(text string) ([]int, error) {
	var list []int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("in the feature file: %w", err)
		}
		list = append(list, n)
	}
	return list, nil
}

// isOfNotifications says whether the rule is about notifications alone. Others are judged
// by requests as well, and by these alone where no notification can be looked at.
func (w *world) isOfNotifications() bool {
	return slices.ContainsFunc(w.scenario.Rules(), func(id string) bool { return rules.Family(id) == "NOTIF" })
}

// unnotified ends a scenario for which the target lacks something.
func (w *world) unnotified(reason string) error {
	if w.isOfNotifications() && !w.scenario.Has(tagObserved) {
		return &missing{reason}
	}
	return &noted{reason}
}

// notifiedOf makes something whose notifications come to us, has its status change, and
// waits until that is told.
func (w *world) notifiedOf(ctx context.Context, kind, change, answers string) error {
	in, err := w.server.Inbox()
	switch {
	case err != nil:
		return err
	case in == nil && w.isOfNotifications():
		return &missing{howToBeNotified}
	case in == nil:
		return &noted{howToBeNotified}
	}
	hooks := noticeHooks()[kind+" "+change]
	for _, h := range hooks {
		if err := w.needs(h); err != nil {
			return w.unnotified(err.Error())
		}
	}
	statuses, err := numbersIn(answers)
	if err != nil {
		return err
	}
	w.notice.box = in.Box(w.scenario.Name, statuses...)
	w.undo = append(w.undo, func(context.Context) error {
		w.notice.box.Close()
		return nil
	})
	if err := w.makeNotified(ctx, d24.NotificationKind(kind)); err != nil {
		return err
	}
	// Some tell that something was created, too, and each change is one more.
	w.await(ctx, 0, 0)
	for _, h := range hooks {
		if err := w.hook(ctx, h, map[string]string{kind + "_id": w.notice.about.ID}); err != nil {
			return err
		}
		w.await(ctx, len(w.notice.came)+1, 0)
	}
	if len(hooks) == 0 {
		if err := w.changeCashout(ctx, change); err != nil {
			return err
		}
		w.await(ctx, len(w.notice.came)+1, 0)
	}
	if len(w.notice.came) > 0 {
		return nil
	}
	silence := fmt.Sprintf("a notification of the %s within %s (--settle waits longer)", kind, w.settle())
	if !w.isOfNotifications() {
		return &noted{"missing: " + silence}
	}
	return held(judge.Finding{Outcome: judge.Unseen, Expected: silence, Seen: "none"})
}

// howToBeNotified is what to do where nothing comes to us.
const howToBeNotified = `its notifications do not come to us: give the target notifications: {listen: ":8443", public_url: https://…} in d24conform.yaml`

// noticeHooks are what makes others change a status. What the merchant changes takes none.
func noticeHooks() map[string][]target.Hook {
	hooks := map[string][]target.Hook{
		"deposit paid": {target.ApproveDeposit}, "deposit cancelled": {target.CancelDeposit}, "refund delivered": {target.DeliverRefund},
	}
	for status, list := range cashoutHooks() {
		hooks["cashout "+status] = list
	}
	return hooks
}

// makeNotified makes something with the box's URL in its notification_url.
func (w *world) makeNotified(ctx context.Context, kind d24.NotificationKind) error {
	client, about := w.server.Client(), judge.Notified{Kind: kind}
	var r merchant.Request
	switch kind {
	case d24.DepositNotification:
		r = merchant.CreateDeposit(w.suite.Orders.Deposit(depositAmount))
	case d24.RefundNotification:
		d, err := w.payDeposit(ctx, depositAmount)
		if err != nil {
			return err
		}
		r = merchant.CreateRefund(d.id, d.invoice, nil)
	case d24.CashoutNotification:
		order := w.suite.Orders.Cashout(cashoutAmount)
		about.ExternalID, r = order.ExternalID, client.CreateCashout(order)
	}
	r.Body = merchant.SetField(r.Body, "notification_url", w.notice.box.URL)
	answer, err := w.setup(ctx, r)
	if answer.Kind == judge.Refusal { // of the URL: without it the same is accepted
		return w.unnotified(fmt.Sprintf("the target makes no %s with this notification_url: %s", kind, err))
	}
	about.ID = answer.ObjectID
	w.notice.about = about
	return err
}

// changeCashout is what the merchant does through the API.
func (w *world) changeCashout(ctx context.Context, change string) error {
	client, about := w.server.Client(), w.notice.about
	r := client.CancelCashout(about.ID, about.ExternalID)
	if change == "put on hold" {
		r = client.UpdateCashout(about.ID, about.ExternalID, d24.CashoutUpdateOnHold)
	}
	_, err := w.setup(ctx, r)
	return err
}

// settle is how long a notification is waited for.
func (w *world) settle() time.Duration {
	if settle := w.server.Notifications.Settle; settle > 0 {
		return settle
	}
	return target.DefaultNotified
}

// await waits for the n-th notification. Those that are new came after the server's time
// had gone on by so much.
func (w *world) await(ctx context.Context, n int, ahead time.Duration) {
	all := w.notice.box.Await(ctx, n, w.settle())
	for _, e := range all[len(w.notice.came):] {
		w.logged(e)
		w.notice.ahead = append(w.notice.ahead, ahead)
	}
	w.notice.came = all
}

// repeated waits for the next delivery of what was not taken, or finds out that there is
// none.
func (w *world) repeated(ctx context.Context) (bool, error) {
	hasten, had := w.server.Notifications.Hasten, len(w.notice.came)
	if hasten == nil {
		return w.repeatedInTime(ctx)
	}
	gap, err := hasten(ctx, w.notice.box.URL)
	if err != nil || gap == 0 {
		return false, err
	}
	w.await(ctx, had+1, w.notice.ahead[had-1]+gap)
	w.notice.gaps = append(w.notice.gaps, gap)
	if len(w.notice.came) == had {
		return false, held(judge.Finding{Outcome: judge.Unclear, Expected: "a repeat that is due", Seen: "none within " + w.settle().String()})
	}
	return true, nil
}

// repeatedInTime waits as long as it takes, if it may.
func (w *world) repeatedInTime(ctx context.Context) (bool, error) {
	due, had := firstRepeat, len(w.notice.came)
	for range w.notice.gaps {
		due *= repeatFactor
	}
	if w.settle() < due {
		return false, &noted{fmt.Sprintf("a repeat is due after %d minutes, and this target's time cannot be moved: --settle %s waits for it", int(due.Minutes()), due+time.Minute)}
	}
	w.await(ctx, had+1, 0)
	if len(w.notice.came) == had {
		return false, nil
	}
	w.notice.gaps = append(w.notice.gaps, w.notice.came[had].Started.Sub(w.notice.came[had-1].Started))
	return true, nil
}

// The documented gaps: 5 minutes before the first repeat, and five times as long before
// each that follows (deposits, "Notifications").
const (
	firstRepeat  = 5 * time.Minute
	repeatFactor = 5
)

// follow waits for all repeats. One that goes on for ever is followed twice as far as the
// documents can be read.
func (w *world) follow(ctx context.Context) error {
	const furthest = 12
	for !w.notice.followed {
		came, err := w.repeated(ctx)
		if err != nil {
			return err
		}
		w.notice.followed = !came || len(w.notice.came) >= furthest
	}
	return nil
}

// howNotified reports how the target reads what the documents leave open.
func (w *world) howNotified(ctx context.Context, id string) error {
	n, reading := w.notice, ""
	switch id {
	case "AMB-30":
		reading = w.notifier().ReadsSignature(n.about, n.came[0])
	case "AMB-32":
		reading = w.notifier().ReadsControl(n.came[0])
	case "AMB-33", "AMB-34":
		if err := w.follow(ctx); err != nil {
			return err
		}
		reading = timesRead(id, len(w.notice.came))
	}
	if reading == "" {
		return nil
	}
	return w.note(id, reading)
}

// timesRead is a number of deliveries in the words of the register.
func timesRead(id string, deliveries int) string {
	names := map[int]string{5: "five", 6: "six"}
	if id == "AMB-34" { // answered 204, and then 200
		names = map[int]string{1: "2xx", 2: "refunds-200"}
	}
	if name, ok := names[deliveries]; ok {
		return name
	}
	return strconv.Itoa(deliveries)
}
