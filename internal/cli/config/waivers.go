package config

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/strictyaml"
	"github.com/d24conform/d24conform/reports"
)

// rawWaivers is the shape of a waivers file.
type rawWaivers struct {
	Waivers []struct {
		Rule    string `yaml:"rule"`
		Reason  string `yaml:"reason"`
		Owner   string `yaml:"owner"`
		Issue   string `yaml:"issue"`
		Expires string `yaml:"expires"`
	} `yaml:"waivers"`
}

// LoadWaivers reads a waivers file. Every field is needed: a waiver without an owner
// or an end is how a violation becomes permanent.
func LoadWaivers(path string, ledger *rules.Ledger) ([]reports.Waiver, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{File: path, Message: "the waivers file cannot be read: " + cause(err), Err: err}
	}
	var raw rawWaivers
	if _, err := strictyaml.Decode(path, data, &raw); err != nil {
		return nil, err
	}
	var waivers []reports.Waiver
	for i, w := range raw.Waivers {
		complain := func(format string, args ...any) error {
			e := &Error{File: path, Message: fmt.Sprintf("waiver %d ", i+1) + fmt.Sprintf(format, args...)}
			return e.WithHint("a waiver has rule, reason, owner, issue and expires (such as 2026-12-31)")
		}
		for _, field := range []struct{ name, value string }{
			{"rule", w.Rule}, {"reason", w.Reason}, {"owner", w.Owner}, {"issue", w.Issue}, {"expires", w.Expires},
		} {
			if field.value == "" {
				return nil, complain("has no %s", field.name)
			}
		}
		if _, ok := ledger.Rule(w.Rule); !ok {
			return nil, complain("is for %q, which is no rule of %s", w.Rule, ledger.Version)
		}
		if slices.ContainsFunc(waivers, func(other reports.Waiver) bool { return other.Rule == w.Rule }) {
			return nil, complain("is the second for %s", w.Rule)
		}
		expires, err := time.Parse(time.DateOnly, w.Expires)
		if err != nil {
			return nil, complain("expires on %q, which is not a day such as 2026-12-31", w.Expires)
		}
		waivers = append(waivers, reports.Waiver{Rule: w.Rule, Reason: w.Reason, Owner: w.Owner, Issue: w.Issue, Expires: expires})
	}
	return waivers, nil
}
