package target

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseLevel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"observe", "sandbox"} {
		level, err := ParseLevel(name)
		require.NoError(t, err)
		assert.Equal(t, Level(name), level)
	}
	for name, want := range map[string]string{
		"load":    "level load is that of the load command: a run is at level observe or sandbox",
		"":        `level "" is not observe or sandbox`,
		"Sandbox": `level "Sandbox" is not observe or sandbox`,
	} {
		_, err := ParseLevel(name)
		assert.EqualError(t, err, want)
	}
}

func TestDefaultLevel(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Sandbox, DefaultLevel(true), "on this machine nothing is harmed")
	assert.Equal(t, Observe, DefaultLevel(false), "elsewhere somebody has to say so")
}

func TestLooksLikeProduction(t *testing.T) {
	t.Parallel()
	for baseURL, want := range map[string]bool{
		"https://api-stg.directa24.com":                   false,
		"https://cc-api-stg.directa24.com":                false,
		"https://API-STG.Directa24.com:8443/v3":           false,
		"https://api-stg":                                 false,
		"https://api.directa24.com":                       true,
		"https://api.stg.directa24.com":                   true,
		"https://stg.directa24.com":                       true,
		"https://api-stging.directa24.com":                true,
		"https://api.directa24-stg.com":                   true,
		"https://api-stg.directa24.com@api.directa24.com": true,
		"https://api.directa24.com/api-stg.directa24.com": true,
		"https://localhost":                               true, // a name can point anywhere: whether it is this machine is asked apart
		"https://127.0.0.1:8443":                          true,
		"https://10.0.0.5":                                true,
		"https://[::1]:8443":                              true,
		"https://%zz":                                     true,
		"":                                                true,
	} {
		assert.Equal(t, want, LooksLikeProduction(baseURL), baseURL)
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]bool{
		"127.0.0.1:443":          true,
		"127.8.9.10:443":         true,
		"[::1]:443":              true,
		"[::ffff:127.0.0.1]:443": true,
		"10.0.0.1:443":           false,
		"128.0.0.1:443":          false,
		"0.0.0.0:443":            false,
		"[::]:443":               false,
		"[fe80::1]:443":          false,
		"[::ffff:10.0.0.1]:443":  false,
		"localhost:443":          false, // a peer is an address and never a name
		"127.0.0.1":              false,
		"":                       false,
	} {
		assert.Equal(t, want, isLoopback(peer), peer)
	}
}

func TestOnThisMachine(t *testing.T) {
	t.Parallel()
	for baseURL, want := range map[string]bool{
		"https://127.0.0.1:8443":           true,
		"https://[::1]:8443":               true,
		"https://localhost":                true,
		"https://192.0.2.1":                false,
		"https://[::ffff:192.0.2.1]":       false,
		"https://%zz":                      false,
		"https://":                         false,
		"https://127.0.0.1@192.0.2.1:8443": false,
	} {
		assert.Equal(t, want, OnThisMachine(t.Context(), baseURL), baseURL)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.False(t, OnThisMachine(ended, "https://a.name.to.look.up.invalid"), "what is not known is not this machine")
}

// A proxy may stand on this machine and its target anywhere: nothing is created there
// only because the proxy's address is a loopback one.
func TestAProxyIsNotTheTarget(t *testing.T) {
	t.Parallel()
	through := func(proxy string, err error) func(*http.Request) (*url.URL, error) {
		return func(r *http.Request) (*url.URL, error) {
			assert.Equal(t, "api.directa24.com", r.URL.Hostname())
			if proxy == "" {
				return nil, err
			}
			return &url.URL{Scheme: "http", Host: proxy}, err
		}
	}
	s := newServer(t, Config{BaseURL: "https://api.directa24.com", Credentials: keys})
	s.proxy = through("127.0.0.1:3128", nil)
	s.meet("127.0.0.1:3128")
	assert.False(t, s.Loopback())
	s.proxy = through("", errors.New("HTTPS_PROXY cannot be read"))
	s.meet("127.0.0.1:3128")
	assert.False(t, s.Loopback())
	s.proxy = through("", nil)
	s.meet("127.0.0.1:443")
	assert.True(t, s.Loopback())
}
