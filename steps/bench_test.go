package steps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/target"
	"github.com/d24conform/d24conform/reports"
	"github.com/d24conform/d24conform/steps"
)

// BenchmarkTwins judges 300 twin scenarios, 900 signed calls, against the embedded mock:
// the goal is 0.35 s (0.19 s was measured of the bare libraries).
func BenchmarkTwins(b *testing.B) {
	var feature strings.Builder
	feature.WriteString(`Feature: twins
  @DEP-SIG-03 @server @deposits
  Rule: many twins
    Scenario Outline: twin <n>
      Given a deposit request that the server accepts
      When only its signature has its last digit changed
      Then it is refused because of its signature
      Examples:
        | n |
`)
	for n := range 300 {
		fmt.Fprintf(&feature, "        | %d |\n", n)
	}
	files := fstest.MapFS{"twins.feature": {Data: []byte(feature.String())}}
	manifest, err := steps.ReadManifest(files)
	require.NoError(b, err)
	ledger, err := rules.Load(rules.Latest)
	require.NoError(b, err)
	server := embedded(b)
	require.NoError(b, server.Reach(context.Background()))
	for b.Loop() {
		suite := &steps.Suite{
			Server: server, Ledger: ledger, Features: files, Manifest: manifest, Level: target.Sandbox,
			Orders: &merchant.Orders{Run: fmt.Sprint(time.Now().UnixNano())}, Meta: reports.Meta{Started: time.Now()},
		}
		before := server.Log.Len()
		results, err := suite.Run(context.Background())
		require.NoError(b, err)
		require.Zero(b, results.Counts.Fail+results.Counts.Inconclusive)
		require.Equal(b, 900, server.Log.Len()-before, "signed calls")
	}
}
