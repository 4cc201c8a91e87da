package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Role is the side of the wire that a run judges.
type Role string

// The roles.
const (
	RoleServer   Role = "server"   // answers API calls
	RoleClient   Role = "client"   // makes API calls
	RoleReceiver Role = "receiver" // is sent notifications
)

// Roles lists every role, in the order in which reports show them.
func Roles() []Role { return []Role{RoleServer, RoleClient, RoleReceiver} }

// Product is one of the two APIs of the family.
type Product string

// The products.
const (
	Deposits Product = "deposits"
	Cashouts Product = "cashouts"
)

// Products lists every product.
func Products() []Product { return []Product{Deposits, Cashouts} }

// Obligation says how strongly a rule binds: only a broken must is a failure.
type Obligation string

// The obligations.
const (
	Must   Obligation = "must"
	Should Obligation = "should"
	May    Obligation = "may"
)

// Judgement says what a run does with a rule for one role.
type Judgement string

// The judgements. The empty value means that the rule does not bind the role.
const (
	Judged    Judgement = "judged"     // kept or broken
	Observed  Judgement = "observed"   // looked at and reported, never blamed
	NotJudged Judgement = "not judged" // outside of what a run can see
)

// Page is one page of the documents, in the edition of one brand.
type Page struct {
	Key   string `json:"key"`            // short source key, such as S3
	Seed  bool   `json:"seed,omitempty"` // one of the five pages that the rule set began with
	Name  string `json:"name"`           // the same for all brands, such as deposits-security
	Title string `json:"title"`          // for people
	Brand string `json:"brand"`
	URL   string `json:"url"`
}

// Binding is what a rule means for one role.
type Binding struct {
	Judgement  Judgement
	Obligation Obligation
	Reason     string // why it is observed or not judged; empty when judged
	Fix        string // how to mend a violation; never empty when judged
}

// Rule is one documented sentence. Its slices are shared with the ledger and
// must not be changed.
type Rule struct {
	ID          string
	Says        string // the sentence, paraphrased: one line, no full stop
	Pages       []Page
	Source      Source // which pages demand it: [Seed] or [OtherPage]
	Products    []Product
	Obligation  Obligation // of the sentence; [Binding] has it for a role
	Note        string     // what the judgement leaves out, if anything
	Ambiguities []string   // ids of the register that touch the rule
	Vectors     []string   // kinds of vectors that bear on it, such as xdate/window

	bindings map[Role]Binding
}

// Binding returns what the rule means for a role, and whether it binds it.
func (r Rule) Binding(role Role) (Binding, bool) {
	b, ok := r.bindings[role]
	return b, ok
}

// Roles returns the roles that the rule binds.
func (r Rule) Roles() []Role {
	var out []Role
	for _, role := range Roles() {
		if _, ok := r.bindings[role]; ok {
			out = append(out, role)
		}
	}
	return out
}

// Judgement returns what a run does with the rule for a role; empty when the
// rule does not bind it.
func (r Rule) Judgement(role Role) Judgement { return r.bindings[role].Judgement }

// ObligationFor returns how strongly the rule binds a role. It differs from
// Obligation where a page offers a client what it demands of a server.
func (r Rule) ObligationFor(role Role) Obligation {
	if b, ok := r.bindings[role]; ok {
		return b.Obligation
	}
	return r.Obligation
}

// Family is the id without its number: DEP-DATE for DEP-DATE-03.
func (r Rule) Family() string { return Family(r.ID) }

// Family returns the family of a rule id: DEP-DATE for DEP-DATE-03.
func Family(id string) string {
	if i := strings.LastIndexByte(id, '-'); i > 0 {
		return id[:i]
	}
	return id
}

// Group is one family of the closed list of rules: what a rule set has to hold, so
// that a rule which is lost from the data is noticed.
type Group struct {
	Name  string `json:"name"`  // such as DEP-DATE
	Title string `json:"title"` // for people
	Last  int    `json:"last"`  // highest number; the first is 1 and none is left out
}

// IDs returns the ids of the family's rules.
func (g Group) IDs() []string {
	out := make([]string, g.Last)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%02d", g.Name, i+1)
	}
	return out
}

// PageTitles returns the titles of the rule's pages, each once: brands print
// the same page, and a reader wants to know the page.
func (r Rule) PageTitles() []string {
	var out []string
	for _, p := range r.Pages {
		if !slices.Contains(out, p.Title) {
			out = append(out, p.Title)
		}
	}
	return out
}
