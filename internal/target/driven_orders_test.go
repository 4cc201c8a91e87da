package target

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/merchant"
)

// A body is as large as it is called, and the line that asks for it is one that a scanner of
// lines takes.
func TestLargeBodiesFitIntoALine(t *testing.T) {
	t.Parallel()
	d := &Driven{Orders: &merchant.Orders{Run: "large"}}
	for _, kib := range []int{1, 4, 60} {
		s := Situation{KiB: kib}
		for _, order := range []any{d.deposit(s), d.cashout(s), refund(deposit{"1", "2"}, s)} {
			body, err := json.Marshal(order)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, len(body), kib<<10)
			assert.Less(t, len(lineOf(OpCreateDeposit, bodyOf(order))), 64<<10-100)
		}
	}
}
