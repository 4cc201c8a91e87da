package machine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProcessor(t *testing.T) {
	assert.Equal(t, "Fast(R) CPU @ 3", processor("processor\t: 0\nmodel name\t: Fast(R) CPU @ 3\nprocessor\t: 1\nmodel name\t: other\n"))
	assert.Empty(t, processor("processor: 0\n"))
	assert.Empty(t, processor(""))
}

func TestStolen(t *testing.T) {
	before := ticks("cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2 3\n")
	after := ticks("cpu  150 0 70 900 10 0 5 65 9 0\n")
	assert.InDelta(t, 15, after.Stolen(before), 1e-9, "30 of 200")
	assert.Zero(t, before.Stolen(after), "time goes back where a machine was suspended")
	assert.Zero(t, before.Stolen(before))
}

func TestStolenWhereNothingIsSaid(t *testing.T) {
	for _, stat := range []string{"", "cpu 1 2 3\n", "cpu0 1 2 3 4 5 6 7 8\n", "cpu 1 2 3 4 5 6 7 x\n"} {
		assert.Equal(t, Ticks{}, ticks(stat), stat)
	}
}
