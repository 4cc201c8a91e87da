package steps

import (
	"fmt"
	"maps"
	"slices"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// A Watch tells of faults while traffic passes by, each once. It is for one goroutine.
type Watch struct {
	Credentials d24.Credentials

	recent []*exchange.Exchange
	told   map[string]bool
}

// recentExchanges are looked at together for what shows in two of them: as many as a
// client sends until it has given up on a request.
const recentExchanges = 200

// onlyReported is the sentence that is about how the documents are read: no fault.
const onlyReported = "Content-Type has no parameters"

// See looks at new exchanges and returns a line for each fault of each side.
func (w *Watch) See(fresh []*exchange.Exchange) []string {
	if w.told == nil {
		w.told = map[string]bool{}
	}
	var lines []string
	alone := sentences()
	delete(alone, onlyReported)
	for _, e := range judge.Unpacked(fresh) {
		only := []*exchange.Exchange{e}
		client, operations := w.client(only), judge.Operations(only)
		for _, text := range slices.Sorted(maps.Keys(alone)) {
			lines = w.tell(lines, "client", alone[text](client, operations), 0)
		}
		for _, p := range judge.Passages() {
			lines = w.tell(lines, "server", p.Judge(judge.Server{Credentials: w.Credentials}, only), 0)
		}
		w.recent = append(w.recent, e)
	}
	w.recent = slices.Clone(w.recent[max(0, len(w.recent)-recentExchanges):])
	client, operations := w.client(w.recent), judge.Operations(w.recent)
	for _, sentence := range judge.Together() {
		lines = w.tell(lines, "client", sentence(client, operations), 1)
	}
	for _, p := range judge.Passages() {
		lines = w.tell(lines, "server", p.Judge(judge.Server{Credentials: w.Credentials}, w.recent), 1)
	}
	return lines
}

func (w *Watch) client(among []*exchange.Exchange) judge.Client {
	return judge.Client{Credentials: w.Credentials, Arrival: judge.SeenFromAfar(among), Memory: judge.Memory{}}
}

// tell adds a line for a finding over more than so many exchanges, unless it was told
// before: several sentences may be about one fault.
func (w *Watch) tell(lines []string, side string, f judge.Finding, moreThan int) []string {
	if f.Outcome != judge.Broken || len(f.Exchanges) <= moreThan {
		return lines
	}
	mark := fmt.Sprint(side, numbers(f.Exchanges), f.Seen)
	if w.told[mark] {
		return lines
	}
	w.told[mark] = true
	return append(lines, fmt.Sprintf("exchange %d: the %s: expected %s; seen %s", f.Exchanges[len(f.Exchanges)-1].Number, side, f.Expected, f.Seen))
}
