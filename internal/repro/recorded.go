package repro

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

//go:embed recorded.sh
var recordedLibrary string

//go:embed recorded.awk
var recordedReader string

// Recorded is a fault of a client. It stands in what the client sent, so that it is looked
// at again in exchanges.jsonl: the exact bytes are made from it, with the secrets back in
// the places of their names, and openssl says what their signature ought to be.
type Recorded struct {
	Fault

	Lines []int    // of exchanges.jsonl, in their order
	Again []string // how to have the client send it again, a line each
	Look  Look
}

// A Look is how requests are judged again, by the name that the reader has for it.
type Look struct {
	Check   string
	Product string // deposits or cashouts; empty = both
	Words   string
	Wanted  string   // a text of the body
	Needs   []string // credentials without which it tells nothing
}

// Script is the script.
func (r *Recorded) Script() string {
	if r.Look.Check == "" && r.Impossible == "" {
		r.Impossible = "what is wrong here cannot be seen in a recording: " + r.Step
	}
	return r.orWhyNot(r.script(), nil)
}

func (r *Recorded) script() string {
	lines := make([]string, len(r.Lines))
	for i, n := range r.Lines {
		lines[i] = strconv.Itoa(n)
	}
	more := []string{
		"", "The requests stand in exchanges.jsonl, " + Place(r.Lines) + ". After a change, have the client send",
		"them again, and give this script the new file: sh " + r.Rule + ".sh FILE [LINE…].",
	}
	if len(r.Again) > 0 {
		more = append(append(more, ""), r.Again...)
	}
	more = append(more, "", "It needs openssl"+andNames(r.Look.Needs)+".")
	var b strings.Builder
	b.WriteString(r.head("the client", more) + "set -eu\n\n" + common + "\n" + recordedLibrary)
	b.WriteString("\n# shellcheck disable=SC2016 # awk's own\nreader='\n" + recordedReader + "'\n")
	fmt.Fprintf(&b, "\n# --- %s ---\n\n", r.Rule)
	for _, name := range r.Look.Needs {
		fmt.Fprintf(&b, "need %s %s\n", name, quote("one of the keys that the client had; where it had none, d24conform mock prints those of the bundled mock"))
		fmt.Fprintf(&b, "export %s\n", name)
	}
	if r.Look.Wanted != "" {
		fmt.Fprintf(&b, "WANTED=%s\nexport WANTED\n", quote(r.Look.Wanted))
	}
	fmt.Fprintf(&b, "choose %s \"$@\"\n", quote(strings.Join(lines, " ")))
	b.WriteString("look " + quote(r.Look.Check) + " " + quote(r.Look.Product))
	if r.Look.Words != "" {
		b.WriteString(" " + quote(r.Look.Words))
	}
	fmt.Fprintf(&b, "\nright %s\n", quote(r.Rule+": "+plain(r.Says)))
	return b.String()
}

// andNames is the end of a sentence that says what is needed.
func andNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ", and " + strings.Join(names, ", ")
}

// Place is where exchanges stand in their file: line 12, or lines 12, 14 and so on.
func Place(numbers []int) string {
	const most = 8
	words := make([]string, 0, most+1)
	for i, n := range numbers {
		if i == most {
			words = append(words, "…")
			break
		}
		words = append(words, strconv.Itoa(n))
	}
	if len(numbers) == 1 {
		return "line " + words[0]
	}
	return "lines " + strings.Join(words, ", ")
}

// SigningNeeds are the credentials without which the signatures of a product cannot be
// worked out again; empty stands for both.
func SigningNeeds(product string) []string {
	deposits := []string{d24.EnvDepositsAPIKey, d24.EnvDepositsAPISignature}
	cashouts := []string{d24.EnvCashoutsAPIKey, d24.EnvCashoutsAPIPassphrase, d24.EnvCashoutsAPISignature}
	switch product {
	case "deposits":
		return deposits
	case "cashouts":
		return cashouts
	}
	return slices.Concat(deposits, cashouts)
}
