package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// journalOf writes records as a run does, and returns the file.
func journalOf(t *testing.T, records ...record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.bin")
	j, err := createJournal(path, header{Run: "r1"})
	require.NoError(t, err)
	p := page{journal: j}
	for i := range records {
		p.add(&records[i])
	}
	p.flush()
	require.NoError(t, j.close())
	return path
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	want := record{
		seq: 1, key: 1<<32 - 1, date: 1795000000, op: Stale, try: 3, outcome: torn, marks: markError | markSettled,
		status: 599, bytesIn: 65535, body: 1 << 63, answer: 7, object: 1<<64 - 1,
		scheduled: 26 * time.Hour, late: 71 * time.Minute, took: 3 * time.Microsecond,
	}
	var got []record
	h, err := readJournalFile(journalOf(t, want, record{op: Cashout}), func(_ header, r *record) { got = append(got, *r) })
	require.NoError(t, err)
	assert.Equal(t, []record{want, {op: Cashout}}, got)
	assert.Equal(t, "r1", h.Run)
}

func TestADamagedJournalProvesNothing(t *testing.T) {
	t.Parallel()
	path := journalOf(t, record{op: Create}, record{op: Create})
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, data := range map[string][]byte{
		"it ends in the middle of a record": whole[:len(whole)-1],
		"it does not begin as one":          whole[1:],
		"a record is damaged":               append(whole[:len(whole)-recordSize:len(whole)-recordSize], make([]byte, recordSize)...),
	} {
		if name == "a record is damaged" {
			data[len(data)-recordSize+12] = 200 // the operation
		}
		require.NoError(t, os.WriteFile(path, data, 0o600))
		_, err := verify(path)
		assert.ErrorContains(t, err, name)
	}
}

func TestWhatAJournalProves(t *testing.T) {
	t.Parallel()
	const result = markAccepted | markResult
	created := func(key uint32, object, answer uint64) record {
		return record{op: Create, key: key, status: 201, marks: result, object: object, answer: answer}
	}
	gone := func(op Op, key uint32) record { return record{op: op, key: key, outcome: lost} }
	for _, c := range []struct {
		name    string
		records []record
		want    Findings
	}{
		{"one key, three times", []record{created(0, 7, 1), created(0, 7, 1), created(0, 7, 1)}, Findings{
			Attempts: 3, Answered: 3, Retries: 2, Replays: 2, Keys: [spaces]int{deposits: 1}, Made: [spaces]int{deposits: 1},
		}},
		{"a second object for a key, shown twice", []record{created(0, 7, 1), created(0, 8, 2), created(0, 8, 2)}, Findings{
			Attempts: 3, Answered: 3, Retries: 2, Different: 2, Keys: [spaces]int{deposits: 1},
			Made: [spaces]int{deposits: 2}, Duplicates: [spaces]int{deposits: 1},
		}},
		{"one object, two keys", []record{created(0, 7, 1), created(1, 7, 1)}, Findings{
			Attempts: 2, Answered: 2, Keys: [spaces]int{deposits: 2}, Made: [spaces]int{deposits: 2}, Shared: [spaces]int{deposits: 1},
		}},
		{"a refund may have a deposit's number", []record{created(0, 7, 1), {op: Refund, status: 200, marks: result, object: 7}}, Findings{
			Attempts: 2, Answered: 2, Keys: [spaces]int{deposits: 1, refunds: 1}, Made: [spaces]int{deposits: 1, refunds: 1},
		}},
		{"a stored 500 that changes", []record{
			{op: Create, status: 500, marks: markResult, answer: 1}, {op: Create, status: 500, marks: markResult, answer: 2},
		}, Findings{Attempts: 2, Answered: 2, Retries: 1, Different: 1, Keys: [spaces]int{deposits: 1}}},
		{"a lost answer that the retry got", []record{gone(Create, 0), created(0, 7, 1)}, Findings{
			Attempts: 2, Answered: 1, Retries: 1, Ambiguous: 1, Keys: [spaces]int{deposits: 1}, Made: [spaces]int{deposits: 1},
		}},
		{"a lost answer", []record{gone(Create, 3)}, Findings{
			Attempts: 1, Ambiguous: 1, Keys: [spaces]int{deposits: 1}, Unresolved: []pending{{deposits, 3}},
		}},
		{"a lost cashout that is known to be there", []record{gone(Cashout, 0), {op: Cashout, status: 412, marks: markExists}}, Findings{
			Attempts: 2, Answered: 1, Retries: 1, Ambiguous: 1, Keys: [spaces]int{cashouts: 1}, Made: [spaces]int{cashouts: 1},
		}},
		{"a lost cashout, another refused for want of money", []record{gone(Cashout, 0), {op: Cashout, status: 412}}, Findings{
			Attempts: 2, Answered: 1, Retries: 1, Ambiguous: 1, Keys: [spaces]int{cashouts: 1}, Unresolved: []pending{{cashouts, 0}},
		}},
		{"a stale date accepted", []record{{op: Stale, status: 201, marks: markAccepted | markError, object: 9}, {op: Stale, key: 1, status: 400}}, Findings{
			Attempts: 2, Answered: 2, Errors: 1, StaleSent: 2, StaleAccepted: 1, Keys: [spaces]int{stales: 2}, Made: [spaces]int{stales: 1},
		}},
		{"what never left is no attempt", []record{{op: Create, outcome: unsent, marks: markError}}, Findings{Unsent: 1, Errors: 1}},
		{"another body under one key", []record{{op: Create, body: 1}, {op: Create, body: 2}}, Findings{
			Attempts: 2, Answered: 2, Retries: 1, OtherBody: 1, Keys: [spaces]int{deposits: 1},
		}},
	} {
		got, err := verify(journalOf(t, c.records...))
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, *got, c.name)
	}
}

func TestWhatOnlyTheMockKnowsIsHeldAgainstTheAnswers(t *testing.T) {
	t.Parallel()
	f := &Findings{Attempts: 10, Answered: 8, Made: [spaces]int{deposits: 3, cashouts: 2}}
	pending := &Findings{Unresolved: []pending{{}}, Made: f.Made}
	for name, c := range map[string]struct {
		got  Invariant
		want Verdict
	}{
		"as many as were answered":         {f.made(counts{Deposits: 3, Cashouts: 2}), Holds},
		"one that nobody was told of":      {f.made(counts{Deposits: 4, Cashouts: 2}), Broken},
		"one that was promised":            {f.made(counts{Deposits: 3, Cashouts: 1}), Broken},
		"one that may be a lost answer's":  {pending.made(counts{Deposits: 4, Cashouts: 2}), Inconclusive},
		"nothing":                          {(&Findings{}).made(counts{}), NotTested},
		"a balance that fell by the sum":   {f.balance(1000, 800), Holds},
		"a balance that fell too little":   {f.balance(1000, 900), Broken},
		"a balance below zero":             {f.balance(100, -100), Broken},
		"a balance, and a lost answer":     {pending.balance(1000, 700), Inconclusive},
		"all arrived":                      {f.arrivals(10), Holds},
		"one was lost on its way":          {f.arrivals(9), Holds},
		"fewer than were answered":         {f.arrivals(7), Broken},
		"something was sent a second time": {f.arrivals(11), Broken},
	} {
		assert.Equal(t, c.want, c.got.Verdict, "%s: %s", name, c.got.Says)
	}
	assert.Equal(t, 1, f.unseen(counts{Deposits: 4, Cashouts: 1}))
}

func TestTheSentenceCountsLikeAPerson(t *testing.T) {
	t.Parallel()
	f := &Findings{Retries: 1204331, Keys: [spaces]int{deposits: 20000, stales: 7}}
	assert.Equal(t, "0 duplicates, 0 different answers in 1,204,331 retries of 20,000 keys", f.tally().sentence())
	f = &Findings{Retries: 1, Different: 1, Keys: [spaces]int{deposits: 1}, Duplicates: [spaces]int{refunds: 1}}
	assert.Equal(t, "1 duplicate, 1 different answer in 1 retry of 1 key", f.tally().sentence())
}

// A million attempts of 125,000 keys: what reading a long run's journal takes.
func BenchmarkVerifyAMillionAttempts(b *testing.B) {
	path := filepath.Join(b.TempDir(), "journal.bin")
	j, err := createJournal(path, header{Run: "r1"})
	require.NoError(b, err)
	p := page{journal: j}
	for i := range uint32(1_000_000) {
		key := i / 8
		p.add(&record{seq: i, key: key, op: Create, status: 201, marks: markAccepted | markResult, object: 300_000_000 + uint64(key), answer: uint64(key)})
	}
	p.flush()
	require.NoError(b, j.close())
	b.ReportAllocs()
	for b.Loop() {
		f, err := verify(path)
		require.NoError(b, err)
		require.Equal(b, 875_000, f.Retries)
	}
}
