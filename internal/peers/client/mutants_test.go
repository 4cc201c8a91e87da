package client

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/peers/peertest"
	"github.com/d24conform/d24conform/internal/rules"
)

var update = flag.Bool("update", false, "write the table of mutants into the README")

// noRule are the mutants that break good sense and no documented sentence.
var noRule = []string{"ids-of-32-bits", "never-gives-up"}

// Every mutant has a name that can be typed, says what is wrong, and breaks rules that
// a client is judged by; together they break them all.
func TestMutantsBreakEveryJudgedRule(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	broken, names := map[string]bool{}, map[string]bool{}
	for _, m := range Mutants() {
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, m.Name)
		assert.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
		assert.Regexp(t, `^[a-z].*[^.]$`, m.Says, m.Name)
		assert.Equal(t, slices.Contains(noRule, m.Name), len(m.Breaks) == 0, m.Name)
		assert.Len(t, slices.Compact(slices.Sorted(slices.Values(m.Breaks))), len(m.Breaks), "%s breaks a rule twice", m.Name)
		for _, id := range m.Breaks {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, "%s breaks %s, which is no rule", m.Name, id)
			assert.Equal(t, rules.Judged, rule.Judgement(rules.RoleClient), "%s breaks %s", m.Name, id)
			broken[id] = true
		}
	}
	for _, rule := range ledger.For(rules.RoleClient, rules.Products()) {
		if rule.Judgement(rules.RoleClient) == rules.Judged {
			assert.True(t, broken[rule.ID], "no mutant breaks %s: %s", rule.ID, rule.Says)
		}
	}
}

// One that changed nothing would be a defect that nobody could notice.
func TestEveryMutantChangesTheHabits(t *testing.T) {
	t.Parallel()
	for _, m := range Mutants() {
		require.NoError(t, applyMutant(newHabits(), m.Name))
	}
	assert.True(t, sameHabits(newHabits(), newHabits()))
	_, err := New(Options{Mutant: "no-such"})
	assert.EqualError(t, err, `make client: there is no mutant "no-such"`)
}

func TestTheREADMEListsTheMutants(t *testing.T) {
	t.Parallel()
	const file = "README.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("\n| mutant | a client that … | breaks |\n|---|---|---|\n")
	for _, m := range Mutants() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", m.Name, m.Says, strings.Join(m.Breaks, " "))
	}
	between := regexp.MustCompile(`(?s)(<!-- mutants:[^\n]*-->).*(<!-- /mutants -->)`)
	require.True(t, between.Match(text))
	want := between.ReplaceAll(text, []byte("${1}"+table.String()+"${2}"))
	if *update {
		require.NoError(t, os.WriteFile(file, want, 0o600))
		return
	}
	assert.Equal(t, string(want), string(text), "run go test ./internal/peers/client -run TestTheREADMEListsTheMutants -update")
}

// A stage is a mock and the client's clock, which stand still together until the
// client sleeps; then a second passes at least, which shows in dates.
type stage struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
	mock  *mock.Mock
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), mock: peertest.Mock(t, mock.Options{})}
	s.mock.Admin().FreezeClock(s.now)
	return s
}

func (s *stage) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) sleep(_ context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slept = append(s.slept, d)
	s.now = s.now.Add(max(d, time.Second))
	s.mock.Admin().FreezeClock(s.now)
	return nil
}

// begin has a client greet the mock.
func (s *stage) begin(t *testing.T, mutant string) *peertest.Peer {
	t.Helper()
	p := start(t, Options{Mutant: mutant, Now: s.time, Sleep: s.sleep})
	require.Empty(t, p.Hello(s.mock.BaseURL(), peertest.CAFile(t, s.mock.CertificatePEM()), s.mock.Credentials()).Error)
	return p
}

// symptoms are what a day's work of the client shows on the wire, each once.
func symptoms(t *testing.T, mutant string) []string {
	t.Helper()
	s := newStage(t)
	admin := s.mock.Admin()
	p := s.begin(t, mutant)
	deposit := p.Call("create_deposit", peertest.Fields{"body": peertest.Deposit("d-1", "José")}).Field("deposit_id")
	if deposit == "" {
		deposit = "300000001"
	}
	_ = admin.ApproveDeposit(deposit) // not there if the client was refused
	p.Call("deposit_status", peertest.Fields{"deposit_id": deposit})
	refund := p.Call("create_refund", peertest.Fields{"body": peertest.Fields{
		"deposit_id": json.Number(deposit), "invoice_id": "d-1", "bank_account": peertest.Fields{"account_number": "1"},
	}}).Field("refund_id")
	if refund != "" {
		p.Call("refund_status", peertest.Fields{"refund_id": refund})
	}
	p.Call("payment_methods", peertest.Fields{"country": "BR"})
	p.Call("create_cashout", peertest.Fields{"body": peertest.Cashout("c-1", "José")})
	p.Call("cashout_status", peertest.Fields{"body": peertest.Fields{"external_id": "c-1"}})

	once := map[string]bool{}
	keys := map[string]string{} // and what was sent under them
	for _, e := range admin.Exchanges() {
		for _, fault := range peertest.Faults(e, s.mock.Credentials()) {
			once[fault] = true
		}
		if key := e.Request.Header.Get(d24.HeaderIdempotencyKey); key != "" {
			sent := e.Request.URL + string(e.Request.Body)
			once["key reused"] = once["key reused"] || keys[key] != "" && keys[key] != sent
			keys[key] = sent
		}
	}

	_ = s.sleep(t.Context(), 2*d24.Window)
	before := len(admin.Exchanges())
	admin.DropAfterCommitOnce()
	p.Call("create_deposit", peertest.Fields{"body": peertest.Deposit("d-2", "José")})
	attempts := admin.Exchanges()[before:]
	first := attempts[0].Request
	for _, e := range attempts[1:] {
		once["key changed"] = once["key changed"] || e.Request.Header.Get(d24.HeaderIdempotencyKey) != first.Header.Get(d24.HeaderIdempotencyKey)
		once["body changed"] = once["body changed"] || string(e.Request.Body) != string(first.Body)
		once["sent again without key"] = once["sent again without key"] || first.Header.Get(d24.HeaderIdempotencyKey) == ""
		once["sent again unchanged"] = once["sent again unchanged"] ||
			e.Request.Header.Get(d24.HeaderDate) == first.Header.Get(d24.HeaderDate)
	}
	admin.Respond500Once()
	before = len(admin.Exchanges())
	p.Call("create_deposit", peertest.Fields{"body": peertest.Deposit("d-3", "José")})
	once["hammers"] = len(admin.Exchanges())-before > maxTries

	for _, e := range admin.Exchanges() {
		if date, err := d24.ParseDate(e.Request.Header.Get(d24.HeaderDate)); err == nil && !date.Equal(e.Started.Truncate(time.Second)) {
			once["date"] = true
		}
	}

	var list []string
	for symptom, seen := range once {
		if seen {
			list = append(list, symptom)
		}
	}
	slices.Sort(list)
	return list
}

// What each mutant shows, and nothing else; connections have tests of their own.
func TestMutantsShow(t *testing.T) {
	t.Parallel()
	shows := map[string][]string{
		"":                                nil,
		"lookups-without-key":             {"read-only key"},
		"read-only-key-on-post":           {"form of the signature", "signature"},
		"lookups-with-deposits-key":       {"read-only key"},
		"login-missing":                   {"x-login"},
		"login-of-cashouts":               {"x-login"},
		"status-without-credentials":      {"login", "pass"},
		"deposits-key-as-login":           {"login"},
		"secret-as-pass":                  {"a secret travels", "pass"},
		"credentials-in-url":              {"url"},
		"secret-in-header":                {"a secret travels"},
		"secret-in-url":                   {"a secret travels", "url"},
		"content-type-missing":            {"content type"},
		"content-type-form":               {"content type"},
		"user-agent-missing":              {"user agent"},
		"status-unsigned":                 {"form of the signature", "signature"},
		"undated":                         {"form of the date"},
		"date-taken-twice":                {"signature"},
		"date-with-milliseconds":          {"form of the date"},
		"date-with-offset":                {"form of the date"},
		"local-time":                      {"date"},
		"signed-too-early":                {"date"},
		"date-taken-once":                 {"date", "sent again unchanged"},
		"signs-pretty-printed":            {"signature"},
		"signs-before-reserialising":      {"signature"},
		"signs-body-only":                 {"signature"},
		"signs-before-credentials":        {"signature"},
		"deposits-signed-for-cashouts":    {"signature"},
		"cashouts-signed-with-passphrase": {"signature"},
		"upper-case-digest":               {"form of the signature"},
		"another-scheme":                  {"form of the signature"},
		"signs-latin-1":                   {"signature"},
		"sends-latin-1":                   {"not utf-8"},
		"no-key":                          {"key"},
		"creates-blindly":                 {"key", "sent again without key"},
		"counter-key":                     {"key"},
		"one-key-for-all":                 {"key reused"},
		"refund-under-deposit-key":        {"key reused"},
		"key-on-get":                      {"key"},
		"new-key-on-retry":                {"key changed"},
		"new-body-on-retry":               {"body changed"},
		"stale-retry":                     {"date", "sent again unchanged"},
		"ids-of-32-bits":                  nil, // has a test of its own
		"never-gives-up":                  {"hammers"},
	}
	for _, m := range Mutants() {
		if _, ok := shows[m.Name]; !ok {
			assert.Contains(t, []string{"keys-not-kept", "plain-http", "redirect-followed", "certificate-unchecked", "host-name-unchecked", "expired-certificate"}, m.Name)
		}
	}
	for mutant, want := range shows {
		t.Run(mutant, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, symptoms(t, mutant))
		})
	}
}

func TestConnectionMutants(t *testing.T) {
	t.Parallel()
	var plainly sync.Map
	plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		plainly.Store(r.Header.Get(d24.HeaderPayloadSignature) != "", true)
	}))
	t.Cleanup(plain.Close)
	authority, ca := peertest.Authority(t)
	strangers := peertest.Strangers(t, authority)
	moved, _ := peertest.Serve(t, authority, peertest.Good(), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	for _, c := range []struct {
		mutant string
		taken  []string // strangers' certificates that it takes
		leaks  bool     // to whom a redirect points
	}{
		{"", nil, false},
		{"redirect-followed", nil, true},
		{"certificate-unchecked", []string{"an expired certificate", "an unknown authority", "another name"}, false},
		{"host-name-unchecked", []string{"another name"}, false},
		{"expired-certificate", []string{"an expired certificate"}, false},
	} {
		p := start(t, Options{Mutant: c.mutant, Sleep: noSleep})
		var taken []string
		for name, stranger := range strangers {
			before := stranger.Arrived.Load()
			p.Hello(stranger.URL, ca, mock.DefaultCredentials())
			p.Call("create_cashout", peertest.Fields{"body": peertest.Cashout("c-1", "José")})
			if stranger.Arrived.Load() > before {
				taken = append(taken, name)
			}
		}
		slices.Sort(taken)
		assert.Equal(t, c.taken, taken, c.mutant)

		p.Hello(moved, ca, mock.DefaultCredentials())
		p.Call("create_cashout", peertest.Fields{"body": peertest.Cashout("c-1", "José")})
		_, leaked := plainly.LoadAndDelete(true)
		assert.Equal(t, c.leaks, leaked, c.mutant)
	}

	p := start(t, Options{Mutant: "plain-http", Sleep: noSleep})
	p.Hello("https://"+strings.TrimPrefix(plain.URL, "http://"), ca, mock.DefaultCredentials())
	p.Call("create_cashout", peertest.Fields{"body": peertest.Cashout("c-1", "José")})
	_, leaked := plainly.Load(true)
	assert.True(t, leaked)
}

func TestIDsOf32Bits(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for mutant, path := range map[string]string{"": "/v3/deposits/10300000001", "ids-of-32-bits": "/v3/deposits/1710065409"} {
		s.begin(t, mutant).Call("deposit_status", peertest.Fields{"deposit_id": json.Number("10300000001")})
		all := s.mock.Admin().Exchanges()
		assert.Equal(t, s.mock.BaseURL()+path, all[len(all)-1].Request.URL, mutant)
	}
}

// A 429 says how long to wait; a client that is told too much does not wait for ever.
func TestWaitsAsItIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	authority, ca := peertest.Authority(t)
	told := ""
	base, _ := peertest.Serve(t, authority, peertest.Good(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", told)
		w.WriteHeader(http.StatusTooManyRequests)
	})
	p := s.begin(t, "")
	p.Hello(base, ca, mock.DefaultCredentials())
	for after, want := range map[string]time.Duration{
		"2": 2 * time.Second, "3600": maxPause, "": standardPause, "-1": standardPause, "tomorrow": standardPause,
	} {
		told, s.slept = after, nil
		assert.Equal(t, http.StatusTooManyRequests, p.Call("banks", peertest.Fields{"country": "BR"}).Status)
		assert.Equal(t, []time.Duration{want, want}, s.slept, after)
	}
}

// A retry has the date of its own time, to the second.
func TestDatesEveryAttempt(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.begin(t, "")
	_, err := s.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultDropAfterCommit})
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, p.Call("create_deposit", peertest.Fields{"body": peertest.Deposit("d-1", "José")}).Status)
	var dates []string
	for _, e := range s.mock.Admin().Exchanges() {
		dates = append(dates, e.Request.Header.Get(d24.HeaderDate))
	}
	assert.Equal(t, []string{"2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z"}, dates)
}

// Derived mutants have names of their own, change something, break rules that a client is
// judged by, and are said to be equivalent only with a reason.
func TestDerivedMutants(t *testing.T) {
	t.Parallel()
	ledger, err := rules.Load(rules.Latest)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, m := range append(Mutants(), Derived()...) {
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, m.Name)
		assert.False(t, names[m.Name], "%s is there twice", m.Name)
		names[m.Name] = true
		require.NoError(t, applyMutant(newHabits(), m.Name))
		for _, id := range m.Breaks {
			rule, ok := ledger.Rule(id)
			require.True(t, ok, "%s breaks %s, which is no rule", m.Name, id)
			assert.Equal(t, rules.Judged, rule.Judgement(rules.RoleClient), "%s breaks %s", m.Name, id)
		}
	}
	assert.Greater(t, len(Derived()), 300)
	for name, reason := range Equivalents() {
		assert.False(t, names[name], name)
		assert.NotEmpty(t, reason, name)
	}
}

// What outlives a start of the program is the key of an order that got no answer.
func TestKeysOutliveAStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	program, err := New(Options{Now: s.time, Sleep: s.sleep, Timeout: time.Minute})
	require.NoError(t, err)
	keys := func() (list []string) {
		for _, e := range s.mock.Admin().Exchanges() {
			list = append(list, e.Request.Header.Get(d24.HeaderIdempotencyKey))
		}
		return list
	}
	begin := func() *peertest.Peer {
		p := serve(t, program)
		require.Empty(t, p.Hello(s.mock.BaseURL(), peertest.CAFile(t, s.mock.CertificatePEM()), s.mock.Credentials()).Error)
		return p
	}
	_, err = s.mock.Admin().AddFault(mock.Fault{Kind: mock.FaultDropBefore, Times: maxTries})
	require.NoError(t, err)
	order := peertest.Fields{"body": peertest.Deposit("d-1", "José")}
	assert.NotEmpty(t, begin().Call("create_deposit", order).Error)
	assert.Equal(t, http.StatusCreated, begin().Call("create_deposit", order).Status)
	first := keys()
	assert.Len(t, first, maxTries+1)
	assert.Len(t, slices.Compact(slices.Clone(first)), 1)
	begin().Call("create_deposit", order)
	assert.NotEqual(t, first[0], keys()[maxTries+1], "one that was answered is over")
}
