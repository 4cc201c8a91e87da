package steps

// coverOnce returns rows in which every value of every dimension stands at least once.
// dims are the numbers of values; a row has one value for each dimension.
func coverOnce(dims ...int) [][]int {
	most := 0
	for _, n := range dims {
		if n == 0 {
			return nil
		}
		most = max(most, n)
	}
	rows := make([][]int, most)
	for i := range rows {
		rows[i] = make([]int, len(dims))
		for d, n := range dims {
			rows[i][d] = i % n
		}
	}
	return rows
}

// coverPairs returns rows in which every pair of values of two dimensions stands at least
// once: a covering array of strength 2, made greedily and always the same. Faults that
// need two conditions to strike are found by it, with far fewer rows than the product.
func coverPairs(dims ...int) [][]int {
	if len(dims) < 2 {
		return coverOnce(dims...)
	}
	open := openPairs(dims)
	var rows [][]int
	for len(open) > 0 {
		row := make([]int, len(dims))
		for d := range row {
			row[d] = -1
		}
		first := firstPair(open, dims)
		row[first.a], row[first.b] = first.x, first.y
		for d, n := range dims {
			if row[d] >= 0 {
				continue
			}
			best, gain := 0, -1
			for offset := range n {
				value := (len(rows) + offset) % n // ties go round, so that no value is always the rest
				row[d] = value
				if g := gained(open, row, d); g > gain {
					best, gain = value, g
				}
			}
			row[d] = best
		}
		closePairs(open, row)
		rows = append(rows, row)
	}
	return rows
}

// pair is a value of one dimension beside a value of a later one.
type pair struct{ a, x, b, y int }

func openPairs(dims []int) map[pair]bool {
	open := map[pair]bool{}
	for a := range dims {
		for b := a + 1; b < len(dims); b++ {
			for x := range dims[a] {
				for y := range dims[b] {
					open[pair{a, x, b, y}] = true
				}
			}
		}
	}
	return open
}

// firstPair is the first pair that is still open, in the order of dimensions and values.
func firstPair(open map[pair]bool, dims []int) pair {
	for a := range dims {
		for b := a + 1; b < len(dims); b++ {
			for x := range dims[a] {
				for y := range dims[b] {
					if p := (pair{a, x, b, y}); open[p] {
						return p
					}
				}
			}
		}
	}
	return pair{}
}

// gained counts the open pairs that the value of dimension d closes with those that are
// set already.
func gained(open map[pair]bool, row []int, d int) int {
	n := 0
	for other, value := range row {
		switch {
		case value < 0 || other == d:
		case other < d && open[pair{other, value, d, row[d]}], other > d && open[pair{d, row[d], other, value}]:
			n++
		}
	}
	return n
}

func closePairs(open map[pair]bool, row []int) {
	for a := range row {
		for b := a + 1; b < len(row); b++ {
			delete(open, pair{a, row[a], b, row[b]})
		}
	}
}
