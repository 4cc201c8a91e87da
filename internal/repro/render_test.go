package repro

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
)

// one is a plan of one request, made by change from one that is right.
func one(change func(*Plan, *merchant.Draft)) *Plan {
	now := time.Date(2026, 11, 22, 3, 4, 5, 6e8, time.UTC)
	d := &merchant.Draft{Method: "POST", Path: "/v3/deposits", Auth: merchant.SignedDeposit, Now: now}
	d.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
	d.SetBody([]byte(`{"invoice_id":"d24c-run-7","amount":100}`))
	d.Sign.Secret = "the-signature"
	d.SetLogin("the-login")
	d.SetDate(d24.FormatDate(now))
	p := &Plan{
		Fault: Fault{Rule: "DEP-SIG-02", Says: "it says"}, Run: "run",
		First: Environment{BaseURL: "https://127.0.0.1:1", Credentials: d24.Credentials{
			Deposits: d24.DepositsCredentials{APIKey: "the-login", APISignature: "the-signature", ReadOnlyKey: "the-reader"},
		}},
	}
	e := &exchange.Exchange{Label: "probe", Request: exchange.Request{Method: "POST", URL: p.First.BaseURL + d.Path}}
	p.Acts = []Act{{Call: &Call{Exchange: e, Part: "probe", Draft: d}}}
	p.Checks = []Check{{Name: "refused", Calls: []*exchange.Exchange{e}, Words: []string{"102"}}}
	change(p, d)
	if _, there := d.Header.Lookup(d24.HeaderAuthorization); !there {
		d.Header.Set(d24.HeaderAuthorization, d24.NewKey(d.Sign.Secret).Authorization(d.Sign.Date, d.Sign.Login, d.Sign.Body))
	}
	return p
}

func TestARequestBecomesItsRecipe(t *testing.T) {
	t.Parallel()
	right := func(d *merchant.Draft) string {
		return d24.NewKey(d.Sign.Secret).Deposit(d.Sign.Date, d.Sign.Login, d.Sign.Body)
	}
	for name, row := range map[string]struct {
		change func(*Plan, *merchant.Draft)
		lines  []string
	}{
		"a request that is right": {
			func(*Plan, *merchant.Draft) {},
			[]string{
				`date=$(x_date 0)`, `body='{"invoice_id":"'"$run-$n"'","amount":100}'`,
				`sign "$D24_DEPOSITS_API_SIGNATURE" "$date$D24_DEPOSITS_API_KEY$body"`,
				`header "X-Login: $D24_DEPOSITS_API_KEY"`, `header "Authorization: D24 $digest"`, `need D24_BASE_URL`,
			},
		},
		"a date that is moved": {
			func(_ *Plan, d *merchant.Draft) { d.SetDate("2026-11-22T03:03:05Z") },
			[]string{`date=$(x_date -60)`},
		},
		"a date near the edge of the window, in the future": {
			func(p *Plan, d *merchant.Draft) {
				d.SetDate("2026-11-22T03:04:13Z")
				p.Acts[0].Call.Moved = new(6 * time.Second)
			},
			[]string{"\tappoint\n", "\tdate=$(x_date 7)"},
		},
		"a date near the edge of the window, in the past": {
			func(p *Plan, d *merchant.Draft) {
				d.SetDate("2026-11-22T03:03:58Z")
				p.Acts[0].Call.Moved = new(-6 * time.Second)
			},
			[]string{"\tdate=$(x_date -6)"},
		},
		"a date in seconds": {
			func(_ *Plan, d *merchant.Draft) { d.SetDate("1795316645") },
			[]string{`date=$(x_date 0 epoch)`},
		},
		"another date in the signature": {
			func(_ *Plan, d *merchant.Draft) { d.Sign.Date = "2026-11-22T03:04:06Z" },
			[]string{`date2=$(x_date 1)`, `sign "$D24_DEPOSITS_API_SIGNATURE" "$date2$D24_DEPOSITS_API_KEY$body"`, `header "X-Date: $date"`},
		},
		"a login with its last character changed": {
			func(_ *Plan, d *merchant.Draft) { d.SetLogin(merchant.ChangeLast("the-login")) },
			[]string{`header "X-Login: $(other "$D24_DEPOSITS_API_KEY" xy)"`},
		},
		"another body under the signature": {
			func(_ *Plan, d *merchant.Draft) { d.Body = []byte(`{"invoice_id":"d24c-run-7","amount":99}`) },
			[]string{`"amount":99}'` + "\nwith_body", `signed_body='{"invoice_id":"'"$run-$n"'","amount":100}'`},
		},
		"another key": {
			func(_ *Plan, d *merchant.Draft) { d.Sign.Secret = "the-reader" },
			[]string{`sign "$D24_READ_ONLY_KEY" `, `need D24_READ_ONLY_KEY `},
		},
		"upper case": {
			func(_ *Plan, d *merchant.Draft) {
				d.Header.Set(d24.HeaderAuthorization, "D24 "+strings.ToUpper(right(d)))
			},
			[]string{`header "Authorization: D24 $(upper "$digest")"`},
		},
		"a digit too many": {
			func(_ *Plan, d *merchant.Draft) { d.Header.Set(d24.HeaderAuthorization, "D24 "+right(d)+"0") },
			[]string{`header "Authorization: D24 $digest"0`},
		},
		"half of the digits": {
			func(_ *Plan, d *merchant.Draft) { d.Header.Set(d24.HeaderAuthorization, "D24 "+right(d)[:32]) },
			[]string{`header "Authorization: D24 ${digest%????????????????????????????????}"`},
		},
		"zeros": {
			func(_ *Plan, d *merchant.Draft) {
				d.Header.Set(d24.HeaderAuthorization, "D24 "+strings.Repeat("0", 64))
			},
			[]string{`header 'Authorization: D24 ` + strings.Repeat("0", 64) + `'`},
		},
		"an idempotency key": {
			func(_ *Plan, d *merchant.Draft) {
				d.Header.Set(d24.HeaderIdempotencyKey, "0f2d1a4b-1111-4222-8333-444455556666")
			},
			[]string{`header "X-Idempotency-Key: $fresh"-1111-4222-8333-444455556666`},
		},
		"its upper case": {
			func(_ *Plan, d *merchant.Draft) {
				d.Header.Set(d24.HeaderIdempotencyKey, "0F2D1A4B-1111-4222-8333-44445555666A")
			},
			[]string{`header "X-Idempotency-Key: $FRESH"-1111-4222-8333-44445555666A`},
		},
		"another address": {
			func(p *Plan, _ *merchant.Draft) { p.Acts[0].Call.From = "127.0.0.2" },
			[]string{`from=${D24_UNLISTED_IP-127.0.0.2}`},
		},
		"a header that is empty": {
			func(_ *Plan, d *merchant.Draft) { d.Header.Set(d24.HeaderContentType, "") },
			[]string{`header 'Content-Type;'`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := one(row.change).Script()
			for _, line := range row.lines {
				assert.Contains(t, script, line)
			}
			for _, secret := range []string{"the-login", "the-signature", "the-reader"} {
				assert.NotContains(t, script, secret)
			}
		})
	}
}

func TestWhatCannotBeMadeAgainIsSaid(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*Plan, *merchant.Draft)
		want   string
	}{
		"a signature that nothing explains": {
			func(_ *Plan, d *merchant.Draft) {
				d.Header.Set(d24.HeaderAuthorization, "D24 "+strings.Repeat("ab", 32))
			},
			"request 1 (POST /v3/deposits): its signature cannot be made again by a script",
		},
		"an address that is not the target's": {
			func(p *Plan, _ *merchant.Draft) {
				p.Acts[0].Call.Exchange.Request.URL = "https://elsewhere/v3/deposits"
			},
			"its address is not one of the target's: cannot be made again by a script",
		},
		"a hook that only a mock in this process has": {
			func(p *Plan, _ *merchant.Draft) {
				p.Acts = append([]Act{{Hook: &Hook{Name: "freeze_clock"}}}, p.Acts...)
			},
			"hook freeze_clock: cannot be made again by a script",
		},
		"a sentence that no script can judge": {
			func(p *Plan, _ *merchant.Draft) { p.Impossible = "curl cannot\n$(see) 'it'" },
			"CANNOT TELL: curl cannot?$(see) 'it'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("sh"); err != nil {
				t.Skip("not run: there is no sh")
			}
			output, err := exec.Command("sh", "-c", one(row.change).Script()).CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended)
			assert.Equal(t, 3, ended.ExitCode())
			assert.Contains(t, string(output), row.want)
		})
	}
}

// What a target says stands in comments and sentences of the script.
func TestATargetsTextsDoNoHarm(t *testing.T) {
	t.Parallel()
	p := one(func(p *Plan, _ *merchant.Draft) {
		p.Seen = "200 (\nexit 9\n$(exit 9)`exit 9`\x1b[31m)"
		p.Expected = "refused\r\nexit 9"
	})
	head, _, _ := strings.Cut(p.Script(), "set -eu")
	for line := range strings.Lines(head) {
		assert.True(t, strings.HasPrefix(line, "#"), "%q", line)
	}
	assert.NotContains(t, head, "\x1b")
}

func TestATargetsOwnHooksStandInTheScript(t *testing.T) {
	t.Parallel()
	p := one(func(p *Plan, _ *merchant.Draft) {
		p.Commands = map[string][]string{
			"whitelist_add":    {"./panel.sh", "allow it's", "--{product}={ip}"},
			"whitelist_remove": {"./panel.sh", "forbid", "{product}", "{ip}"},
		}
		p.Acts = append([]Act{
			{Hook: &Hook{Name: "whitelist_remove", Arguments: []string{"deposits", "127.0.0.2"}, Undo: true}},
			{Hook: &Hook{Name: "whitelist_add", Arguments: []string{"deposits", "127.0.0.2"}}},
		}, p.Acts...)
	})
	script := p.Script()
	assert.Contains(t, script, `whitelist_add) (cd "${D24_HOOKS_DIR-.}" && ./panel.sh 'allow it'\''s' '--'"$2"'='"$3"'') ||`)
	assert.Contains(t, script, "undo() {\n\thook whitelist_remove deposits 127.0.0.2\n}\narmed=yes\n")
	assert.Contains(t, script, "\nhook whitelist_add deposits 127.0.0.2\n")
	assert.NotContains(t, script, "/manage/v1")
}
