// Package suggest finds the word that somebody probably meant.
package suggest

// maxDistance is how many edits a suggestion may be away. Three edits turn any
// three-letter word into any other, so short words get less (see allowed).
const maxDistance = 2

// Nearest is the candidate that is fewest edits away from word, and whether one is
// near enough to be worth saying. Of equals the first wins.
func Nearest(word string, candidates []string) (string, bool) {
	best, found := allowed(word)+1, ""
	for _, candidate := range candidates {
		if d := distance(word, candidate); d < best {
			best, found = d, candidate
		}
	}
	return found, found != ""
}

func allowed(word string) int {
	if len(word) <= maxDistance {
		return 1
	}
	return maxDistance
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment): a swapped pair is the
// commonest slip of the keyboard and counts once.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
