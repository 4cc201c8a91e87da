package repro

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

//go:embed receiver.sh
var receiverLibrary string

// A Story is what a scenario did with a receiver, sentence by sentence. It is told again
// as it is: notifications are made and signed anew, the mock plays the provider.
type Story struct {
	Fault

	Product   string // deposits or cashouts
	URL       string // where notifications go
	Sentences []Sentence
	Again     string // the command that has the rule judged once more
}

// A Sentence is one of the scenario, by the name of its function in receiver.sh.
type Sentence struct {
	Function string
	Words    []string
}

// Script is the script.
func (s *Story) Script() string { return s.orWhyNot(s.script(), nil) }

func (s *Story) script() string {
	needs := append(SigningNeeds(s.Product), d24.EnvBaseURL)
	more := []string{
		"",
		"It plays the provider with d24conform mock, whose address and keys the receiver has to have too:",
		"D24_BASE_URL, and D24_MANAGE_URL for its management API; D24_CA_FILE is the mock's. D24_RECEIVER_URL",
		"is where notifications go, D24_OBSERVER what --observer was, D24_RESTART a command that kills the",
		"receiver and starts it again, and D24_SETTLE how many seconds a release may take to show.",
		"",
		"It needs curl 7.68 or later, openssl" + andNames(needs) + ".",
	}
	if s.Again != "" {
		more = append([]string{"", "The run was: " + s.Again}, more...)
	}
	var b strings.Builder
	b.WriteString(s.head("the receiver", more) + "set -eu\n\n" + common + "\n" + library + "\n" + managementHooks + "\n" + receiverLibrary)
	fmt.Fprintf(&b, "\n# --- %s ---\n\n", s.Rule)
	for _, name := range needs {
		fmt.Fprintf(&b, "need %s %s\n", name, quote(meaning(name)))
	}
	fmt.Fprintf(&b, "D24_RECEIVER_URL=${D24_RECEIVER_URL-%s}\nas_merchant\n\n", quote(s.URL))
	for _, sentence := range s.Sentences {
		b.WriteString(strings.TrimSpace(sentence.Function+" "+Words(sentence.Words)) + "\n")
	}
	fmt.Fprintf(&b, "right %s\n", quote(s.Rule+": "+plain(s.Says)))
	return b.String()
}
