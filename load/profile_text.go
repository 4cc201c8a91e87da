package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// YAML writes the profile as a file that can be run again. Everything that matters to
// the run stands in it, defaults too, so that a later version with other defaults sends
// the same.
func (p *Profile) YAML() string {
	var b strings.Builder
	if p.About != "" {
		fmt.Fprintf(&b, "about: %q\n", p.About) // Go's escapes are YAML's
	}
	if f := p.Find; f != nil {
		fmt.Fprintf(&b, "find: {from: %s, factor: %s, most: %s, within: %s, for: %s, confirm: %s, until: [%s]}\n",
			decimal(f.From), decimal(f.Factor), decimal(f.Most), percent(f.Within), f.For, f.Confirm, texts(f.Until))
	} else {
		b.WriteString("stages:\n")
		for _, s := range p.Stages {
			verb := "rate"
			if s.From != s.To {
				verb = "ramp"
			}
			fmt.Fprintf(&b, "  - {%s: %s, for: %s}\n", verb, decimal(s.To), s.For)
		}
	}
	fmt.Fprintf(&b, "connections: %d\nburst: %d\n", p.Connections, p.Burst)
	var weights []string
	for op, weight := range p.Operations {
		if weight > 0 {
			weights = append(weights, fmt.Sprintf("%s: %d", Op(op), weight))
		}
	}
	fmt.Fprintf(&b, "operations: {%s}\n", strings.Join(weights, ", "))
	fmt.Fprintf(&b, "body_bytes: [%s]\n", strings.Trim(strings.ReplaceAll(fmt.Sprint(p.BodyBytes), " ", ", "), "[]"))
	b.WriteString("keys: {")
	if p.Keys.Count > 0 {
		fmt.Fprintf(&b, "count: %d, ", p.Keys.Count)
	}
	fmt.Fprintf(&b, "attempts: %d, order: %s, window: %d}\n", p.Keys.Attempts, p.Keys.Order, p.Keys.Window)
	fmt.Fprintf(&b, "retries: {times: %d, after: %s}\ntimeout: %s\n", p.Retries.Times, p.Retries.After, p.Timeout)
	if len(p.Faults) > 0 {
		b.WriteString("faults:\n")
	}
	for _, f := range p.Faults {
		fmt.Fprintf(&b, "  - {kind: %s, share: %s", f.Kind, percent(f.Share))
		if f.Delay > 0 {
			fmt.Fprintf(&b, ", delay: %s", f.Delay)
		}
		b.WriteString("}\n")
	}
	if p.Funds > 0 {
		fmt.Fprintf(&b, "funds: %s\n", percent(p.Funds))
	}
	if p.AbortEarly {
		b.WriteString("abort_early: true\n")
	}
	fmt.Fprintf(&b, "warm_up: %d\nseed: %d\n", p.WarmUp, p.Seed)
	fmt.Fprintf(&b, "valid: [%s]\nthresholds: [%s]\n", texts(p.Valid), texts(p.Thresholds))
	return b.String()
}

func texts(list []Threshold) string {
	all := make([]string, len(list))
	for i, t := range list {
		all[i] = t.Text
	}
	return strings.Join(all, ", ")
}

func decimal(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// percent writes 0.07 as 7%, and not as 7.000000000000001%.
func percent(share float64) string { return decimal(math.Round(share*1e10)/1e8) + "%" }

// flags are what the command line said, as it says it.
func (o Override) flags() []string {
	flags := []string{}
	add := func(said bool, name, value string) {
		if said {
			flags = append(flags, "--"+name+" "+value)
		}
	}
	add(o.Rate > 0, "rate", decimal(o.Rate))
	add(o.Duration > 0, "duration", o.Duration.String())
	add(o.Connections > 0, "connections", strconv.Itoa(o.Connections))
	add(o.Seed > 0, "seed", strconv.FormatUint(o.Seed, 10))
	if o.AbortEarly {
		flags = append(flags, "--abort-early")
	}
	return flags
}
