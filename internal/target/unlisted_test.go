package target

import (
	"net"
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/mock"
)

func TestCheckSource(t *testing.T) {
	t.Parallel()
	const here = "https://127.0.0.1:8443"
	require.EqualError(t, CheckSource(t.Context(), netip.MustParseAddr("192.0.2.7"), here), "this machine has no address 192.0.2.7")
	require.EqualError(t, CheckSource(t.Context(), netip.MustParseAddr("127.0.0.1"), here),
		"127.0.0.1 is the address from which all other requests come")
	if second := SecondLoopback(); second.IsValid() {
		require.NoError(t, CheckSource(t.Context(), second, here))
	}
	if conn, err := net.Dial("udp", "[::1]:9"); err == nil {
		require.NoError(t, conn.Close())
		require.ErrorContains(t, CheckSource(t.Context(), netip.MustParseAddr("127.0.0.1"), "https://[::1]:8443"),
			"there is no route from 127.0.0.1 to [::1]:8443")
	}
	require.NoError(t, CheckSource(t.Context(), netip.MustParseAddr("127.0.0.1"), "https://no.such.host.invalid"),
		"whether the host can be reached is found out later")
}

func TestFromUnlisted(t *testing.T) {
	t.Parallel()
	s := newServer(t, Config{BaseURL: "https://127.0.0.1", Credentials: keys})
	_, _, ok, err := s.FromUnlisted()
	require.NoError(t, err)
	assert.False(t, ok)

	proxy := &url.URL{Scheme: "http", Host: "127.0.0.1:3128"}
	s = newServer(t, Config{BaseURL: "https://127.0.0.1", Credentials: keys, UnlistedProxy: proxy})
	client, from, ok, err := s.FromUnlisted()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.False(t, from.IsValid(), "nobody tells us the proxy's address")
	assert.Equal(t, proxy, client.Proxy)

	m := embed(t, mock.Options{})
	if !m.UnlistedIP.IsValid() {
		t.Skip("this machine has no second loopback address")
	}
	for _, s := range []*Server{m, m.Second} {
		client, from, ok, err = s.FromUnlisted()
		require.NoError(t, err)
		assert.True(t, ok)
		assert.Equal(t, m.UnlistedIP, from)
		assert.Equal(t, m.UnlistedIP, client.LocalIP)
	}
}
