package steps

import (
	"regexp"
	"sync"

	"github.com/cucumber/godog"
)

// A vocabulary registers sentences with godog: those of one scenario, and no others. To
// register and to match all of them for each scenario took a quarter of a run.
type vocabulary struct {
	sc     *godog.ScenarioContext
	spoken map[*regexp.Regexp]bool // in the scenario
	all    *[]*regexp.Regexp       // where not nil, they are only collected
}

// Step registers a sentence, as [godog.ScenarioContext.Step].
func (v vocabulary) Step(sentence *regexp.Regexp, do any) {
	switch {
	case v.all != nil:
		*v.all = append(*v.all, sentence)
	case v.spoken[sentence]:
		v.sc.Step(sentence, do)
	}
}

// A sentenceIndex is what is known of a manifest's sentences, for all runs of it.
type sentenceIndex struct {
	mu  sync.Mutex
	of  map[string][]*regexp.Regexp // by the role, all
	fit map[string][]*regexp.Regexp // by the role and the text of a step
}

// vocabularyOf is the vocabulary of a scenario.
func (s *Suite) vocabularyOf(sc *godog.ScenarioContext, scenario Scenario, world func(*scene, vocabulary) part) vocabulary {
	v := vocabulary{sc: sc, spoken: map[*regexp.Regexp]bool{}}
	x, role := &s.Manifest.index, string(s.role())
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of == nil {
		x.of, x.fit = map[string][]*regexp.Regexp{}, map[string][]*regexp.Regexp{}
	}
	all, known := x.of[role]
	if !known {
		world(&scene{suite: s}, vocabulary{all: &all})
		x.of[role] = all
	}
	for _, text := range scenario.Steps {
		fit, known := x.fit[role+text]
		if !known {
			for _, sentence := range all {
				if sentence.MatchString(text) {
					fit = append(fit, sentence)
				}
			}
			x.fit[role+text] = fit
		}
		for _, sentence := range fit {
			v.spoken[sentence] = true
		}
	}
	return v
}
