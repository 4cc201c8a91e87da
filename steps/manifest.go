package steps

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/d24conform/d24conform/internal/rules"
)

// Tags that say how a scenario is run. All others are roles, products, rules
// (@DEP-DATE-03) and obligations (@must).
const (
	tagAlone    = "@alone"    // changes the target for everybody: nothing else runs meanwhile
	tagObserved = "@observed" // what it sees is reported and never blamed
	tagObserve  = "@observe"  // creates nothing, so it runs at level observe too
	tagLast     = "@last"     // runs when all others have ended
	tagFull     = "@full"     // runs at full depth only
)

// A Scenario is one scenario of the feature files; an outline is as many as it has
// examples.
type Scenario struct {
	Name    string
	Feature string // path of its file, from features/
	Line    int    // of the scenario, or of the example's row; rows of one named set share it
	Tags    []string
	Steps   []string // its sentences, with the example's words in them
	Cells   []string // of the tables below its sentences

	// row and rows are its place among the rows of its outline with the same change, and how
	// many there are: those that share the faults of a kind at quick depth.
	row, rows int
	rowAt     int // the line of its row in the text with named sets written out; 0 = it is no row
}

// Rules are the ids of the rules that the scenario judges.
func (s Scenario) Rules() []string {
	var ids []string
	for _, tag := range s.Tags {
		if ruleTag.MatchString(tag) {
			ids = append(ids, tag[1:])
		}
	}
	return ids
}

// ruleTag is what the id of a rule looks like as a tag: @DEP-DATE-03.
var ruleTag = regexp.MustCompile(`^@[A-Z]+(-[A-Z]+)*-\d\d$`)

// Has says whether the scenario carries the tag.
func (s Scenario) Has(tag string) bool {
	return slices.Contains(s.Tags, tag)
}

// concerns says whether the scenario is about one of the products. One without a
// product's tag is about all of them.
func (s Scenario) concerns(products []rules.Product) bool {
	about := false
	for _, p := range rules.Products() {
		if s.Has("@" + string(p)) {
			about = true
			if slices.Contains(products, p) {
				return true
			}
		}
	}
	return !about
}

// folder is where the feature files stand in the repository.
const folder = "features/"

// A Manifest lists the scenarios of a set of feature files, counted, so that what a
// runner leaves out is noticed.
type Manifest struct {
	Scenarios []Scenario
	byKey     map[string]int
	texts     map[string][]byte // of the files by their paths, with named sets written out
	index     sentenceIndex
}

// ReadManifest reads all .feature files of a file system, in the order of their
// paths. Rows that name a set of the newest rule set are written out. Two scenarios of a
// file may not have one name, since results name them.
func ReadManifest(files fs.FS) (*Manifest, error) {
	ledger, err := rules.Load(rules.Latest)
	if err != nil {
		return nil, fmt.Errorf("read features: %w", err)
	}
	m := &Manifest{byKey: map[string]int{}, texts: map[string][]byte{}}
	sets := ledger.Ranges().Sets
	err = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		return m.readFile(files, path, sets)
	})
	if err != nil {
		return nil, fmt.Errorf("read features: %w", err)
	}
	return m, nil
}

func (m *Manifest) readFile(files fs.FS, path string, sets map[string][]string) error {
	raw, err := fs.ReadFile(files, path)
	if err != nil {
		return err
	}
	expanded, origin, err := expand(string(raw), sets)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := []byte(expanded)
	m.texts[path] = text
	newID := (&messages.Incrementing{}).NewId
	document, err := gherkin.ParseGherkinDocument(bytes.NewReader(text), newID)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	lines := lineNumbers(document)
	rows := map[string]int{} // of an outline, by its node
	begin := len(m.Scenarios)
	var outlines []string
	for _, pickle := range gherkin.Pickles(*document, path, newID) {
		at := lines[pickle.AstNodeIds[len(pickle.AstNodeIds)-1]]
		s := Scenario{Name: pickle.Name, Feature: folder + path, Line: origin[at-1].line}
		if len(pickle.AstNodeIds) > 1 {
			s.rowAt = at
		}
		for _, step := range pickle.Steps {
			s.Steps = append(s.Steps, step.Text)
			if step.Argument == nil || step.Argument.DataTable == nil {
				continue
			}
			for _, row := range step.Argument.DataTable.Rows {
				for _, cell := range row.Cells {
					s.Cells = append(s.Cells, cell.Value)
				}
			}
		}
		outline := pickle.AstNodeIds[0] + " " + changeIn(s.Steps)
		for _, tag := range pickle.Tags {
			s.Tags = append(s.Tags, tag.Name)
		}
		if origin[at-1].pair && !s.Has(tagFull) {
			s.Tags = append(s.Tags, tagFull)
		}
		s.row = rows[outline]
		if !s.Has(tagFull) {
			rows[outline]++
		}
		outlines = append(outlines, outline)
		key := scenarioKey(path, pickle.Name)
		if other, ok := m.byKey[key]; ok {
			return fmt.Errorf("%s:%d: another scenario is called %q, in line %d", path, s.Line, s.Name, m.Scenarios[other].Line)
		}
		m.byKey[key] = len(m.Scenarios)
		m.Scenarios = append(m.Scenarios, s)
	}
	for i, outline := range outlines {
		m.Scenarios[begin+i].rows = rows[outline]
	}
	return nil
}

// changeIn is the sentence of a scenario that makes the change: the second one.
func changeIn(steps []string) string {
	if len(steps) < 2 {
		return ""
	}
	return steps[1]
}

// contents are the feature files that have any of the scenarios, for godog, without the rows
// of others. A scenario that is no row of an outline stays: it is skipped when its turn comes.
func (m *Manifest) contents(of []Scenario) []godog.Feature {
	wanted := map[string]map[int]bool{} // rows by files
	var paths []string
	for _, s := range of {
		path := strings.TrimPrefix(s.Feature, folder)
		if wanted[path] == nil {
			wanted[path] = map[int]bool{}
			paths = append(paths, path)
		}
		wanted[path][s.rowAt] = true
	}
	lines := map[string][]string{}
	for _, s := range m.Scenarios {
		path := strings.TrimPrefix(s.Feature, folder)
		if wanted[path] == nil || s.rowAt == 0 || wanted[path][s.rowAt] {
			continue
		}
		if lines[path] == nil {
			lines[path] = strings.Split(string(m.texts[path]), "\n")
		}
		lines[path][s.rowAt-1] = ""
	}
	list := make([]godog.Feature, len(paths))
	for i, path := range paths {
		list[i] = godog.Feature{Name: path, Contents: m.texts[path]}
		if lines[path] != nil {
			list[i].Contents = []byte(strings.Join(lines[path], "\n"))
		}
	}
	return list
}

func scenarioKey(path, name string) string { return path + "\x00" + name }

// find is the scenario that godog is about to run.
func (m *Manifest) find(path, name string) (Scenario, bool) {
	i, ok := m.byKey[scenarioKey(path, name)]
	if !ok {
		return Scenario{}, false
	}
	return m.Scenarios[i], true
}

// lineNumbers maps the node ids of scenarios and of examples' rows to their lines.
func lineNumbers(document *messages.GherkinDocument) map[string]int {
	lines := map[string]int{}
	add := func(s *messages.Scenario) {
		if s == nil {
			return
		}
		lines[s.Id] = int(s.Location.Line)
		for _, examples := range s.Examples {
			for _, row := range examples.TableBody {
				lines[row.Id] = int(row.Location.Line)
			}
		}
	}
	if document.Feature == nil {
		return lines
	}
	for _, child := range document.Feature.Children {
		add(child.Scenario)
		if child.Rule != nil {
			for _, inner := range child.Rule.Children {
				add(inner.Scenario)
			}
		}
	}
	return lines
}
