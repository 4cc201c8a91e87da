package merchant_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/merchant"
)

// TestKeysOfOneCharacterDoNotRepeat wants more of them than a run uses.
func TestKeysOfOneCharacterDoNotRepeat(t *testing.T) {
	t.Parallel()
	orders := &merchant.Orders{Run: "ab12"}
	seen := map[string]bool{}
	for range 66 {
		key := orders.NewLetterKey()
		assert.Len(t, key, 1)
		assert.False(t, seen[key], key)
		seen[key] = true
	}
	other := &merchant.Orders{Run: "ab13"}
	assert.NotEqual(t, (&merchant.Orders{Run: "ab12"}).NewLetterKey(), other.NewLetterKey(), "another run begins elsewhere")
}
