package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func keysOf(p *plan, n uint64) []uint32 {
	var keys []uint32
	for i := range n {
		keys = append(keys, p.key(i))
	}
	return keys
}

func TestKeysAreShownInTheOrderOfThePlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		keys Keys
		want []uint32
	}{
		{"a new one each time", Keys{Attempts: 1, Window: 4, Order: Concurrent}, []uint32{0, 1, 2, 3, 4, 5}},
		{"three times at once", Keys{Attempts: 3, Window: 2, Order: Concurrent}, []uint32{0, 0, 0, 1, 1, 1, 2, 2}},
		{"twice, spread over a window", Keys{Attempts: 2, Window: 3, Order: Spread}, []uint32{0, 1, 2, 0, 1, 2, 3, 4, 5, 3}},
		{"both in turn", Keys{Attempts: 2, Window: 2, Order: Both}, []uint32{0, 0, 1, 1, 2, 3, 2, 3, 4, 4}},
		{"few keys over and over", Keys{Attempts: 1, Window: 2, Order: Spread, Count: 3}, []uint32{0, 1, 2, 0, 1, 2, 0}},
	} {
		assert.Equal(t, c.want, keysOf(&plan{keys: c.keys}, uint64(len(c.want))), c.name)
	}
}

func TestWhatTheCashoutsOfARunCost(t *testing.T) {
	t.Parallel()
	p := &Profile{Keys: Keys{Attempts: 2, Window: 1}, BodyBytes: []int{256}}
	p.Operations[Create], p.Operations[Cashout] = 1, 3
	assert.Equal(t, 150*cashoutAmount, newPlan(p).cost(400, 0.999), "of 300 attempts at 150 cashouts, in whole ones")
	assert.Equal(t, 75*cashoutAmount, newPlan(p).cost(400, 0.5))
}

func TestAPlanKeepsTheWeightsAndRepeatsItself(t *testing.T) {
	t.Parallel()
	p := &Profile{Keys: Keys{Attempts: 1, Window: 1}, BodyBytes: []int{256, 512}, Seed: 7}
	p.Operations[Create], p.Operations[Retry], p.Operations[Status], p.Operations[Cashout] = 40, 20, 20, 20
	plan, same := newPlan(p), newPlan(p)
	assert.Len(t, plan.cycle, 5, "the weights have a common divisor")
	var counted [operations]int
	created := map[uint32]bool{}
	for n := range uint64(5000) {
		task := plan.task(n)
		assert.Equal(t, task, same.task(n))
		counted[task.op]++
		switch task.op {
		case Create:
			assert.False(t, created[task.key], "a key of its own")
			created[task.key] = true
		case Retry, Status:
			assert.True(t, created[task.key], "request %d is about a deposit that was asked for before", n)
		}
	}
	assert.Equal(t, [operations]int{2000, 1000, 1000, 0, 1000, 0}, counted)

	p.Seed++
	other := newPlan(p)
	differs := false
	for n := range uint64(100) {
		differs = differs || other.task(n) != plan.task(n)
	}
	assert.True(t, differs, "another seed is another run")
}
