package steps

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/d24conform/d24conform/internal/rules"
)

// Tags that say how a scenario is run. All others are roles, products, rules
// (@DEP-DATE-03) and obligations (@must).
const (
	tagAlone    = "@alone"    // changes the target for everybody: nothing else runs meanwhile
	tagObserved = "@observed" // what it sees is reported and never blamed
	tagObserve  = "@observe"  // creates nothing, so it runs at level observe too
)

// A Scenario is one scenario of the feature files; an outline is as many as it has
// examples.
type Scenario struct {
	Name    string
	Feature string // path of its file, from features/
	Line    int    // of the scenario, or of the example's row
	Tags    []string
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
}

// ReadManifest reads all .feature files of a file system, in the order of their
// paths. Two scenarios of a file may not have one name, since results name them.
func ReadManifest(files fs.FS) (*Manifest, error) {
	m := &Manifest{byKey: map[string]int{}}
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		return m.readFile(files, path)
	})
	if err != nil {
		return nil, fmt.Errorf("read features: %w", err)
	}
	return m, nil
}

func (m *Manifest) readFile(files fs.FS, path string) error {
	text, err := fs.ReadFile(files, path)
	if err != nil {
		return err
	}
	newID := (&messages.Incrementing{}).NewId
	document, err := gherkin.ParseGherkinDocument(bytes.NewReader(text), newID)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	lines := lineNumbers(document)
	for _, pickle := range gherkin.Pickles(*document, path, newID) {
		s := Scenario{Name: pickle.Name, Feature: folder + path, Line: lines[pickle.AstNodeIds[len(pickle.AstNodeIds)-1]]}
		for _, tag := range pickle.Tags {
			s.Tags = append(s.Tags, tag.Name)
		}
		key := scenarioKey(path, pickle.Name)
		if other, ok := m.byKey[key]; ok {
			return fmt.Errorf("%s:%d: another scenario is called %q, in line %d", path, s.Line, s.Name, m.Scenarios[other].Line)
		}
		m.byKey[key] = len(m.Scenarios)
		m.Scenarios = append(m.Scenarios, s)
	}
	return nil
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
