package target

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// A plan is the trouble that one kind of request meets: every other one, so that the next
// attempt succeeds.
type plan struct {
	does         Activity
	method, path string
	troubles     []Trouble
}

// plans is all the trouble that an observed command meets. With seed 0 what tells most
// comes first, for commands that make few requests; other seeds shuffle it.
func plans(seed uint64) []plan {
	// What a client need not survive comes second: many a command ends with the first answer
	// that it does not get.
	doubtful := func(first Trouble) []Trouble {
		return []Trouble{first, LosesAnswer, LosesConnection, LosesHalf, TimesOut, Unauthorized}
	}
	list := []plan{
		{CreatesDeposit, http.MethodPost, d24.PathDeposits, []Trouble{
			LosesAnswer, LosesConnection, StoredError, RefusedDate, TooMany, LosesHalf, TimesOut, GatewayPage, Redirected307, Redirected302, SlowAnswer, Unauthorized,
		}},
		{AsksDeposit, http.MethodGet, d24.PathDeposits + "/", []Trouble{Redirected301, LosesAnswer, Unauthorized}},
		{CreatesRefund, http.MethodPost, d24.PathRefunds, []Trouble{LosesAnswer, Redirected308, LosesConnection, LosesHalf, TimesOut, Unauthorized}},
		{AsksRefund, http.MethodGet, d24.PathRefunds + "/", []Trouble{Redirected301, LosesAnswer, Unauthorized}},
		{LooksUp, http.MethodGet, d24.PathPaymentMethods, []Trouble{Redirected302, LosesAnswer, Unauthorized}},
		{LooksUpRates, http.MethodGet, d24.PathExchangeRates, []Trouble{Redirected302, LosesAnswer, Unauthorized}},
		{LooksUpBanks, http.MethodGet, d24.PathBanks, []Trouble{Redirected302, LosesAnswer, Unauthorized}},
		{CreatesCashout, http.MethodPost, d24.PathCashout, append(doubtful(Redirected307), Redirected302, StoredError, TooMany)},
		{AsksCashout, http.MethodPost, d24.PathCashoutStatus, []Trouble{Redirected308, LosesAnswer, TooMany, Unauthorized}},
		{HoldsCashout, http.MethodPut, d24.PathCashoutStatus, doubtful(Redirected307)},
		{CancelsCashout, http.MethodDelete, d24.PathCashoutCancel, doubtful(Redirected307)},
	}
	if seed == 0 {
		return list
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for _, p := range list {
		random.Shuffle(len(p.troubles), func(i, j int) { p.troubles[i], p.troubles[j] = p.troubles[j], p.troubles[i] })
	}
	return list
}

// faults are the plan as the mock takes it.
func (p plan) faults() []mock.Fault {
	var list []mock.Fault
	for i, trouble := range p.troubles {
		for _, fault := range trouble.faults() {
			fault.Method, fault.Path, fault.Nth = p.method, p.path, 2*i+1
			list = append(list, fault)
		}
	}
	return list
}

// String is the plan in a line. Retries that get a stored answer do not count.
func (p plan) String() string {
	parts := make([]string, len(p.troubles))
	for i, trouble := range p.troubles {
		parts[i] = fmt.Sprintf("in request %d %s", 2*i+1, trouble)
	}
	return fmt.Sprintf("when it %s: %s", p.does, strings.Join(parts, ", "))
}
