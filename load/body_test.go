package load

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

func testSource(t *testing.T, name string) *source {
	t.Helper()
	p, err := Open(name)
	require.NoError(t, err)
	client, err := merchant.New(merchant.Options{BaseURL: "https://127.0.0.1:1", Credentials: d24.Credentials{
		Cashouts: d24.CashoutsCredentials{APIKey: "login", APIPassphrase: "pass", APISignature: "secret"},
	}})
	require.NoError(t, err)
	return newSource(p, "r1", [2]uint64{3, 4}, client)
}

func TestDepositsHaveTheSizeThatWasAskedFor(t *testing.T) {
	t.Parallel()
	for size, method := range map[int]string{minBody: "", 250: "", defaultBody: "BB", 1000: "BB", 5000: "BB"} {
		body := depositOf(size)
		assert.Len(t, body, size)
		var deposit d24.DepositRequest
		require.NoError(t, json.Unmarshal(body, &deposit))
		assert.Equal(t, method, deposit.PaymentMethod, "%d bytes", size)
		assert.Equal(t, depositAmount, deposit.Amount)
	}
}

func TestAKeyAlwaysComesWithTheSameBody(t *testing.T) {
	t.Parallel()
	s := testSource(t, "mixed")
	s.refundsFrom([]pooled{{"300000001", "i1"}, {"300000002", "i2"}})
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	keys := map[string]bool{}
	for key := range uint32(200) {
		for _, op := range []Op{Create, Stale, Refund, Cashout} {
			var first, again outgoing
			s.fill(&first, task{op: op, key: key}, nil)
			s.fill(&again, task{op: op, key: key}, nil)
			assert.Equal(t, first, again)
			require.True(t, json.Valid(first.body), "%s", first.body)
			if op == Cashout {
				assert.Empty(t, first.key, "cashouts have no idempotency keys")
				continue
			}
			assert.Regexp(t, uuid, string(first.key))
			assert.False(t, keys[string(first.key)], "a key of another operation")
			keys[string(first.key)] = true
		}
	}
	var retry, create outgoing
	s.fill(&retry, task{op: Retry, key: 7}, nil)
	s.fill(&create, task{op: Create, key: 7}, nil)
	assert.Equal(t, create, retry)
	var cashout outgoing
	s.fill(&cashout, task{op: Cashout, key: 5}, nil)
	assert.Contains(t, string(cashout.body), `"external_id":"d24c-r1-c5"`)
	assert.Contains(t, string(cashout.body), `"login":"login"`)
}

func TestAnotherRunHasOtherKeys(t *testing.T) {
	t.Parallel()
	s := testSource(t, "smoke")
	mine := string(s.idempotencyKey(nil, deposits, 1))
	s.secret[1]++
	assert.NotEqual(t, mine, string(s.idempotencyKey(nil, deposits, 1)))
}

func TestStatusesAskAboutTheNewestDepositOfTheirSlot(t *testing.T) {
	t.Parallel()
	var r ring
	r.first = "1"
	assert.Equal(t, "1", r.get(5))
	r.put(5, []byte("300000005"))
	assert.Equal(t, "300000005", r.get(5))
	r.put(5+4*earlier, []byte("a/b c"))
	assert.Equal(t, "a%2Fb%20c", r.get(5), "it is the target's word and becomes a part of a path")
}
