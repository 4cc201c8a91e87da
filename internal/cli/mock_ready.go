package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
)

// mockReady is what the mock prints when it answers. Keys that came from the
// environment are named and never shown.
type mockReady struct {
	BaseURL      string            `json:"base_url"`
	PlainHTTPURL string            `json:"plain_http_url"`
	ManageURL    string            `json:"manage_url"`
	CAFile       string            `json:"ca_file"`
	Credentials  map[string]string `json:"credentials"`          // made-up ones, by the variable that holds them
	OwnKeys      []string          `json:"credentials_from_env"` // variables that were set already
	Second       mockSecond        `json:"second_environment"`
	Readings     map[string]string `json:"readings"`     // as chosen; all others are the default
	AllowNotify  []string          `json:"allow_notify"` // where notifications go to beside this machine
	TimeScale    float64           `json:"time_scale"`
	Mutant       string            `json:"mutant,omitempty"`
}

// mockSecond is the environment beside the first; its keys are always made up.
type mockSecond struct {
	BaseURL     string            `json:"base_url"`
	Credentials map[string]string `json:"credentials"`
}

func newMockReady(m *mock.Mock, caFile string, given d24.Credentials, opts mock.Options) mockReady {
	r := mockReady{
		BaseURL: m.BaseURL(), PlainHTTPURL: m.PlainURL(), ManageURL: m.ManageURL(), CAFile: caFile,
		Credentials: byName(m.Credentials()), OwnKeys: []string{}, Readings: opts.Readings, Mutant: opts.Mutant,
		AllowNotify: append([]string{}, opts.AllowNotify...), TimeScale: opts.TimeScale,
		Second: mockSecond{BaseURL: m.SecondURL(), Credentials: byName(m.SecondCredentials())},
	}
	given.Named(func(name, _ string) {
		delete(r.Credentials, name)
		r.OwnKeys = append(r.OwnKeys, name)
	})
	return r
}

func byName(credentials d24.Credentials) map[string]string {
	named := map[string]string{}
	credentials.Named(func(name, value string) { named[name] = value })
	return named
}

// String is what a person sees: where it is, and lines to paste into the shell in
// which the client runs.
func (r mockReady) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, `d24conform mock is ready. Ctrl-C stops it, and it forgets everything.

  API                  %s
  plain HTTP           %s (refused, as documented)
  management API       %s
  second environment   %s
  CA certificate       %s
`, r.BaseURL, r.PlainHTTPURL, r.ManageURL, r.Second.BaseURL, r.CAFile)
	for _, id := range slices.Sorted(maps.Keys(r.Readings)) {
		fmt.Fprintf(&b, "  reading              %s=%s\n", id, r.Readings[id])
	}
	for _, host := range r.AllowNotify {
		fmt.Fprintf(&b, "  notifications        to %s as well\n", host)
	}
	if r.TimeScale != 1 {
		fmt.Fprintf(&b, "  repeats              %v times as fast\n", r.TimeScale)
	}
	if r.Mutant != "" {
		fmt.Fprintf(&b, "  mutant               %s\n", r.Mutant)
	}
	b.WriteString("\nIn the shell of the client:\n\n")
	export := func(name, value string) { fmt.Fprintf(&b, "  export %s=%s\n", name, shellWord(value)) }
	export(d24.EnvBaseURL, r.BaseURL)
	export(d24.EnvCAFile, r.CAFile)
	for _, name := range d24.CredentialNames() {
		if value, ok := r.Credentials[name]; ok {
			export(name, value)
		}
	}
	for _, name := range r.OwnKeys {
		fmt.Fprintf(&b, "  # %s as in the mock's own environment\n", name)
	}
	return b.String()
}

// shellWord is the value as one word of a POSIX shell.
func shellWord(value string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if value != "" && strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) < 0 {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
