package selftest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oneOf is how many derived mutants stand for one that is tried here; selftest --all tries
// all of them.
const oneOf = 24

// A derived mutant is killed by exactly the rules that it breaks.
func TestDerivedClientMutants(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("mutants are judged by the whole suite")
	}
	all := derivedClientMutants()
	require.Greater(t, len(all), 80)
	var chosen []Mutant
	each := oneOf
	if RaceEnabled {
		each = len(all)
	}
	for i, m := range all {
		if i%each == 0 || os.Getenv("D24_EVERY_MUTANT") != "" {
			chosen = append(chosen, m)
		}
	}
	_, err := Run(t.Context(), Options{Mutants: chosen, Progress: func(r Result) {
		assert.Equal(t, Exactly, r.Verdict, "%s: %s; breaks %v, failed %v", r.Mutant, r.Reason, r.Breaks, r.Failed)
	}})
	require.NoError(t, err)
}
