package steps

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every pair of values stands in some row, and the rows are far fewer than the product.
func TestCoverPairs(t *testing.T) {
	for _, dims := range [][]int{{1}, {5}, {2, 2}, {7, 3, 2, 2}, {25, 3, 2, 2}, {3, 1, 2}} {
		t.Run(fmt.Sprint(dims), func(t *testing.T) {
			rows := coverPairs(dims...)
			seen := map[pair]bool{}
			for _, row := range rows {
				for a := range row {
					assert.Less(t, row[a], dims[a])
					for b := a + 1; b < len(row); b++ {
						seen[pair{a, row[a], b, row[b]}] = true
					}
				}
			}
			assert.Equal(t, openPairs(dims), seen)
		})
	}
	assert.LessOrEqual(t, len(coverPairs(25, 3, 2, 2)), 80, "a quarter of the 300 rows of the product")
}

// Every value stands in some row, and no more rows are made than the largest dimension has.
func TestCoverOnce(t *testing.T) {
	rows := coverOnce(5, 3, 2)
	assert.Len(t, rows, 5)
	for d, n := range []int{5, 3, 2} {
		seen := map[int]bool{}
		for _, row := range rows {
			seen[row[d]] = true
		}
		assert.Len(t, seen, n)
	}
	assert.Empty(t, coverOnce(0, 3))
}
