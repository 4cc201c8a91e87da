package bench

import (
	"math"
	"slices"
)

// An Interval is a median over rounds and where it lies with 95 % confidence. The bounds
// are order statistics of the rounds: they presume nothing of how these are distributed,
// only that one does not follow from another.
type Interval struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// IntervalOf orders the values, of which there is at least one. With fewer than six there
// is no such interval, and the bounds are the smallest and the largest.
func IntervalOf(values []float64) Interval {
	slices.Sort(values)
	n := float64(len(values))
	// Ranks around the middle, by the normal form of the binomial distribution.
	reach := 1.96 * math.Sqrt(n) / 2
	low := max(int(math.Floor(n/2-reach)), 1)
	high := min(int(math.Ceil(n/2+reach))+1, len(values))
	return Interval{Median(values), values[low-1], values[high-1]}
}

// Noise is how far the median may be off, as a share of it.
func (i Interval) Noise() float64 { return max(i.High-i.Median, i.Median-i.Low) / math.Abs(i.Median) }

// Median of values in order; 0 of none.
func Median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// rounded keeps three digits behind the point, as everything here is printed.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

func (i Interval) rounded() Interval {
	return Interval{rounded(i.Median), rounded(i.Low), rounded(i.High)}
}
