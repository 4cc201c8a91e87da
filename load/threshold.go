package load

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Threshold is what is demanded of one number of a run, such as p99 < 50ms.
type Threshold struct {
	Text     string // as it was written
	Metric   string // with its class before it, if any: create.p99
	Operator string
	Value    float64
	Unit     Unit
}

// A Unit is what a number counts.
type Unit string

// Units. A number of one is not compared with a bound of another.
const (
	Milliseconds Unit = "ms"
	Percent      Unit = "%"
	PerSecond    Unit = "/s"
	Count        Unit = ""
)

// thresholdHint teaches the language by examples.
const thresholdHint = "such as p99 < 50ms, create.p95 < 20ms, achieved >= 99%, errors < 0.1%, rate > 900/s, duplicates == 0"

var thresholdForm = regexp.MustCompile(`^\s*([a-z][a-z0-9_.]*)\s*(<=|>=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*(%|/s|[mµun]?s|m)?\s*$`)

// ParseThreshold reads one expression. A metric that does not exist is an error, so that
// a misspelt one is not taken for kept.
func ParseThreshold(text string) (Threshold, error) {
	match := thresholdForm.FindStringSubmatch(text)
	if match == nil {
		return Threshold{}, fmt.Errorf("%q is not a metric, a comparison and a number", text)
	}
	t := Threshold{Text: strings.TrimSpace(text), Metric: match[1], Operator: match[2]}
	want, ok := unitOf(t.Metric)
	if !ok {
		return Threshold{}, fmt.Errorf("there is no metric %q", t.Metric)
	}
	number, unit := match[3], match[4]
	t.Value, _ = strconv.ParseFloat(number, 64) // the form lets nothing else through
	t.Unit = Unit(unit)
	switch unit {
	case "", "%", "/s":
	default:
		d, err := time.ParseDuration(number + unit)
		if err != nil {
			return Threshold{}, fmt.Errorf("%q is not a duration", number+unit)
		}
		t.Value, t.Unit = float64(d)/float64(time.Millisecond), Milliseconds
	}
	if t.Unit != want {
		return Threshold{}, fmt.Errorf("%s is compared with %s, not with %q", t.Metric, unitWord(want), number+unit)
	}
	return t, nil
}

func unitWord(u Unit) string {
	switch u {
	case Milliseconds:
		return "a duration such as 50ms"
	case Percent:
		return "a percentage such as 99%"
	case PerSecond:
		return "a rate such as 900/s"
	case Count:
	}
	return "a whole number"
}

// Numbers of a whole run, and of each class of requests.
func ofRun() map[string]Unit {
	return map[string]Unit{
		"achieved": Percent, "rate": PerSecond, "retries": Count, "replays": Count, "lost": Count, "timeouts": Count,
		"duplicates": Count, "different": Count, "unresolved": Count, "connections": Count, "reconnects": Count,
		capacity: PerSecond,
	}
}

func ofClass() map[string]Unit {
	return map[string]Unit{"errors": Percent, "error_count": Count, "attempts": Count}
}

// unitOf says what a metric counts, and whether there is one of that name:
// [class.]errors, [class.][send.|first.]p99, late.p99, sign.p99.
func unitOf(metric string) (Unit, bool) {
	if unit, ok := ofRun()[metric]; ok {
		return unit, true
	}
	for _, measure := range []string{"late.", "sign."} {
		if quantile, ok := strings.CutPrefix(metric, measure); ok {
			return Milliseconds, isQuantile(quantile)
		}
	}
	if class, rest, found := strings.Cut(metric, "."); found {
		if _, ok := opNamed(class); ok {
			metric = rest
		}
	}
	if unit, ok := ofClass()[metric]; ok {
		return unit, true
	}
	metric = strings.TrimPrefix(strings.TrimPrefix(metric, "send."), "first.")
	return Milliseconds, isQuantile(metric)
}

func isQuantile(name string) bool {
	return slices.Contains([]string{"p50", "p90", "p95", "p99", "p99.9", "max", "mean"}, name)
}

// Holds compares a number with the bound.
func (t Threshold) Holds(value float64) bool {
	switch t.Operator {
	case "<":
		return value < t.Value
	case "<=":
		return value <= t.Value
	case ">":
		return value > t.Value
	case ">=":
		return value >= t.Value
	case "==":
		return value == t.Value // both are decimals as printed
	default:
		return value != t.Value
	}
}

// OpenGate reads a file of thresholds, which stand in it as in a profile.
func OpenGate(file string) ([]Threshold, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the gate cannot be read: %w", err)
	}
	return parseGate(file, data)
}
