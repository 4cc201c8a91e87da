package load

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are a run's live counters for Prometheus. A scrape reads what the run counts
// anyway: nothing is counted twice, and nobody who does not scrape pays. vegeta's own
// exporter is not used: its failure counter never moves, and its latencies begin when a
// busy generator gets round to a request.
//
// The only label is the operation, of which there are six. What a server could make up,
// such as statuses, is none. A search and a run of several rounds begin their counters
// anew with each step, as a restarted process does.
type Metrics struct {
	running atomic.Pointer[engine]
}

// Buckets of latencies in seconds, from what a machine takes to ask itself to where
// clients give up.
func latencyBuckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// Handler answers scrapes.
func (m *Metrics) Handler() (http.Handler, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(m); err != nil {
		return nil, err
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}

// attach makes a run the one that is scraped, until it is released.
func (m *Metrics) attach(e *engine) (release func()) {
	if m == nil {
		return func() {}
	}
	m.running.Store(e)
	return func() { m.running.CompareAndSwap(e, nil) }
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("d24conform_load_"+name, help, labels, nil)
}

// Describe says nothing: what there is depends on the profile.
func (m *Metrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads the counters of the run, if one is under way.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	e := m.running.Load()
	if e == nil {
		return
	}
	stats := e.merged()
	single := func(kind prometheus.ValueType, name, help string, value float64) {
		out <- prometheus.MustNewConstMetric(desc(name, help), kind, value)
	}
	counter := func(name, help string, n uint64) { single(prometheus.CounterValue, name, help, float64(n)) }
	asked, elapsed := 0.0, time.Duration(0)
	if began := e.pacer.start(); !began.IsZero() {
		elapsed = min(e.pacer.now().Sub(began), e.schedule.Length())
		asked = e.schedule.Rate(elapsed)
	}
	single(prometheus.GaugeValue, "asked_rate", "Requests a second that the schedule asks for at this moment.", asked)
	single(prometheus.GaugeValue, "remaining_seconds", "Until the end of the schedule.", (e.schedule.Length() - elapsed).Seconds())
	single(prometheus.GaugeValue, "scheduled_requests", "Requests that the whole schedule asks for.", float64(e.schedule.Total()))
	counter("requests_total", "Requests of the schedule that are over, their retries included.", stats.hits)
	counter("lost_answers_total", "Attempts that were sent and whose connection ended before an answer.", stats.lost)
	counter("timeouts_total", "Attempts that were sent and not answered in time.", stats.timeouts)
	counter("connections_opened_total", "Connections that were opened, those before the first request included.", uint64(e.opened.Load())) //nolint:gosec // not negative
	counter("replays_total", "Answers that repeated the first one of their key.", e.live.replays.Load())
	counter("duplicates_total", "Keys with two objects.", e.live.duplicates.Load())
	counter("different_answers_total", "Keys with two different answers.", e.live.different.Load())
	counter("stale_accepted_total", "Creations with a date a minute old that were accepted.", e.live.stale.Load())
	histogramMetric(out, desc("late_seconds", "From when a request was due to the beginning of its signing."), &stats.late)
	attempts := desc("attempts_total", "Attempts, retries included.", "operation")
	errors := desc("errors_total", "Attempts that ended as the profile does not expect.", "operation")
	latency := desc("latency_seconds", "From when a request was due to its end, retries included.", "operation")
	for op := range stats.classes {
		c := &stats.classes[op]
		if !e.Profile.asks(Op(op)) {
			continue
		}
		name := Op(op).String()
		out <- prometheus.MustNewConstMetric(attempts, prometheus.CounterValue, float64(c.attempts), name)
		out <- prometheus.MustNewConstMetric(errors, prometheus.CounterValue, float64(c.errors), name)
		histogramMetric(out, latency, &c.due, name)
	}
}

// histogramMetric is one of ours in Prometheus' words.
func histogramMetric(out chan<- prometheus.Metric, desc *prometheus.Desc, h *histogram, labels ...string) {
	buckets, count, sum := map[float64]uint64{}, uint64(0), 0.0
	for _, bound := range latencyBuckets() {
		buckets[bound] = 0
	}
	if h.h != nil {
		for _, bar := range h.h.Distribution() {
			if bar.Count == 0 {
				continue
			}
			seconds := time.Duration(bar.To).Seconds()
			count += uint64(bar.Count) //nolint:gosec // not negative
			sum += seconds * float64(bar.Count)
			for _, bound := range latencyBuckets() {
				if seconds <= bound {
					buckets[bound] += uint64(bar.Count) //nolint:gosec // not negative
				}
			}
		}
	}
	out <- prometheus.MustNewConstHistogram(desc, count, sum, buckets, labels...)
}
