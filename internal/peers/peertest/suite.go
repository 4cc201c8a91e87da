package peertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/vectors"
)

// A suite is a peer and the mock that it calls.
type suite struct {
	*Peer
	mock *mock.Mock
	ca   string
}

// Run tries a client that keeps every rule, in one go: programs are slow to start.
func Run(t *testing.T, p *Peer) {
	t.Helper()
	s := &suite{Peer: p, mock: Mock(t, mock.Options{})}
	s.ca = CAFile(t, s.mock.CertificatePEM())
	for _, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"says what it can", (*suite).introducesItself},
		{"performs every operation", (*suite).everyOperation},
		{"takes names as they are", (*suite).names},
		{"signs as other tools do", (*suite).signs},
		{"verifies notifications", (*suite).verifies},
		{"takes ids of any size", (*suite).ids},
		{"sends the same again when an answer is lost", (*suite).lostAnswers},
		{"gives up after three attempts", (*suite).givesUp},
		{"does not make a cashout twice", (*suite).lostCashout},
		{"does not hammer a stored 500", (*suite).storedFailure},
		{"dates anew when the date was refused", (*suite).refusedDate},
		{"sends nothing to a stranger", (*suite).strangers},
		{"follows no redirect", (*suite).redirects},
		{"survives what is not JSON", (*suite).noJSON},
		{"waits when it is told to", (*suite).told},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			s.mock.Admin().Reset()
			s.begin(s.mock)
			c.run(s)
		})
	}
	p.t = t
}

// Mock runs a mock until the test ends.
func Mock(t testing.TB, opts mock.Options) *mock.Mock {
	t.Helper()
	m, err := mock.Start(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// CAFile writes a certificate where a client can read it.
func CAFile(t testing.TB, certificate []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, certificate, 0o600))
	return path
}

func (s *suite) begin(m *mock.Mock) {
	s.t.Helper()
	r := s.Hello(m.BaseURL(), CAFile(s.t, m.CertificatePEM()), m.Credentials())
	require.Empty(s.t, r.Error)
}

func (s *suite) introducesItself() {
	r := s.Hello(s.mock.BaseURL(), s.ca, s.mock.Credentials())
	assert.ElementsMatch(s.t, []string{
		"create_deposit", "deposit_status", "create_refund", "refund_status", "payment_methods", "exchange_rate", "banks",
		"create_cashout", "cashout_status", "update_cashout_status", "cancel_cashout",
		"sign_deposit", "sign_cashout", "verify_notification",
	}, r.Ops)
	// A program's first call may load half its library: let it be one without a date.
	s.must(http.StatusOK, "banks", Fields{"country": "BR"})
	assert.True(s.t, s.Call("an_operation_of_tomorrow", nil).Unsupported)
	assert.NotEmpty(s.t, s.Hello("http://127.0.0.1:1", s.ca, s.mock.Credentials()).Error, "plain HTTP")
}

// must performs an operation that has to succeed.
func (s *suite) must(status int, op string, fields Fields) Reply {
	s.t.Helper()
	r := s.Call(op, fields)
	require.Equal(s.t, status, r.Status, "%s: %s%s", op, r.Error, r.Body)
	return r
}

func (s *suite) everyOperation() {
	deposit := s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit("peer-1", "Maria")}).Field("deposit_id")
	s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit("peer-2", "Maria")})
	assert.Equal(s.t, "PENDING", s.must(http.StatusOK, "deposit_status", Fields{"deposit_id": json.Number(deposit)}).Field("status"))
	assert.Equal(s.t, "PENDING", s.must(http.StatusOK, "deposit_status", Fields{"deposit_id": deposit}).Field("status"))
	require.NoError(s.t, s.mock.Admin().ApproveDeposit(deposit))
	refund := s.must(http.StatusOK, "create_refund", Fields{"body": Fields{
		"deposit_id": json.Number(deposit), "invoice_id": "peer-1", "amount": 10, "bank_account": Fields{"account_number": "1"},
	}}).Field("refund_id")
	assert.Equal(s.t, "10", s.must(http.StatusOK, "refund_status", Fields{"refund_id": json.Number(refund)}).Field("amount"))

	s.must(http.StatusOK, "payment_methods", Fields{"country": "BR"})
	once := s.must(http.StatusOK, "exchange_rate", Fields{"country": "BR"}).Field("converted_amount")
	tenfold := s.must(http.StatusOK, "exchange_rate", Fields{"country": "BR", "amount": 10}).Field("converted_amount")
	assert.NotEqual(s.t, once, tenfold)
	s.must(http.StatusOK, "banks", Fields{"country": "BR"})

	cashout := json.Number(s.must(http.StatusOK, "create_cashout", Fields{"body": Cashout("peer-3", "Maria")}).Field("cashout_id"))
	both := Fields{"cashout_id": cashout, "external_id": "peer-3"}
	assert.Equal(s.t, "0", s.must(http.StatusOK, "cashout_status", Fields{"body": Fields{"external_id": "peer-3"}}).Field("cashout_status"))
	held := s.must(http.StatusOK, "update_cashout_status", Fields{"body": Fields{"cashout_id": cashout, "status": "ON_HOLD"}})
	assert.Equal(s.t, "5", held.Field("cashout_status"))
	s.must(http.StatusOK, "update_cashout_status", Fields{"body": Fields{"cashout_id": cashout, "status": "PENDING"}})
	assert.Equal(s.t, "2", s.must(http.StatusOK, "cancel_cashout", Fields{"body": both}).Field("cashout_status"))

	given := "a-key-that-was-given"
	s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit("peer-4", "Maria"), "idempotency_key": given})
	exchanges := s.mock.Admin().Exchanges()
	assert.Len(s.t, exchanges, 16)
	assert.Equal(s.t, given, exchanges[15].Request.Header.Get(d24.HeaderIdempotencyKey))
	keys := map[string]bool{}
	for _, e := range exchanges {
		assert.Empty(s.t, Faults(e, s.mock.Credentials()), "%s %s", e.Request.Method, e.Request.URL)
		if key := e.Request.Header.Get(d24.HeaderIdempotencyKey); key != "" {
			assert.False(s.t, keys[key], "one key for two operations")
			keys[key] = true
		}
	}
	assert.Len(s.t, keys, 4)
}

// names are those that a careless program writes otherwise than it signs them.
func names() []string {
	return []string{"José Ñuñez", "李小龙", "Zoë 🙂👩‍👩‍👧", "AC/DC \\ \"Söhne\" & <Co>", "e\u0301 is not é", "line\u2028separator", "tab\tand\nbreak"}
}

func (s *suite) names() {
	for i, name := range names() {
		s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit(fmt.Sprintf("name-%d", i), name)})
		s.must(http.StatusOK, "create_cashout", Fields{"body": Cashout(fmt.Sprintf("name-%d", i), name)})
	}
	exchanges := s.mock.Admin().Exchanges()
	require.Len(s.t, exchanges, 2*len(names()))
	for i, name := range names() {
		var deposit d24.DepositRequest
		var cashout d24.CashoutRequest
		require.NoError(s.t, json.Unmarshal(exchanges[2*i].Request.Body, &deposit))
		require.NoError(s.t, json.Unmarshal(exchanges[2*i+1].Request.Body, &cashout))
		assert.Equal(s.t, name, deposit.Payer.FirstName)
		assert.Equal(s.t, name, cashout.BeneficiaryName)
		assert.Equal(s.t, "100.5", deposit.Amount.String())
	}
	assert.Contains(s.t, string(exchanges[0].Request.Body), names()[0], "escaped text would not try the encoding")
	for _, e := range exchanges {
		assert.Empty(s.t, Faults(e, s.mock.Credentials()))
	}
}

// hello takes the keys of a vector.
func (s *suite) hello(key, login string) {
	s.t.Helper()
	r := s.Hello(s.mock.BaseURL(), s.ca, d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: login, APISignature: key, ReadOnlyKey: "r"},
		Cashouts: d24.CashoutsCredentials{APIKey: "l", APIPassphrase: "p", APISignature: key},
	})
	require.Empty(s.t, r.Error)
}

// signatureCases are the vectors of these kinds that have text for a body.
func signatureCases(t testing.TB, kinds ...string) []vectors.SignatureCase {
	t.Helper()
	set, err := vectors.Load()
	require.NoError(t, err)
	var cases []vectors.SignatureCase
	for _, c := range set.Signatures {
		for _, kind := range kinds {
			if c.Kind == kind && c.BodyBase64 == nil && c.Reading == "" {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

func (s *suite) signs() {
	cases := signatureCases(s.t, vectors.KindDepositRequest, vectors.KindCashoutRequest)
	assert.Greater(s.t, len(cases), 150)
	for _, c := range cases {
		s.hello(c.Key, c.XLogin)
		var got string
		if c.Kind == vectors.KindDepositRequest {
			got = s.Call("sign_deposit", Fields{"x_date": c.XDate, "body_text": c.BodyText}).Authorization
		} else {
			got = s.Call("sign_cashout", Fields{"body_text": c.BodyText}).PayloadSignature
		}
		assert.Equal(s.t, c.Signature, got, "%s: %s", c.ID, c.Description)
	}
}

func (s *suite) verifies() {
	cases := signatureCases(s.t, vectors.KindDepositNotification, vectors.KindRefundNotification, vectors.KindCashoutControl)
	assert.Greater(s.t, len(cases), 50)
	for _, c := range cases {
		s.hello(c.Key, c.XLogin)
		kind, headers := "cashout", Fields{"content-type": d24.ContentTypeForm}
		if c.Kind != vectors.KindCashoutControl {
			kind, headers = "deposit", Fields{"content-type": d24.ContentTypeJSON, "x-date": c.XDate, "x-login": c.XLogin}
			if c.Kind == vectors.KindRefundNotification {
				kind = "refund"
			}
			if c.Presented != "" {
				headers["authorization"] = c.Presented
			}
		}
		r := s.Call("verify_notification", Fields{"kind": kind, "headers": headers, "body_text": c.BodyText})
		if assert.NotNil(s.t, r.Accepted, "%s: %s", c.ID, r.Error) {
			assert.Equal(s.t, c.Accepted(), *r.Accepted, "%s: %s", c.ID, c.Description)
		}
	}
}

func (s *suite) ids() {
	large := Mock(s.t, mock.Options{Readings: map[string]string{"AMB-29": "large-ids"}})
	s.begin(large)
	id := s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit("large", "Maria")}).Field("deposit_id")
	require.Greater(s.t, len(id), len("4294967295"))
	s.must(http.StatusOK, "deposit_status", Fields{"deposit_id": json.Number(id)})
	// Beyond what a float holds exactly.
	const exact = "9007199254740993"
	s.must(http.StatusNotFound, "deposit_status", Fields{"deposit_id": json.Number(exact)})
	exchanges := large.Admin().Exchanges()
	assert.Equal(s.t, large.BaseURL()+d24.PathDeposits+"/"+exact, exchanges[len(exchanges)-1].Request.URL)
}

func (s *suite) lostAnswers() {
	for i, kind := range []mock.FaultKind{mock.FaultDropAfterCommit, mock.FaultDropBefore, mock.FaultHalfBody} {
		before := len(s.mock.Admin().Exchanges())
		_, err := s.mock.Admin().AddFault(mock.Fault{Kind: kind, Method: http.MethodPost, Path: d24.PathDeposits})
		require.NoError(s.t, err)
		id := s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit(fmt.Sprintf("lost-%d", i), "José")}).Field("deposit_id")
		assert.NotEmpty(s.t, id, kind)
		assert.Equal(s.t, i+1, s.mock.Admin().DepositCount(), kind)
		s.sameAgain(s.mock.Admin().Exchanges()[before:], 2)

		_, err = s.mock.Admin().AddFault(mock.Fault{Kind: kind, Method: http.MethodGet})
		require.NoError(s.t, err)
		s.must(http.StatusOK, "deposit_status", Fields{"deposit_id": id})
	}
}

// A library that repeats by itself what broke an idle connection sends more than three.
func (s *suite) givesUp() {
	s.must(http.StatusOK, "banks", Fields{"country": "BR"})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		before := len(s.mock.Admin().Exchanges())
		_, err := s.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultDropBefore, Method: method, Times: 3})
		require.NoError(s.t, err)
		var r Reply
		if method == http.MethodGet {
			r = s.Call("deposit_status", Fields{"deposit_id": "1"})
		} else {
			r = s.Call("create_deposit", Fields{"body": Deposit("broken", "Maria")})
		}
		assert.NotEmpty(s.t, r.Error, method)
		s.sameAgain(s.mock.Admin().Exchanges()[before:], 3)
	}
}

// sameAgain checks that attempts differ in nothing but their date and signature, which
// are right for each.
func (s *suite) sameAgain(attempts []*exchange.Exchange, n int) {
	s.t.Helper()
	require.Len(s.t, attempts, n)
	first := attempts[0].Request
	for _, e := range attempts {
		assert.Empty(s.t, Faults(e, s.mock.Credentials()))
		assert.Equal(s.t, first.Header.Get(d24.HeaderIdempotencyKey), e.Request.Header.Get(d24.HeaderIdempotencyKey))
		assert.Equal(s.t, string(first.Body), string(e.Request.Body))
		assert.GreaterOrEqual(s.t, e.Request.Header.Get(d24.HeaderDate), first.Header.Get(d24.HeaderDate))
	}
}

func (s *suite) lostCashout() {
	_, err := s.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultDropAfterCommit, Path: d24.PathCashout})
	require.NoError(s.t, err)
	r := s.Call("create_cashout", Fields{"body": Cashout("lost", "Maria")})
	assert.NotEmpty(s.t, r.Error, "the caller has to ask for the status")
	assert.Len(s.t, s.mock.Admin().Exchanges(), 1)
	s.must(http.StatusOK, "cashout_status", Fields{"body": Fields{"external_id": "lost"}})
}

func (s *suite) storedFailure() {
	s.mock.Admin().Respond500Once()
	s.must(http.StatusInternalServerError, "create_deposit", Fields{"body": Deposit("failed", "Maria")})
	s.sameAgain(s.mock.Admin().Exchanges(), 3)
}

// The server's clock is a minute ahead, and the answer to the second attempt is lost.
func (s *suite) refusedDate() {
	const ahead = time.Minute
	s.mock.Admin().SetClockOffset(ahead)
	s.mock.Admin().DropAfterCommitOnce()
	s.must(http.StatusCreated, "create_deposit", Fields{"body": Deposit("dated", "Maria")})
	attempts := s.mock.Admin().Exchanges()
	s.sameAgain(attempts, 3)
	assert.Equal(s.t, http.StatusBadRequest, attempts[0].Status())
	first, err := d24.ParseDate(attempts[0].Request.Header.Get(d24.HeaderDate))
	require.NoError(s.t, err)
	second, err := d24.ParseDate(attempts[1].Request.Header.Get(d24.HeaderDate))
	require.NoError(s.t, err)
	assert.Greater(s.t, second.Sub(first), ahead/2)
	assert.Equal(s.t, 1, s.mock.Admin().DepositCount())
}
