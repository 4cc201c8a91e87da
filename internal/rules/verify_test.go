package rules

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// small is a rule set with a rule of each sort: judged, observed, not judged.
func small() map[string]string {
	return map[string]string{
		"ruleset.json": `{"version": "v", "frozen": "2026-11-21", "rules": ["r.json"], "ambiguities": "a.json", "codes": "c.json",
 "families": [{"name": "X", "title": "x", "last": 4}], "register": 2, "scenarios": {"server": 4},
 "pages": [{"key": "S1", "name": "page", "title": "A page", "brand": "B"}]}`,
		"r.json": `[
  {"id": "X-01", "says": "one", "pages": ["S1"], "source": "other page", "products": ["deposits"], "obligation": "must",
   "judged": ["server", "client"], "fix": {"server": "Do.", "client": "Do."}, "ambiguities": ["AMB-01"], "vectors": ["t/k"]},
  {"id": "X-02", "says": "two", "pages": ["S1"], "source": "other page", "products": ["cashouts"], "obligation": "must", "obligation_by_role": {"server": "should"},
   "judged": ["server"], "fix": {"server": "Do."}},
  {"id": "X-03", "says": "three", "pages": ["S1"], "source": "other page", "products": ["deposits", "cashouts"], "obligation": "must",
   "observed": {"server": "open"}},
  {"id": "X-04", "says": "four", "pages": ["S1"], "source": "other page", "products": ["deposits"], "obligation": "must",
   "not_judged": {"server": "a contract"}}
]`,
		"c.json": `[]`,
		"a.json": `[
  {"id": "AMB-01", "question": "q?", "evidence": ["a", "b"], "default": {"name": "d", "means": "m"}, "concludes": "c"},
  {"id": "AMB-02", "question": "q?", "evidence": ["a", "b"], "default": {"name": "d", "means": "m"}, "concludes": "c"}
]`,
	}
}

func complete() Evidence {
	return Evidence{
		Scenarios: []Scenario{
			{Name: "a", File: "f", Line: 1, Tags: []string{"@server", "@deposits", "@X-01", "@must"}, Ambiguities: []string{"AMB-01"}},
			{Name: "b", File: "f", Line: 2, Tags: []string{"@server", "@cashouts", "@X-02", "@should"}},
			{Name: "c", File: "f", Line: 3, Tags: []string{"@server", "@deposits", "@X-03", "@must", "@observed"}},
			{Name: "d", File: "f", Line: 4, Tags: []string{"@server", "@deposits", "@X-01", "@must", "@alone", "@observed"}},
		},
		Vectors: []Vector{{"t/one", "t/k"}, {"t/two", "t/k"}},
		Mutants: []Mutant{{"no-one", RoleServer, []string{"X-01"}}, {"no-two", RoleServer, []string{"X-02"}}},
		Peers:   []Peer{{"mock", RoleServer, []string{"X-01", "X-02"}}},
	}
}

func problems(v Verification) string {
	var b strings.Builder
	for _, p := range v.Problems {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

func loadSmall(t *testing.T, files map[string]string) *Ledger {
	t.Helper()
	l, err := load(asFS(files), "v")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestVerifyFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	retag := func(i int, from, to string) func(*Evidence) {
		return func(e *Evidence) {
			at := slices.Index(e.Scenarios[i].Tags, from)
			e.Scenarios[i].Tags = slices.Replace(e.Scenarios[i].Tags, at, at+1, strings.Fields(to)...)
		}
	}
	const fewer = "rule set v: has 4 scenarios for a server, and there are 3: if that is meant, write the number into ruleset.json\n"
	for _, tt := range []struct {
		name   string
		damage func(*Evidence)
		want   string
	}{
		{"nothing is missing", func(*Evidence) {}, ""},
		{
			"the only scenario of a rule is removed", func(e *Evidence) { e.Scenarios = slices.Delete(e.Scenarios, 1, 2) },
			fewer + "X-02: has no scenario for a server: two\n",
		},
		{
			"a rule is left with a scenario that only observes", func(e *Evidence) { e.Scenarios = slices.Delete(e.Scenarios, 0, 1) },
			fewer + "X-01: has no scenario for a server: one\n",
		},
		{
			"an observed rule loses its scenario", func(e *Evidence) { e.Scenarios = slices.Delete(e.Scenarios, 2, 3) },
			fewer + "X-03: has no scenario for a server: three\n",
		},
		{
			"one of two scenarios is removed", func(e *Evidence) { e.Scenarios = slices.Delete(e.Scenarios, 3, 4) },
			fewer,
		},
		{
			"a scenario is added", func(e *Evidence) { e.Scenarios = append(e.Scenarios, e.Scenarios[3]) },
			"rule set v: has 4 scenarios for a server, and there are 5: if that is meant, write the number into ruleset.json\n",
		},
		{
			"a tag is removed", retag(1, "@X-02", ""),
			"f:2: has no rule's tag, so it judges nothing\nX-02: has no scenario for a server: two\n",
		},
		{"a tag is mistyped", retag(3, "@X-01", "@X-1"), "f:4: is tagged @X-1, which is no rule\n"},
		{"a tag is in small letters", retag(3, "@X-01", "@x-01"), "f:4: is tagged @x-01, which is no rule\n"},
		{"a tag names a rule that is not judged", retag(3, "@X-01", "@X-04"), "f:4: is tagged @X-04, which is not judged for a server\n"},
		{
			"a tag names a rule that does not bind the role", retag(1, "@server", "@server @receiver"),
			"f:2: is tagged @X-02, which does not bind a receiver\n" +
				"rule set v: has 0 scenarios for a receiver, and there are 1: if that is meant, write the number into ruleset.json\n",
		},
		{"an observed rule could be blamed", retag(2, "@observed", ""), "f:3: could blame a server for X-03, which is observed: it needs @observed\n"},
		{"the obligation differs", retag(0, "@must", "@should"), "f:1: is tagged @should, and X-01 is a must\n"},
		{"the obligation of a role differs", retag(1, "@should", "@must"), "f:2: is tagged @must, and X-02 is a should\n"},
		{"there are two obligations", retag(0, "@must", "@must @may"), "f:1: is tagged @must @may, and X-01 is a must\n"},
		{"there is no obligation", retag(0, "@must", ""), "f:1: is tagged with no obligation, and X-01 is a must\n"},
		{"the product differs", retag(1, "@cashouts", "@deposits"), "f:2: is tagged @deposits and @X-02, which is a rule of cashouts\n"},
		{"no product is both", retag(1, "@cashouts", ""), ""},
		{
			"the role is removed", retag(3, "@server", ""),
			"f:4: has no role's tag, such as @server\n" + fewer,
		},
		{
			"a text names what is not in the register", func(e *Evidence) { e.Scenarios[0].Ambiguities = []string{"AMB-99"} },
			"f:1: names AMB-99, which is not in the register\n",
		},
		{
			"a text names what does not touch its rules", func(e *Evidence) { e.Scenarios[0].Ambiguities = []string{"AMB-02"} },
			"f:1: names AMB-02, which touches none of its rules\n",
		},
		{
			"a mutant is removed", func(e *Evidence) { e.Mutants = e.Mutants[:1] },
			"X-02: has no mutant for a server: two\n",
		},
		{
			"every mutant is removed", func(e *Evidence) { e.Mutants = []Mutant{} },
			"X-01: has no mutant for a server: one\nX-02: has no mutant for a server: two\n",
		},
		{
			"a mutant breaks what is observed", func(e *Evidence) { e.Mutants[0].Rules = []string{"X-01", "X-03"} },
			"mutant no-one: breaks X-03, which is not judged for a server\n",
		},
		{
			"a mutant breaks nothing that exists", func(e *Evidence) { e.Mutants = append(e.Mutants, Mutant{"m", RoleServer, []string{"X-09"}}) },
			"mutant m: breaks X-09, which is no rule\n",
		},
		{
			"a mutant breaks nothing", func(e *Evidence) { e.Mutants = append(e.Mutants, Mutant{Name: "m", Role: RoleServer}) },
			"mutant m: breaks no rule\n",
		},
		{
			"a mutant is there twice", func(e *Evidence) { e.Mutants = append(e.Mutants, e.Mutants[0]) },
			"mutant no-one: is there twice\n",
		},
		{
			"a mutant has no role", func(e *Evidence) { e.Mutants[1].Role = "" },
			"mutant no-two: breaks X-02, which is not judged for a program without a role\nX-02: has no mutant for a server: two\n",
		},
		{
			"a rule has no conforming peer", func(e *Evidence) { e.Peers[0].Rules = []string{"X-01"} },
			"X-02: has no conforming peer for a server: two\n",
		},
		{
			"vectors of a kind are removed", func(e *Evidence) { e.Vectors = []Vector{} },
			"X-01: names vectors of kind t/k, of which there are none\n",
		},
		{
			"a kind of vectors bears on nothing", func(e *Evidence) { e.Vectors = append(e.Vectors, Vector{"t/three", "t/new"}) },
			"vectors: those of kind t/new bear on no rule\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := complete()
			tt.damage(&e)
			v := loadSmall(t, small()).Verify(e)
			if diff := cmp.Diff(tt.want, problems(v)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if strings.Contains(strings.Join(v.NotChecked, "\n"), "mutants") {
				t.Errorf("not checked: %v", v.NotChecked)
			}
		})
	}
}

func TestVerifyKnowsTheClosedList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, from, to, want string
	}{
		{
			"a rule is lost", "r.json", `"id": "X-04"`, `"id": "X-05"`,
			"X-04: is in the closed list and missing from the ledger\nX-05: is in the ledger and not in the closed list\n",
		},
		{"the list is longer", "ruleset.json", `"last": 4`, `"last": 5`, "X-05: is in the closed list and missing from the ledger\n"},
		{"the list is shorter", "ruleset.json", `"last": 4`, `"last": 3`, "X-04: is in the ledger and not in the closed list\n"},
		{"an ambiguity is lost", "ruleset.json", `"register": 2`, `"register": 3`, "AMB-03: is in the closed list and missing from the register\n"},
		{"an ambiguity is new", "ruleset.json", `"register": 2`, `"register": 1`, "AMB-02: is in the register and not in the closed list\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := small()
			files[tt.file] = strings.Replace(files[tt.file], tt.from, tt.to, 1)
			if diff := cmp.Diff(tt.want, problems(loadSmall(t, files).Verify(complete()))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifySaysWhatItDidNotCheck(t *testing.T) {
	t.Parallel()
	e := complete()
	e.Mutants, e.Peers, e.Vectors = nil, nil, nil
	v := loadSmall(t, small()).Verify(e)
	want := []string{
		"rules of a client: the set has no scenarios for this role",
		"mutants: this version lists none",
		"conforming peers: this version lists none",
		"vectors: none were given",
	}
	if diff := cmp.Diff(want, v.NotChecked); diff != "" || len(v.Problems) > 0 {
		t.Errorf("problems %v, not checked (-want +got):\n%s", v.Problems, diff)
	}
}

// TestASecondRuleSet adds a folder and touches nothing else: the first set stays as
// it was, and what belongs to the second alone is none of its business.
func TestASecondRuleSet(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for name, text := range small() {
		fsys["2026-11/"+name] = &fstest.MapFile{Data: []byte(strings.Replace(text, `"version": "v"`, `"version": "2026-11"`, 1))}
		text = strings.Replace(text, `"version": "v"`, `"version": "2027-05"`, 1)
		text = strings.Replace(text, `"last": 4`, `"last": 5`, 1)
		text = strings.Replace(text, `"server": 4`, `"server": 5`, 1)
		if name == "r.json" {
			text = strings.TrimSuffix(text, "\n]") + `,
  {"id": "X-05", "says": "five", "pages": ["S1"], "source": "other page", "products": ["deposits"], "obligation": "must", "judged": ["server"], "fix": {"server": "Do."}}
]`
		}
		fsys["2027-05/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	if diff := cmp.Diff([]string{"2026-11", "2027-05"}, versions(fsys)); diff != "" {
		t.Fatalf("versions (-want +got):\n%s", diff)
	}
	first, err := load(fsys, "2026-11")
	if err != nil {
		t.Fatal(err)
	}
	second, err := load(fsys, "2027-05")
	if err != nil {
		t.Fatal(err)
	}
	e := complete()
	e.Scenarios = append(e.Scenarios, Scenario{Name: "e", File: "f", Line: 5, Tags: []string{"@server", "@deposits", "@X-05", "@must"}})
	e.Mutants = append(e.Mutants, Mutant{"no-five", RoleServer, []string{"X-05"}})
	e.Peers[0].Rules = append(e.Peers[0].Rules, "X-05")
	for _, l := range []*Ledger{first, second} {
		if got := problems(l.Verify(e, first, second)); got != "" {
			t.Errorf("%s:\n%s", l.Version, got)
		}
	}
	if got := problems(first.Verify(e)); !strings.Contains(got, "f:5: is tagged @X-05, which is no rule") {
		t.Errorf("the first set alone:\n%s", got)
	}
}

func TestLatestIsTheNewestSet(t *testing.T) {
	t.Parallel()
	if all := Versions(); !slices.IsSorted(all) || all[len(all)-1] != Latest {
		t.Errorf("latest is %s, the sets are %v", Latest, all)
	}
}

func TestCoverOfARule(t *testing.T) {
	t.Parallel()
	l, e := loadSmall(t, small()), complete()
	one, _ := l.Rule("X-01")
	cover := e.Of(one)
	if len(cover.By(RoleServer)) != 2 || len(cover.By(RoleClient)) != 0 || len(cover.Vectors) != 2 || len(cover.Mutants) != 1 || len(cover.Peers) != 1 {
		t.Errorf("cover of X-01: %+v", cover)
	}
	want := []Hole{{RoleClient, LacksScenario}, {RoleClient, LacksMutant}, {RoleClient, LacksPeer}}
	if diff := cmp.Diff(want, e.Holes(one)); diff != "" {
		t.Errorf("holes of X-01 (-want +got):\n%s", diff)
	}
	four, _ := l.Rule("X-04")
	if holes := e.Holes(four); holes != nil {
		t.Errorf("a rule that is not judged has holes: %v", holes)
	}
	if touched := l.Touching("AMB-01"); len(touched) != 1 || touched[0].ID != "X-01" {
		t.Errorf("AMB-01 touches %v", touched)
	}
	if named := e.Naming("AMB-01"); len(named) != 1 || named[0].Place() != "f:1" {
		t.Errorf("AMB-01 is named by %v", named)
	}
	if diff := cmp.Diff(strings.Fields("X-01 X-02 X-03 X-04 AMB-01 AMB-02"), l.IDs()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if Normal(" amb-05") != "AMB-05" {
		t.Errorf("normal: %q", Normal(" amb-05"))
	}
}
