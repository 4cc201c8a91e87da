package suggest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/cli/suggest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"sign", "mock", "version", "completion"}
	for _, tt := range []struct{ name, word, want string }{
		{"a letter left out", "verion", "version"},
		{"two letters swapped", "sgin", "sign"},
		{"a letter too many", "mocck", "mock"},
		{"one letter for another", "sogn", "sign"},
		{"nothing near", "deploy", ""},
		{"two letters are no reason to suggest four", "ab", ""},
		{"nothing at all", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := suggest.Nearest(tt.word, words)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}
