package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// documented lists every rule of the source pages and of the endpoint pages,
// by family and highest number. It is written out here so that a row lost
// from the data is noticed.
var documented = []struct {
	family string
	last   int
}{
	{"ENV", 12},
	{"PANEL", 11},
	{"CASH-SEC", 4},
	{"CASH-AUTH", 7},
	{"CASH-HDR", 3},
	{"CASH-SIG", 4},
	{"CASH-IP", 1},
	{"CASH-EXT", 1},
	{"CASH-BAL", 1},
	{"CASH-STAT", 2},
	{"DEP-SEC", 4},
	{"DEP-AUTH", 7},
	{"DEP-HDR", 6},
	{"DEP-SIG", 4},
	{"DEP-DATE", 4},
	{"DEP-IDEM", 9},
	{"DEP-CT", 2},
	{"DEP-IP", 1},
	{"DEP-REF", 2},
	{"NOTIF", 11},
	{"DOC", 1},
	{"CLI-TLS", 1},
	{"CLI-KEY", 2},
	{"CLI-SECRET", 1},
}

func mustLoad(t *testing.T) *Ledger {
	t.Helper()
	l, err := Load(Latest)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryDocumentedRuleIsInTheLedger(t *testing.T) {
	t.Parallel()
	var want []string
	for _, f := range documented {
		for i := 1; i <= f.last; i++ {
			want = append(want, fmt.Sprintf("%s-%02d", f.family, i))
		}
	}
	var got []string
	l := mustLoad(t)
	for _, r := range l.Rules() {
		got = append(got, r.ID)
		if r2, ok := l.Rule(r.ID); !ok || r2.ID != r.ID {
			t.Errorf("Rule(%q) finds %q, %v", r.ID, r2.ID, ok)
		}
	}
	if len(want) != 85+16 {
		t.Fatalf("the test lists %d rules, the documents have 85 + 16", len(want))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-documented +ledger):\n%s", diff)
	}
	if _, ok := l.Rule("DEP-DATE-99"); ok {
		t.Error("a rule that does not exist was found")
	}
}

// TestTheClosedListIsTheDocuments: the data's own list must not shrink together with
// the rules.
func TestTheClosedListIsTheDocuments(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, g := range mustLoad(t).Groups() {
		got = append(got, g.IDs()...)
	}
	for _, f := range documented {
		want = append(want, Group{Name: f.family, Last: f.last}.IDs()...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("closed list (-documented +ruleset.json):\n%s", diff)
	}
	if n, ok := mustLoad(t).Scenarios(RoleServer); !ok || n < 300 {
		t.Errorf("%d scenarios are frozen for the server, %v", n, ok)
	}
}

func TestServerRulesThatAreJudged(t *testing.T) {
	t.Parallel()
	want := strings.Fields(`
		ENV-04 ENV-09 ENV-10 ENV-11 ENV-12
		PANEL-02 PANEL-07 PANEL-08 PANEL-09
		CASH-SEC-01 CASH-SEC-02 CASH-SEC-03 CASH-SEC-04
		CASH-AUTH-01 CASH-AUTH-02 CASH-AUTH-03 CASH-AUTH-04 CASH-AUTH-06
		CASH-HDR-01
		CASH-SIG-01 CASH-SIG-02 CASH-SIG-03 CASH-SIG-04
		CASH-IP-01 CASH-EXT-01 CASH-BAL-01 CASH-STAT-01 CASH-STAT-02
		DEP-SEC-01 DEP-SEC-02 DEP-SEC-03 DEP-SEC-04
		DEP-AUTH-01 DEP-AUTH-02 DEP-AUTH-03 DEP-AUTH-06
		DEP-HDR-01 DEP-HDR-02 DEP-HDR-03 DEP-HDR-04 DEP-HDR-05 DEP-HDR-06
		DEP-SIG-01 DEP-SIG-02 DEP-SIG-03 DEP-SIG-04
		DEP-DATE-01 DEP-DATE-02 DEP-DATE-03
		DEP-IDEM-01 DEP-IDEM-02 DEP-IDEM-03 DEP-IDEM-04 DEP-IDEM-05 DEP-IDEM-07 DEP-IDEM-08
		DEP-CT-01 DEP-CT-02 DEP-IP-01 DEP-REF-01 DEP-REF-02
		NOTIF-01 NOTIF-04`)
	var judged, observed []string
	for _, r := range mustLoad(t).For(RoleServer, Products()) {
		switch r.Judgement(RoleServer) {
		case Judged:
			judged = append(judged, r.ID)
		case Observed:
			observed = append(observed, r.ID)
		}
	}
	if diff := cmp.Diff(want, judged); diff != "" {
		t.Errorf("judged (-want +ledger, in ledger order):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"CASH-HDR-02", "CASH-HDR-03", "NOTIF-06"}, observed); diff != "" {
		t.Errorf("observed (-want +ledger):\n%s", diff)
	}
}

func TestForSelectsByProductAndRole(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	has := func(rs []Rule, id string) bool {
		return slices.ContainsFunc(rs, func(r Rule) bool { return r.ID == id })
	}
	for _, tt := range []struct {
		name     string
		role     Role
		products []Product
		in, out  []string
	}{
		{"deposits only leaves cashouts out", RoleServer, []Product{Deposits}, []string{"DEP-DATE-03", "ENV-04"}, []string{"CASH-SIG-01", "PANEL-09"}},
		{"cashouts only leaves deposits out", RoleServer, []Product{Cashouts}, []string{"CASH-SIG-01", "ENV-04", "PANEL-09"}, []string{"DEP-DATE-03"}},
		{"what is not judged is left out", RoleServer, Products(), nil, []string{"ENV-07", "NOTIF-02", "DEP-AUTH-04", "PANEL-01"}},
		{"a client is bound by its own rules", RoleClient, Products(), []string{"CLI-TLS-01", "DEP-IDEM-06", "CASH-HDR-03"}, []string{"DEP-SIG-02", "NOTIF-05", "DEP-DATE-04"}},
		{"a receiver is bound by its own rules", RoleReceiver, Products(), []string{"NOTIF-02", "NOTIF-05", "NOTIF-11", "DEP-SIG-04"}, []string{"CASH-SIG-03", "CLI-TLS-01"}},
		{"no products, no rules", RoleServer, nil, nil, []string{"ENV-04"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rs := l.For(tt.role, tt.products)
			for _, id := range tt.in {
				if !has(rs, id) {
					t.Errorf("%s is missing", id)
				}
			}
			for _, id := range tt.out {
				if has(rs, id) {
					t.Errorf("%s is there", id)
				}
			}
		})
	}
}

func TestRulesAreReadyForReports(t *testing.T) {
	t.Parallel()
	oneLine := func(t *testing.T, what, s string, limit int) {
		t.Helper()
		if n := utf8.RuneCountInString(s); n == 0 || n > limit {
			t.Errorf("%s has %d characters, want 1 to %d: %q", what, n, limit, s)
		}
		if strings.ContainsAny(s, "\n\r\t") || strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
			t.Errorf("%s is not one clean line: %q", what, s)
		}
	}
	for _, r := range mustLoad(t).Rules() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			oneLine(t, "sentence", r.Says, 160)
			if strings.HasSuffix(r.Says, ".") {
				t.Errorf("sentence ends in a full stop: %q", r.Says)
			}
			if len(r.PageTitles()) == 0 || len(r.Roles()) == 0 {
				t.Error("no page or no role")
			}
			for _, role := range r.Roles() {
				b, _ := r.Binding(role)
				switch b.Judgement {
				case Judged:
					oneLine(t, "fix for "+string(role), b.Fix, 320)
					if !strings.HasSuffix(b.Fix, ".") {
						t.Errorf("fix for %s is no sentence: %q", role, b.Fix)
					}
				case Observed, NotJudged:
					oneLine(t, "reason for "+string(role), b.Reason, 200)
				}
			}
		})
	}
}

func TestObligationMayDifferForARole(t *testing.T) {
	t.Parallel()
	r, _ := mustLoad(t).Rule("DEP-IDEM-03")
	if r.ObligationFor(RoleServer) != Must || r.ObligationFor(RoleClient) != Should || r.ObligationFor(RoleReceiver) != Must {
		t.Errorf("server %s, client %s, unbound %s", r.ObligationFor(RoleServer), r.ObligationFor(RoleClient), r.ObligationFor(RoleReceiver))
	}
	if r.Family() != "DEP-IDEM" || Family("odd") != "odd" {
		t.Errorf("families %q, %q", r.Family(), Family("odd"))
	}
}

func TestPagesHaveTitlesAndAreAllUsed(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	used := make(map[string]bool)
	for _, r := range l.Rules() {
		for _, p := range r.Pages {
			used[p.Key] = true
		}
	}
	for _, p := range l.Pages() {
		if p.Name == "" || p.Title == "" || p.Brand == "" || !strings.HasPrefix(p.URL, "https://") {
			t.Errorf("page %s is not described: %+v", p.Key, p)
		}
		if !used[p.Key] {
			t.Errorf("no rule comes from page %s", p.Key)
		}
	}
	r, _ := l.Rule("DEP-DATE-03")
	if diff := cmp.Diff([]string{"Deposits, technical and security aspects"}, r.PageTitles()); diff != "" {
		t.Errorf("two brands of one page are one title (-want +got):\n%s", diff)
	}
}

func TestLedgerCannotBeChangedThroughItsLists(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	l.Rules()[0].ID = "X"
	l.Ambiguities()[0].ID = "X"
	if l.Rules()[0].ID != "ENV-01" || l.Ambiguities()[0].ID != "AMB-01" {
		t.Error("a caller changed the ledger")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(Latest); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRulesSayWhichPageDemandsThem(t *testing.T) {
	t.Parallel()
	var others []string
	for _, r := range mustLoad(t).Rules() {
		if r.Source == OtherPage {
			others = append(others, r.ID)
		}
	}
	want := []string{
		"CASH-SIG-04", "CASH-EXT-01", "CASH-BAL-01", "CASH-STAT-01", "CASH-STAT-02", "DEP-REF-01", "DEP-REF-02",
		"NOTIF-07", "NOTIF-08", "NOTIF-09", "NOTIF-10", "NOTIF-11",
	}
	if diff := cmp.Diff(want, others); diff != "" {
		t.Errorf("rules that no seed page demands (-want +got):\n%s", diff)
	}
}

func TestCodesSayWhereTheyAreDocumented(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	for _, tt := range []struct {
		product Product
		number  int
		want    Source
		known   bool
	}{
		{Deposits, 103, OtherPage, true},
		{Deposits, 402, ThirdParty, true},
		{Cashouts, 402, OtherPage, true},
		{Cashouts, 103, "", false},
	} {
		if got, ok := l.CodeSource(tt.product, tt.number); got != tt.want || ok != tt.known {
			t.Errorf("code %d of %s: %q, %t; want %q, %t", tt.number, tt.product, got, ok, tt.want, tt.known)
		}
	}
	if got := len(l.Codes(Deposits)) + len(l.Codes(Cashouts)); got != 51 {
		t.Errorf("%d codes, want the 20 of deposits and the 31 of cashouts", got)
	}
}

// A run judges these codes, so a page must document them.
func TestTheCodesThatAreJudgedAreDocumented(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	for product, numbers := range map[Product][]int{
		Deposits: {100, 101, 102, 103, 104, 105, 802},
		Cashouts: {302, 401, 402, 510, 511, 514, 521, 524},
	} {
		for _, number := range numbers {
			code, ok := l.Code(product, number)
			if !ok || code.Confidence != Documented || len(code.Pages) == 0 {
				t.Errorf("code %d of %s is judged and not documented: %+v", number, product, code)
			}
		}
	}
}
