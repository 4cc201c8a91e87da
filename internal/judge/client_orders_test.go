package judge

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// made is a request that creates something, under a key.
func made(path, key, body string) *exchange.Exchange {
	e := &exchange.Exchange{Request: exchange.Request{Method: http.MethodPost, URL: "https://h" + path, Body: []byte(body)}}
	if key != "" {
		e.Request.Header.Set(d24.HeaderIdempotencyKey, key)
	}
	return e
}

func lives(each ...[]Operation) [][]Operation { return each }

func life(each ...*exchange.Exchange) (list []Operation) {
	for _, e := range each {
		list = append(list, Operation{e})
	}
	return list
}

func TestKeysOverStarts(t *testing.T) {
	t.Parallel()
	const a, b = `{"invoice_id":"a"}`, `{"invoice_id":"b"}`
	deposit := func(key, body string) *exchange.Exchange { return made(d24.PathDeposits, key, body) }
	for name, row := range map[string]struct {
		lives       [][]Operation
		keeps, come Outcome
	}{
		"the order keeps its key":                           {lives(life(deposit("1", a)), life(deposit("1", a))), Holds, Holds},
		"the order gets another":                            {lives(life(deposit("1", a)), life(deposit("2", a))), Broken, Holds},
		"keys in memory, lost":                              {lives(life(deposit("1", a), deposit("1", a)), life(deposit("2", a))), Broken, Holds},
		"a client that leaves keys to its caller":           {lives(life(deposit("1", a), deposit("2", a)), life(deposit("3", a))), Unseen, Holds},
		"a counter that begins again":                       {lives(life(deposit("1", a)), life(deposit("1", b))), Unseen, Broken},
		"one start":                                         {lives(life(deposit("1", a))), Unseen, Unseen},
		"no keys":                                           {lives(life(deposit("", a)), life(deposit("", a))), Unseen, Unseen},
		"a refund under the key of a deposit of before":     {lives(life(deposit("1", a)), life(made(d24.PathRefunds, "1", a))), Unseen, Broken},
		"the second of two orders is made again, unchanged": {lives(life(deposit("1", a), deposit("2", b)), life(deposit("2", b))), Holds, Holds},
	} {
		assert.Equal(t, row.keeps, Client{}.KeepsKeyOverStarts(row.lives).Outcome, name)
		assert.Equal(t, row.come, Client{}.KeysOverStarts(row.lives).Outcome, name)
	}
}

func TestPaysOnce(t *testing.T) {
	t.Parallel()
	lost, again, other := made(d24.PathCashout, "", `{"external_id":"a"}`), made(d24.PathCashout, "", `{"external_id":"a"}`), made(d24.PathCashout, "", `{"external_id":"b"}`)
	asks := made(d24.PathCashoutStatus, "", `{"external_id":"a"}`)
	for name, row := range map[string]struct {
		operation Operation
		want      Outcome
	}{
		"the same external_id":    {Operation{lost, again}, Holds},
		"another external_id":     {Operation{lost, other}, Broken},
		"it asks for the status":  {Operation{lost, asks}, Unseen},
		"it does not try again":   {Operation{lost}, Unseen},
		"first asked, then again": {Operation{lost, asks, other}, Broken},
	} {
		assert.Equal(t, row.want, Client{}.PaysOnce([]Operation{row.operation}).Outcome, name)
	}
	assert.Contains(t, Client{}.PaysOnce([]Operation{{lost, other}}).Seen, `another external_id: "b" after "a", which pays twice`)
}

func TestMadeNoMore(t *testing.T) {
	t.Parallel()
	counts := []Count{{Deposits, 8, 11}, {Refunds, 2, 2}}
	assert.Equal(t, "8 orders, 11 deposits were made", MadeNoMore(counts, Deposits).Seen)
	assert.Equal(t, Holds, MadeNoMore(counts, Refunds).Outcome)
	assert.Equal(t, Unseen, MadeNoMore(counts, Cashouts).Outcome)
}

func TestTextArrivesAsItWasGiven(t *testing.T) {
	t.Parallel()
	const nfc, nfd = "Jos\u00e9", "Jose\u0301"
	body := func(first, last string) string {
		return `{"payer":{"first_name":"` + first + `","last_name":"` + last + `"}}`
	}
	sent := []Operation{{made(d24.PathDeposits, "1", body(nfd, nfc))}}
	told := []json.RawMessage{json.RawMessage(body(nfd, nfd))}
	assert.Equal(t, Holds, Client{}.AsGiven(sent, nil, nfd).Outcome, "it is somewhere")
	assert.Contains(t, Client{}.AsGiven(sent, told, nfd).Seen, "payer.last_name is ")
	assert.Equal(t, Broken, Client{}.AsGiven(sent, told, "").Outcome)
	assert.Equal(t, Holds, Client{}.AsGiven(sent, []json.RawMessage{json.RawMessage(body(nfd, nfc))}, "").Outcome)
	assert.Equal(t, Unseen, Client{}.AsGiven(sent, nil, "").Outcome)
}

// Three ways to ask a read-only endpoint are documented, and each is right.
func TestLookupsMayAskInThreeWays(t *testing.T) {
	t.Parallel()
	c := Client{Credentials: d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "login", APISignature: "secret-signature", ReadOnlyKey: "read-only"}}}
	lookup := func(authorization string) []Operation {
		e := &exchange.Exchange{Request: exchange.Request{Method: http.MethodGet, URL: "https://h" + d24.PathBanks}}
		e.Request.Header.Set(d24.HeaderAuthorization, authorization)
		return []Operation{{e}}
	}
	for authorization, want := range map[string]Outcome{
		"Bearer read-only":         Holds,
		"Basic cmVhZC1vbmx5Og==":   Holds, // read-only:
		"D24 " + "00":              Holds, // what is wrong with it is another sentence's affair
		"Bearer login":             Broken,
		"Basic bG9naW46":           Broken, // login:
		"Token read-only":          Broken,
		"read-only":                Broken,
		"Bearer read-only, really": Broken,
	} {
		assert.Equal(t, want, c.LooksUpWithReadOnlyKey(lookup(authorization)).Outcome, authorization)
	}
	assert.Equal(t, Broken, c.WritesAuthorization(lookup("D24 00")).Outcome)
}

// A client that trusts nobody sends nothing, and proves nothing.
func TestNothingSentProvesSomethingOnlyBesideAControl(t *testing.T) {
	t.Parallel()
	sent := life(made(d24.PathDeposits, "1", "{}"))
	assert.Equal(t, Holds, Client{}.SentNothing(nil, 1, sent).Outcome)
	assert.Equal(t, Unseen, Client{}.SentNothing(nil, 1, nil).Outcome)
	assert.Equal(t, Unseen, Client{}.SentNothing(nil, 0, sent).Outcome)
	assert.Equal(t, Broken, Client{}.SentNothing(sent, 1, sent).Outcome)
}
