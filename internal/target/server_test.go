package target

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
)

const somewhere = "https://api-stg.directa24.com"

func TestNewServerTakesTheProductsThatHaveKeys(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		credentials d24.Credentials
		want        []rules.Product
	}{
		{"both", keys, []rules.Product{rules.Deposits, rules.Cashouts}},
		{"deposits", depositKeys, []rules.Product{rules.Deposits}},
		{"deposits without a read-only key", d24.Credentials{Deposits: d24.DepositsCredentials{APIKey: "k", APISignature: "s"}}, []rules.Product{rules.Deposits}},
		{"cashouts", d24.Credentials{Cashouts: keys.Cashouts}, []rules.Product{rules.Cashouts}},
		{"deposits, and half of cashouts", d24.Credentials{Deposits: keys.Deposits, Cashouts: d24.CashoutsCredentials{APIKey: "k"}}, []rules.Product{rules.Deposits}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, Config{BaseURL: somewhere, Credentials: row.credentials})
			assert.Equal(t, row.want, s.Products)
			assert.Equal(t, row.want[0] == rules.Deposits, s.Has(rules.Deposits))
		})
	}
}

func TestNewServerRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		cfg  Config
		want string
	}{
		{
			"no credentials",
			Config{BaseURL: somewhere},
			"no credentials: set D24_DEPOSITS_API_KEY and D24_DEPOSITS_API_SIGNATURE, or the D24_CASHOUTS_… ones",
		},
		{
			"a read-only key alone",
			Config{BaseURL: somewhere, Credentials: d24.Credentials{Deposits: d24.DepositsCredentials{ReadOnlyKey: "r"}}},
			"no credentials: set D24_DEPOSITS_API_KEY and D24_DEPOSITS_API_SIGNATURE, or the D24_CASHOUTS_… ones",
		},
		{
			"a declared product without its keys",
			Config{BaseURL: somewhere, Credentials: depositKeys, Products: []rules.Product{rules.Deposits, rules.Cashouts}},
			"no credentials for cashouts: set D24_CASHOUTS_API_KEY and D24_CASHOUTS_API_PASSPHRASE and D24_CASHOUTS_API_SIGNATURE",
		},
		{"a base URL that is none", Config{BaseURL: "api-stg", Credentials: keys}, `base url "api-stg" is not of the form https://host`},
		{
			"a second environment that lacks a product's keys",
			Config{BaseURL: somewhere, Credentials: keys, Second: &Config{BaseURL: somewhere, Credentials: depositKeys}},
			"second environment: no credentials for cashouts: set D24_CASHOUTS_API_KEY and D24_CASHOUTS_API_PASSPHRASE and D24_CASHOUTS_API_SIGNATURE",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := NewServer(row.cfg)
			assert.EqualError(t, err, row.want)
		})
	}
}

func TestSecondEnvironment(t *testing.T) {
	t.Parallel()
	log := &exchange.Log{}
	other := d24.Credentials{
		Deposits: d24.DepositsCredentials{APIKey: "other-login", APISignature: "other-signature"},
		Cashouts: d24.CashoutsCredentials{APIKey: "other-cash", APIPassphrase: "other-pass", APISignature: "other-cash-signature"},
	}
	s := newServer(t, Config{
		BaseURL: somewhere, Credentials: keys, Products: []rules.Product{rules.Deposits}, Log: log,
		Second: &Config{BaseURL: "https://other-stg.directa24.com", Credentials: other},
	})
	require.NotNil(t, s.Second)
	assert.Same(t, log, s.Second.Log, "one run has one log")
	assert.Equal(t, s.Products, s.Second.Products)
	assert.Equal(t, "other-login", s.Second.Client().Credentials.Deposits.APIKey)
	assert.Nil(t, s.Second.Second)
	assert.Equal(t, "other-stg.directa24.com", s.Second.Title())
}

func TestTitle(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "api-stg.directa24.com", newServer(t, Config{BaseURL: somewhere, Credentials: keys}).Title())
	assert.Equal(t, "stg", newServer(t, Config{BaseURL: somewhere, Credentials: keys, Name: "stg"}).Title())
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	s := newServer(t, Config{
		BaseURL: somewhere, Credentials: keys,
		Second: &Config{BaseURL: somewhere, Credentials: keys},
	})
	secrets := s.Secrets()
	assert.Equal(t, "xarked-read-only", secrets["D24_READ_ONLY_KEY_MISSPELT_1"])
	assert.Equal(t, "marked-p", secrets["SECOND_D24_CASHOUTS_API_PASSPHRASE_MISSPELT_4"])
	maps.DeleteFunc(secrets, func(name, _ string) bool { return strings.Contains(name, "_MISSPELT_") })
	assert.Equal(t, map[string]string{
		"D24_DEPOSITS_API_KEY":               "marked-login-of-deposits",
		"D24_DEPOSITS_API_SIGNATURE":         "marked-signature-of-deposits",
		"D24_READ_ONLY_KEY":                  "marked-read-only",
		"D24_CASHOUTS_API_KEY":               "marked-login-of-cashouts",
		"D24_CASHOUTS_API_PASSPHRASE":        "marked-passphrase",
		"D24_CASHOUTS_API_SIGNATURE":         "marked-signature-of-cashouts",
		"D24_DEPOSITS_BASIC":                 "bWFya2VkLWxvZ2luLW9mLWRlcG9zaXRzOg==",
		"D24_CASHOUTS_BASIC":                 "bWFya2VkLWxvZ2luLW9mLWNhc2hvdXRzOm1hcmtlZC1wYXNzcGhyYXNl",
		"SECOND_D24_DEPOSITS_API_KEY":        "marked-login-of-deposits",
		"SECOND_D24_DEPOSITS_API_SIGNATURE":  "marked-signature-of-deposits",
		"SECOND_D24_READ_ONLY_KEY":           "marked-read-only",
		"SECOND_D24_CASHOUTS_API_KEY":        "marked-login-of-cashouts",
		"SECOND_D24_CASHOUTS_API_PASSPHRASE": "marked-passphrase",
		"SECOND_D24_CASHOUTS_API_SIGNATURE":  "marked-signature-of-cashouts",
		"SECOND_D24_DEPOSITS_BASIC":          "bWFya2VkLWxvZ2luLW9mLWRlcG9zaXRzOg==",
		"SECOND_D24_CASHOUTS_BASIC":          "bWFya2VkLWxvZ2luLW9mLWNhc2hvdXRzOm1hcmtlZC1wYXNzcGhyYXNl",
	}, secrets)

	without := newServer(t, Config{BaseURL: somewhere, Credentials: depositKeys}).Secrets()
	maps.DeleteFunc(without, func(name, _ string) bool { return strings.Contains(name, "_MISSPELT_") })
	assert.Len(t, without, 4, "keys that are not there have no name, and no Basic either: %v", without)
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	s := embed(t, mock.Options{Readings: map[string]string{"AMB-14": "strict"}})
	assert.Equal(t, EmbeddedName, s.Title())
	assert.True(t, s.Readings.Is("AMB-14", "strict"), "the scenarios on readings go by what the mock declares")
	assert.NotEmpty(t, s.PlainHTTPURL)
	require.NotNil(t, s.Second)
	assert.NotEqual(t, s.BaseURL, s.Second.BaseURL)
	assert.NotEqual(t, s.Credentials.Deposits.APIKey, s.Second.Credentials.Deposits.APIKey)

	_, _, err := Embed(mock.Options{Readings: map[string]string{"AMB-14": "upside-down"}}, nil)
	assert.ErrorContains(t, err, "start the embedded mock")
}

func TestClientFromSharesTheLog(t *testing.T) {
	t.Parallel()
	s := embed(t, mock.Options{})
	client, err := s.ClientFrom(func(o *merchant.Options) { o.Timeout = time.Hour })
	require.NoError(t, err)
	defer client.Close()
	assert.Same(t, s.Log, client.Log)
	assert.Equal(t, time.Hour, client.Timeout)
	assert.NotEqual(t, time.Hour, s.Client().Timeout)
}
