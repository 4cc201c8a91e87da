package steps

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
	"github.com/d24conform/d24conform/internal/target"
)

// Only what the second environment lacks altogether is left to ENV-04. A deposit that is lost
// there is answered 404 as well, and stays a violation.
func TestALostObjectOfTheSecondEnvironmentIsJudged(t *testing.T) {
	t.Parallel()
	answered := func(method, path string) error {
		return held(judge.Finding{Outcome: judge.Broken, Expected: "status COMPLETED", Seen: "404", Exchanges: []*exchange.Exchange{{
			Request: exchange.Request{Method: method, URL: "https://second.example" + path}, Response: &exchange.Response{Status: 404},
		}}})
	}
	s := &Suite{Server: &target.Server{Second: &target.Server{}}, survey: survey{
		away: map[string]bool{"deposit": false, "refund": true}, lacking: map[string]bool{"POST /v3/refunds": true},
	}}
	s.Server.Second.BaseURL = "https://second.example"
	w := &world{scene: &scene{suite: s}}
	var left *noted
	assert.NotErrorAs(t, w.unlessAway(answered("GET", "/v3/deposits/300000001")), &left)
	assert.ErrorAs(t, w.unlessAway(answered("POST", "/v3/refunds/?x=1")), &left)
}
