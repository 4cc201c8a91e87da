package load

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/strictyaml"
)

// The shape of a profile. Durations and shares are read as text, so that a wrong one
// is told in our words.
type (
	rawProfile struct {
		About       string         `yaml:"about"`
		Stages      []rawStage     `yaml:"stages"`
		Find        rawFind        `yaml:"find"`
		Burst       int            `yaml:"burst"`
		Connections int            `yaml:"connections"`
		Operations  map[string]int `yaml:"operations"`
		BodyBytes   []int          `yaml:"body_bytes"`
		Keys        rawKeys        `yaml:"keys"`
		Retries     rawRetries     `yaml:"retries"`
		Timeout     string         `yaml:"timeout"`
		Faults      []rawFault     `yaml:"faults"`
		Funds       string         `yaml:"funds"`
		WarmUp      int            `yaml:"warm_up"`
		Seed        uint64         `yaml:"seed"`
		Valid       []string       `yaml:"valid"`
		Thresholds  []string       `yaml:"thresholds"`
		AbortEarly  bool           `yaml:"abort_early"`
	}
	rawStage struct {
		Rate float64 `yaml:"rate"` // go on at this rate
		Ramp float64 `yaml:"ramp"` // change evenly to this rate
		Hold string  `yaml:"hold"` // go on at the rate of the stage before
		For  string  `yaml:"for"`
	}
	rawFind struct {
		From    float64  `yaml:"from"`
		Factor  float64  `yaml:"factor"`
		Most    float64  `yaml:"most"`
		Within  string   `yaml:"within"`
		For     string   `yaml:"for"`
		Confirm string   `yaml:"confirm"`
		Until   []string `yaml:"until"`
	}
	rawKeys struct {
		Count    int    `yaml:"count"`
		Attempts int    `yaml:"attempts"`
		Order    string `yaml:"order"`
		Window   int    `yaml:"window"`
	}
	rawRetries struct {
		Times int    `yaml:"times"`
		After string `yaml:"after"`
	}
	rawFault struct {
		Kind  string `yaml:"kind"`
		Share string `yaml:"share"`
		Delay string `yaml:"delay"`
	}
)

// Defaults and bounds of profiles.
const (
	defaultConnections = 16
	// maxConnections is far above what two cores can keep busy, and below what a
	// process may open files.
	maxConnections = 1000
	defaultTimeout = 5 * time.Second
	defaultWindow  = 32
	defaultWarmUp  = 10
	defaultBody    = 512
	defaultSeed    = 0xd24
	// minBody holds the mandatory fields, maxBody is that of the longest documented request.
	minBody, maxBody = 160, 64 << 10
	maxWeight        = 1000
	maxAttempts      = 1000
	// maxWindow keeps a key's first and last attempt nearer to each other than the
	// 50,000 records after which the mock forgets a key.
	maxWindow  = 10_000
	maxRetries = 20
)

func parseProfile(file, name string, data []byte) (*Profile, error) {
	var raw rawProfile
	at, err := strictyaml.Decode(file, data, &raw)
	if err != nil {
		return nil, err
	}
	r := &reader{Places: at}
	p := &Profile{
		Name: name, About: raw.About,
		Burst:       r.within("burst", raw.Burst, 1, 1, maxAttempts),
		Connections: r.within("connections", raw.Connections, defaultConnections, 1, maxConnections),
		Operations:  r.operations(raw.Operations),
		BodyBytes:   r.bodies(raw.BodyBytes),
		Keys:        r.keys(raw.Keys),
		Retries:     r.retries(raw.Retries),
		Timeout:     r.duration(raw.Timeout, defaultTimeout, "timeout"),
		Faults:      r.faults(raw.Faults),
		Funds:       r.funds(raw.Funds),
		WarmUp:      r.within("warm_up", raw.WarmUp, defaultWarmUp, 0, maxAttempts),
		Seed:        raw.Seed,
		Valid:       r.thresholds(raw.Valid, "valid"),
		Thresholds:  r.thresholds(raw.Thresholds, "thresholds"),
		AbortEarly:  raw.AbortEarly,
	}
	if at.Has("find") {
		r.check(!at.Has("stages"), "a profile has stages, or finds its rate itself", "stages")
		p.Find = r.find(&raw.Find)
		p.Stages = []Stage{{p.Find.From, p.Find.From, p.Find.For}}
	} else {
		p.Stages = r.stages(raw.Stages)
	}
	if p.Seed == 0 {
		p.Seed = defaultSeed
	}
	if !at.Has("valid") {
		p.Valid = defaultValid()
	}
	r.check(p.Funds == 0 || p.asks(Cashout), "funds are for cashouts, and there are none", "funds")
	r.check(p.asks(Create) || !p.asks(Retry) && !p.asks(Status), "retry and status are about deposits, and nothing creates one", "operations")
	if r.first != nil {
		return nil, r.first
	}
	if _, err := p.With(Override{}); err != nil {
		return nil, r.Errorf(nil, "%s", err)
	}
	return p, nil
}

// defaultValid is what every run has to keep that says nothing else: it sent what was
// asked for, and when. 10 ms is what is asked of a server's p99 where it is asked for
// little; a generator that is later measures itself.
func defaultValid() []Threshold {
	var list []Threshold
	for _, text := range []string{"achieved >= 99%", "late.p99 < 10ms"} {
		t, _ := ParseThreshold(text) // a test reads them
		list = append(list, t)
	}
	return list
}

// A reader checks a profile and keeps the first mistake.
type reader struct {
	*strictyaml.Places

	first error
}

func (r *reader) check(ok bool, problem string, path ...string) {
	if !ok && r.first == nil {
		r.first = r.Errorf(path, "%s", problem)
	}
}

// hint is check for a mistake about which there is something to say.
func (r *reader) hint(ok bool, problem, hint string, path ...string) {
	if !ok && r.first == nil {
		r.first = r.Errorf(path, "%s", problem).WithHint("%s", hint)
	}
}

// within is a whole number, or its default where none is said.
func (r *reader) within(key string, value, standard, least, most int, path ...string) int {
	path = append(path, key)
	if !r.Has(path...) {
		return standard
	}
	r.check(value >= least && value <= most, key+" is not from "+strconv.Itoa(least)+" to "+strconv.Itoa(most), path...)
	return value
}

func (r *reader) duration(text string, standard time.Duration, path ...string) time.Duration {
	if !r.Has(path...) {
		return standard
	}
	d, err := time.ParseDuration(text)
	r.hint(err == nil && d > 0, strconv.Quote(text)+" is not a positive duration", "write a number and a unit, such as 10s or 1m30s", path...)
	return d
}

func (r *reader) stages(raw []rawStage) []Stage {
	r.hint(len(raw) > 0, "a profile has stages", "such as stages: [{ramp: 500, for: 5s}, {hold: 30s}]", "stages")
	var stages []Stage
	rate := 0.0
	for i, s := range raw {
		at := func(key string) []string { return []string{"stages", strconv.Itoa(i), key} }
		said := 0
		for _, key := range []string{"rate", "ramp", "hold"} {
			if r.Has(at(key)...) {
				said++
			}
		}
		r.check(said == 1, "a stage has one of rate, ramp and hold", "stages", strconv.Itoa(i))
		stage := Stage{From: rate, To: rate}
		switch {
		case r.Has(at("hold")...):
			r.check(rate > 0, "there is no rate to hold", at("hold")...)
			r.check(!r.Has(at("for")...), "hold says how long already", at("for")...)
			stage.For = r.duration(s.Hold, 0, at("hold")...)
		case r.Has(at("ramp")...):
			stage.To, stage.For = s.Ramp, r.duration(s.For, 0, at("for")...)
			r.check(isRate(s.Ramp), "ramp is not from 0.1 to 200000 requests a second", at("ramp")...)
		default:
			stage.From, stage.To, stage.For = s.Rate, s.Rate, r.duration(s.For, 0, at("for")...)
			r.check(isRate(s.Rate), "rate is not from 0.1 to 200000 requests a second", at("rate")...)
		}
		r.check(stage.For > 0, "a stage says for how long", "stages", strconv.Itoa(i))
		stages, rate = append(stages, stage), stage.To
	}
	return stages
}

// Requests a second; the highest is far beyond what one machine sends.
const leastRate, mostRate = 0.1, 200_000

func isRate(rate float64) bool { return rate >= leastRate && rate <= mostRate }

func (r *reader) find(raw *rawFind) *Find {
	f := &Find{
		From: raw.From, Factor: raw.Factor, Most: raw.Most, Within: defaultWithin,
		For:     r.duration(raw.For, defaultStep, "find", "for"),
		Confirm: r.duration(raw.Confirm, defaultConfirm, "find", "confirm"),
		Until:   r.thresholds(raw.Until, "find", "until"),
	}
	if !r.Has("find", "factor") {
		f.Factor = defaultFactor
	}
	if !r.Has("find", "most") {
		f.Most = mostRate
	}
	r.hint(isRate(f.From), "from is the rate to begin with, from 0.1 to 200000 requests a second", "such as from: 500", "find", "from")
	r.check(f.Factor > 1 && f.Factor <= 10, "a factor is above 1 and at most 10", "find", "factor")
	r.check(isRate(f.Most) && f.Most >= f.From, "most is not from the rate to begin with to 200000 requests a second", "find", "most")
	if r.Has("find", "within") {
		within, ok := parsePercent(raw.Within)
		r.hint(ok && within >= 0.01 && within <= 1, "within is from 1% to 100%", "such as within: 10%", "find", "within")
		f.Within = within
	}
	r.hint(len(f.Until) > 0, "nothing says until when the rate is to rise", "such as until: [p99 < 50ms, achieved >= 99%]", "find", "until")
	for i, t := range f.Until {
		r.check(t.Metric != capacity, capacity+" is what is to be found", "find", "until", strconv.Itoa(i))
	}
	return f
}

func (r *reader) operations(raw map[string]int) (weights [operations]int) {
	if len(raw) == 0 {
		weights[Create] = 1
		return weights
	}
	names := opNames()
	sum := 0
	for _, name := range sortedKeys(raw) {
		op, ok := opNamed(name)
		r.hint(ok, "unknown operation "+strconv.Quote(name), "the operations are "+strings.Join(names[:], ", "), "operations", name)
		r.check(raw[name] >= 0 && raw[name] <= maxWeight, "a weight is from 0 to "+strconv.Itoa(maxWeight), "operations", name)
		if ok {
			weights[op] = raw[name]
			sum += raw[name]
		}
	}
	r.check(sum > 0, "no operation has any weight", "operations")
	return weights
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys) // so that of two mistakes the same one is told each time
	return keys
}

func (r *reader) bodies(raw []int) []int {
	if len(raw) == 0 {
		return []int{defaultBody}
	}
	for i, size := range raw {
		r.check(size >= minBody && size <= maxBody, "a body is from "+strconv.Itoa(minBody)+" to "+strconv.Itoa(maxBody)+" bytes", "body_bytes", strconv.Itoa(i))
	}
	return raw
}

func (r *reader) keys(raw rawKeys) Keys {
	k := Keys{
		Count:    r.within("count", raw.Count, 0, 1, math.MaxInt32, "keys"),
		Attempts: r.within("attempts", raw.Attempts, 1, 1, maxAttempts, "keys"),
		Window:   r.within("window", raw.Window, defaultWindow, 1, maxWindow, "keys"),
		Order:    Order(raw.Order),
	}
	if raw.Order == "" {
		k.Order = Concurrent
	}
	r.hint(slices.Contains([]Order{Concurrent, Spread, Both}, k.Order), "there is no order "+strconv.Quote(raw.Order), "say concurrent, spread or both", "keys", "order")
	return k
}

func (r *reader) retries(raw rawRetries) Retries {
	const soon = 50 * time.Millisecond
	return Retries{
		Times: r.within("times", raw.Times, 0, 0, maxRetries, "retries"),
		After: r.duration(raw.After, soon, "retries", "after"),
	}
}

func (r *reader) faults(raw []rawFault) []Fault {
	kinds := faultKinds()
	var faults []Fault
	sum := 0.0
	for i, f := range raw {
		at := func(key string) []string { return []string{"faults", strconv.Itoa(i), key} }
		delayed, known := kinds[f.Kind]
		r.hint(known, "there is no fault "+strconv.Quote(f.Kind), "the faults are respond-500, drop-before, drop-after-commit, half-body, delay, delay-answer", at("kind")...)
		share, ok := parsePercent(f.Share)
		r.hint(ok && share > 0 && share <= 0.5, "a share is above 0% and at most 50%", "such as share: 1%", at("share")...)
		delay := r.duration(f.Delay, 0, at("delay")...)
		r.check(delayed == (delay > 0), "delay belongs to delay and delay-answer", at("delay")...)
		sum += share
		faults = append(faults, Fault{Kind: f.Kind, Share: share, Delay: delay})
	}
	r.check(sum <= 0.5, "more than half of the requests would go wrong", "faults")
	return faults
}

func (r *reader) funds(text string) float64 {
	if !r.Has("funds") {
		return 0
	}
	share, ok := parsePercent(text)
	r.hint(ok && share > 0 && share <= 100, "funds are a share of what all cashouts cost together", "such as funds: 50%", "funds")
	return share
}

// parsePercent reads 0.5% as 0.005.
func parsePercent(text string) (float64, bool) {
	number, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(number, 64)
	return value / 100, err == nil
}

func (r *reader) thresholds(raw []string, path ...string) []Threshold {
	var list []Threshold
	for i, text := range raw {
		t, err := ParseThreshold(text)
		if err != nil {
			r.hint(false, err.Error(), thresholdHint, append(slices.Clone(path), strconv.Itoa(i))...)
			continue
		}
		list = append(list, t)
	}
	return list
}

// A Gate is a file of thresholds that stand beside those of the profile.
func parseGate(file string, data []byte) ([]Threshold, error) {
	var raw struct {
		Thresholds []string `yaml:"thresholds"`
	}
	at, err := strictyaml.Decode(file, data, &raw)
	if err != nil {
		return nil, err
	}
	r := &reader{Places: at}
	list := r.thresholds(raw.Thresholds, "thresholds")
	r.check(len(list) > 0, "the gate has no thresholds", "thresholds")
	return list, r.first
}
