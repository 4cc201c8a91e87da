package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// managePrefix is where the management API lives. ?environment=second speaks of the
// second environment.
const managePrefix = "/manage/v1"

// A manager is the management API: [Admin] over HTTP, see the README.
type manager struct {
	mock *Mock
}

// A manageCall is one request to it.
type manageCall struct {
	admin *Admin
	r     *http.Request
	w     http.ResponseWriter
	text  []byte // the body
}

func newManager(m *Mock, l *listener, token string) http.Handler {
	mux := http.NewServeMux()
	api := &manager{mock: m}
	for pattern, handle := range map[string]func(manageCall) (any, error){
		"POST /reset":                         manageCall.reset,
		"GET /transactions":                   manageCall.transactions,
		"POST /deposits/{id}/{action}":        manageCall.moveDeposit,
		"PUT /deposits/{id}":                  manageCall.renameDeposit,
		"PUT /cashouts/{id}":                  manageCall.renameCashout,
		"GET /notifications":                  manageCall.notifications,
		"POST /notifications/{id}/resend":     manageCall.resend,
		"POST /refunds/{id}/{action}":         manageCall.moveRefund,
		"POST /cashouts/{id}/{action}":        manageCall.moveCashout,
		"GET /keys":                           manageCall.keys,
		"POST /keys":                          manageCall.addKeys,
		"GET /whitelists":                     manageCall.whitelists,
		"POST /whitelists":                    manageCall.whitelistAdd,
		"DELETE /whitelists":                  manageCall.whitelistRemove,
		"GET /counts":                         manageCall.counts,
		"GET /funds":                          manageCall.funds,
		"PUT /funds":                          manageCall.setFunds,
		"GET /clock":                          manageCall.clock,
		"PUT /clock":                          manageCall.setClock,
		"GET /faults":                         manageCall.faults,
		"POST /faults":                        manageCall.addFault,
		"DELETE /faults":                      manageCall.clearFaults,
		"POST /faults/respond-500-once":       manageCall.respond500Once,
		"POST /faults/drop-after-commit-once": manageCall.dropAfterCommitOnce,
		"GET /faults/ledger":                  manageCall.faultLedger,
		"GET /exchanges":                      manageCall.exchanges,
		"GET /readings":                       func(manageCall) (any, error) { return m.Readings(), nil },
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+managePrefix+path, api.handler(handle))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		manageError(w, http.StatusNotFound, "no such path: "+r.Method+" "+r.URL.Path)
	})
	return named(m, guard(l, token, mux))
}

// named puts the mock's name and its time on every answer.
func named(m *Mock, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Server"] = m.first.fixed.server
		w.Header()["Date"] = m.clock.dateOf(m.clock.now())
		w.Header().Set("Cache-Control", "no-store") // keys are in some answers
		next.ServeHTTP(w, r)
	})
}

// errWritten is what a handler returns that has written its answer itself.
var errWritten = errors.New("answer written")

func (api *manager) handler(handle func(manageCall) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The whole of it before any answer: over HTTP/2 what is answered before the body
		// has come is a broken stream to some clients (curl 7.88, exit code 92).
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			manageError(w, http.StatusBadRequest, fmt.Sprintf("request body: %s", err))
			return
		}
		call := manageCall{r: r, w: w, text: text}
		switch name := r.URL.Query().Get("environment"); name {
		case "", api.mock.first.name:
			call.admin = api.mock.Admin()
		case api.mock.second.name:
			call.admin = api.mock.SecondAdmin()
		default:
			manageError(w, http.StatusBadRequest, fmt.Sprintf("unknown environment %q: it is stg or second", name))
			return
		}
		body, err := handle(call)
		switch {
		case errors.Is(err, errWritten):
		case errors.Is(err, ErrNotFound):
			manageError(w, http.StatusNotFound, err.Error())
		case errors.Is(err, ErrTransition):
			manageError(w, http.StatusConflict, err.Error())
		case err != nil:
			manageError(w, http.StatusBadRequest, err.Error())
		default:
			manageAnswer(w, http.StatusOK, body)
		}
	})
}

func manageError(w http.ResponseWriter, status int, text string) {
	manageAnswer(w, status, map[string]string{"error": text})
}

func manageAnswer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", d24.ContentTypeJSON)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) //nolint:errchkjson // our own types; an error means that the client has gone
}

// done answers a write that has nothing to tell.
func done(err error) (any, error) { return map[string]bool{"ok": true}, err }

// read decodes the body. Unknown fields are errors here: a misspelt "offset_ms"
// that changes nothing would be believed to have worked.
func (c manageCall) read(into any) error {
	decoder := json.NewDecoder(bytes.NewReader(c.text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("request body: %w", err)
	}
	return nil
}

func (c manageCall) reset() (any, error) {
	c.admin.Reset()
	return done(nil)
}

func (c manageCall) transactions() (any, error) {
	return struct {
		Deposits []Deposit `json:"deposits"`
		Refunds  []Refund  `json:"refunds"`
		Cashouts []Cashout `json:"cashouts"`
	}{c.admin.Deposits(), c.admin.Refunds(), c.admin.Cashouts()}, nil
}

// counts are totals, where the lists of transactions and exchanges are bounded.
func (c manageCall) counts() (any, error) {
	return struct {
		Arrived  int `json:"arrived"`
		Deposits int `json:"deposits"`
		Refunds  int `json:"refunds"`
		Cashouts int `json:"cashouts"`
	}{c.admin.Arrived(), c.admin.DepositCount(), c.admin.RefundCount(), c.admin.CashoutCount()}, nil
}

func (c manageCall) moveDeposit() (any, error) {
	to := func(status d24.DepositStatus) func(string) error {
		return func(id string) error { return c.admin.MoveDeposit(id, status) }
	}
	return c.act(map[string]func(string) error{
		"approve":       c.admin.ApproveDeposit,
		"expire":        c.admin.ExpireDeposit,
		"cancel":        c.admin.CancelDeposit,
		"initiate":      to(d24.DepositInitiated),
		"pending":       to(d24.DepositPending),
		"review":        to(d24.DepositForReview),
		"early-release": to(d24.DepositEarlyReleased),
		"pay-crypto":    to(d24.DepositApproved),
	})
}

func (c manageCall) moveCashout() (any, error) {
	return c.act(map[string]func(string) error{
		"deliver":  c.admin.DeliverCashout,
		"complete": c.admin.CompleteCashout,
		"reject":   c.admin.RejectCashout,
		"cancel":   c.admin.CancelCashout,
		"hold":     c.admin.HoldCashout,
		"unhold":   c.admin.UnholdCashout,
	})
}

func (c manageCall) moveRefund() (any, error) {
	to := func(status d24.RefundStatus) func(string) error {
		return func(id string) error { return c.admin.MoveRefund(id, status) }
	}
	return c.act(map[string]func(string) error{
		"deliver":           to(d24.RefundDelivered),
		"complete":          func(id string) error { return c.admin.SettleRefund(id, d24.RefundCompleted) },
		"reject":            func(id string) error { return c.admin.SettleRefund(id, d24.RefundRejected) },
		"cancel":            to(d24.RefundCancelled),
		"incorrect-details": to(d24.RefundIncorrectDetails),
		"pending":           to(d24.RefundPending),
	})
}

func (c manageCall) renameDeposit() (any, error) { return c.rename(c.admin.RenameDeposit) }
func (c manageCall) renameCashout() (any, error) { return c.rename(c.admin.RenameCashout) }

func (c manageCall) rename(rename func(id, to string) error) (any, error) {
	var body struct {
		ID string `json:"id"`
	}
	if err := c.read(&body); err != nil {
		return nil, err
	}
	return done(rename(c.r.PathValue("id"), body.ID))
}

func (c manageCall) act(actions map[string]func(string) error) (any, error) {
	action := actions[c.r.PathValue("action")]
	if action == nil {
		return nil, fmt.Errorf("unknown action %q", c.r.PathValue("action"))
	}
	return done(action(c.r.PathValue("id")))
}

func (c manageCall) notifications() (any, error) { return c.admin.Notifications(), nil }

func (c manageCall) resend() (any, error) {
	id, err := strconv.Atoi(c.r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("notification %q: %w", c.r.PathValue("id"), ErrNotFound)
	}
	return c.admin.ResendNotification(id)
}

// merchantKeys are one merchant's keys as the panel shows them.
type merchantKeys struct {
	Deposits struct {
		APIKey       string `json:"api_key"`
		APISignature string `json:"api_signature"`
		ReadOnlyKey  string `json:"read_only_key,omitempty"`
	} `json:"deposits"`
	Cashouts struct {
		APIKey        string `json:"api_key"`
		APIPassphrase string `json:"api_passphrase"`
		APISignature  string `json:"api_signature"`
	} `json:"cashouts"`
}

func (c manageCall) keys() (any, error) {
	list := []merchantKeys{}
	for _, credentials := range c.admin.Merchants() {
		var keys merchantKeys
		keys.Deposits.APIKey = credentials.Deposits.APIKey
		keys.Deposits.APISignature = credentials.Deposits.APISignature
		keys.Deposits.ReadOnlyKey = credentials.Deposits.ReadOnlyKey
		keys.Cashouts.APIKey = credentials.Cashouts.APIKey
		keys.Cashouts.APIPassphrase = credentials.Cashouts.APIPassphrase
		keys.Cashouts.APISignature = credentials.Cashouts.APISignature
		list = append(list, keys)
	}
	return list, nil
}

func (c manageCall) addKeys() (any, error) {
	var keys merchantKeys
	if err := c.read(&keys); err != nil {
		return nil, err
	}
	return done(c.admin.AddMerchant(d24.Credentials{
		Deposits: d24.DepositsCredentials(keys.Deposits),
		Cashouts: d24.CashoutsCredentials(keys.Cashouts),
	}))
}

func (c manageCall) whitelists() (any, error) {
	lists := make(map[string][]netip.Prefix)
	for p := range products {
		lists[p.String()] = c.admin.env.whitelist.list(p)
	}
	return lists, nil
}

type whitelistEntry struct {
	Product string `json:"product"`
	IP      string `json:"ip"`
}

func (c manageCall) whitelistAdd() (any, error)    { return c.whitelist(c.admin.WhitelistAdd) }
func (c manageCall) whitelistRemove() (any, error) { return c.whitelist(c.admin.WhitelistRemove) }

func (c manageCall) whitelist(change func(product, ip string) error) (any, error) {
	var entry whitelistEntry
	if err := c.read(&entry); err != nil {
		return nil, err
	}
	return done(change(entry.Product, entry.IP))
}

type fundsBody struct {
	Amount *d24.Amount `json:"amount"`
}

func (c manageCall) funds() (any, error) {
	amount := c.admin.Funds()
	return fundsBody{&amount}, nil
}

func (c manageCall) setFunds() (any, error) {
	var body fundsBody
	if err := c.read(&body); err != nil {
		return nil, err
	}
	if body.Amount == nil {
		return nil, errors.New("set funds: amount is missing")
	}
	return done(c.admin.SetFunds(*body.Amount))
}

func (c manageCall) clock() (any, error) {
	setting := c.admin.env.clock.setting.Load()
	return struct {
		Now      time.Time `json:"now"`
		OffsetMS int64     `json:"offset_ms"`
		Frozen   bool      `json:"frozen"`
	}{c.admin.Now().UTC(), setting.offset.Milliseconds(), setting.frozen}, nil
}

// setClock takes an offset, an instant to freeze at, or null to run again.
func (c manageCall) setClock() (any, error) {
	var body struct {
		OffsetMS *int64          `json:"offset_ms"`
		Freeze   json.RawMessage `json:"freeze"`
	}
	if err := c.read(&body); err != nil {
		return nil, err
	}
	var at time.Time
	freeze := len(body.Freeze) > 0
	if freeze && string(body.Freeze) != "null" {
		if err := json.Unmarshal(body.Freeze, &at); err != nil {
			return nil, fmt.Errorf("set clock: freeze must be an RFC 3339 time or null: %w", err)
		}
	}
	if body.OffsetMS == nil && !freeze {
		return nil, errors.New("set clock: offset_ms or freeze is needed")
	}
	if body.OffsetMS != nil {
		c.admin.SetClockOffset(time.Duration(*body.OffsetMS) * time.Millisecond)
	}
	switch {
	case freeze && !at.IsZero():
		c.admin.FreezeClock(at)
	case freeze:
		c.admin.UnfreezeClock()
	}
	return c.clock()
}

func (c manageCall) faults() (any, error) { return c.admin.PendingFaults(), nil }

func (c manageCall) addFault() (any, error) {
	var fault Fault
	if err := c.read(&fault); err != nil {
		return nil, err
	}
	return c.admin.AddFault(fault)
}

func (c manageCall) clearFaults() (any, error) {
	c.admin.ClearFaults()
	return done(nil)
}

func (c manageCall) respond500Once() (any, error) {
	c.admin.Respond500Once()
	return done(nil)
}

func (c manageCall) dropAfterCommitOnce() (any, error) {
	c.admin.DropAfterCommitOnce()
	return done(nil)
}

func (c manageCall) faultLedger() (any, error) {
	ledger := c.admin.InjectedFaults()
	if ledger == nil {
		ledger = []InjectedFault{}
	}
	return ledger, nil
}

// exchanges writes JSON Lines with names in the place of secrets, as in every other
// file that this project writes.
func (c manageCall) exchanges() (any, error) {
	secrets := make(map[string]string)
	for i, credentials := range c.admin.Merchants() {
		credentials.Named(func(name, value string) {
			if i > 0 {
				name = fmt.Sprintf("MERCHANT_%d_%s", i, name)
			}
			secrets[name] = value
		})
	}
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	if err := exchange.Write(c.w, c.admin.Exchanges(), exchange.NewRedactor(secrets)); err != nil {
		c.admin.env.log.Debug("exchanges not written", "error", err)
	}
	return nil, errWritten
}
