package repro

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// shells are those that a person may have; sh is always one of them.
func shells() map[string][]string {
	return map[string][]string{"sh": {"sh"}, "dash": {"dash"}, "bash": {"bash", "--posix"}, "busybox": {"busybox", "sh"}}
}

// shell runs some lines behind the library in each shell that is here.
func shell(t *testing.T, lines string, check func(t *testing.T, output string)) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "test.sh")
	text := "set -eu\n" + common + "\n" + library + "\n" + managementHooks + "\nclock_offset_ms=0 clock_error_ms=1\n" + lines
	require.NoError(t, os.WriteFile(script, []byte(text), 0o600))
	for name, words := range shells() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, program := range []string{words[0], "curl", "openssl"} {
				if _, err := exec.LookPath(program); err != nil {
					t.Skip("not run: there is no " + program)
				}
			}
			cmd := exec.Command(words[0], append(words[1:], script)...)
			output, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", output)
			check(t, string(output))
		})
	}
}

func TestTheLibrarySignsLikeOurSigner(t *testing.T) {
	t.Parallel()
	keys := []string{"", "6", "key", `a "key" with \ and $HOME and 'é'`, strings.Repeat("6", 64), strings.Repeat("k", 65), strings.Repeat("ü", 200)}
	texts := []string{"", "2026-11-22T03:00:00Zlogin{\"amount\":100,\"city\":\"São Paulo %s\\n`id`\"}\n"}
	var lines strings.Builder
	var want []string
	for _, key := range keys {
		for _, text := range texts {
			lines.WriteString("sign " + quote(key) + " " + quote(text) + "\nsay \"$digest\"\n")
			want = append(want, d24.NewKey(key).Payload([]byte(text)))
		}
	}
	lines.WriteString("sha1_digest\nunkeyed_digest\nsay \"$(base64_digest)\"\n")
	s, right := merchant.Signing{Secret: keys[len(keys)-1], Body: []byte(texts[len(texts)-1])}, want[len(want)-1]
	want = append(want, merchant.SHA1Digest(right, s), merchant.UnkeyedDigest(right, s), merchant.Base64Digest(right, s))
	shell(t, lines.String(), func(t *testing.T, output string) {
		t.Helper()
		assert.Equal(t, strings.Join(want, "\n")+"\n", output)
	})
}

func TestTheLibraryWritesDates(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	var want []string
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2024, 2, 29, 8, 9, 10, 0, time.UTC),
		time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC), time.Date(2100, 3, 1, 0, 0, 0, 0, time.UTC),
	} {
		at = at.UTC()
		lines.WriteString("appointment=" + strconv.FormatInt(at.Unix(), 10) +
			"\nx_date 0\nx_date 61\nx_date 0 mail\nx_date 0 day-first\nx_date 0 day\nx_date 0 epoch\nfrom_http '" +
			at.Format("02 Jan 2006 15:04:05") + "'\n")
		epoch := strconv.FormatInt(at.Unix(), 10)
		want = append(want, d24.FormatDate(at), d24.FormatDate(at.Add(61*time.Second)), at.Format(time.RFC1123Z),
			at.Format("02/01/2006 15:04:05"), at.Format(time.DateOnly), epoch, epoch)
	}
	shell(t, lines.String(), func(t *testing.T, output string) {
		t.Helper()
		assert.Equal(t, strings.Join(want, "\n")+"\n", output)
	})
}

func TestTheLibraryChangesTextsAsTheClientDoes(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	var want []string
	for _, text := range []string{"", "k", "x", "keyx", "key y", "a$(b)"} {
		lines.WriteString("say \"$(other " + quote(text) + " xy)\"\n")
		want = append(want, merchant.ChangeLast(text))
	}
	for _, digits := range []string{"0", "1", "0120", "fed1"} {
		lines.WriteString("say \"$(flip " + digits + " first)\" \"$(flip " + digits + " last)\"\n")
		want = append(want, merchant.FlipDigit(digits, 0)+" "+merchant.FlipDigit(digits, len(digits)-1))
	}
	lines.WriteString(`say "$(json 'a "b" \ c')" "$(upper abc-1)"` + "\n")
	want = append(want, `a \"b\" \\ c ABC-1`)
	shell(t, lines.String(), func(t *testing.T, output string) {
		t.Helper()
		assert.Equal(t, strings.Join(want, "\n")+"\n", output)
	})
}

func TestTheLibraryReadsAnswers(t *testing.T) {
	t.Parallel()
	rows := []struct{ method, path, status, body, want string }{
		{"POST", "/v3/deposits", "201", `{"deposit_id": 300000001, "user":{"deposit_id":7}}`, "accepted||300000001|"},
		{"POST", "/v3/deposits", "200", "{\n  \"deposit_id\" : \"d-7\"\n}\n", "accepted||d-7|"},
		{"POST", "/v3/deposits", "201", `{"deposit_id":0}`, "odd|||"},
		{"POST", "/v3/deposits", "400", `{"code":103,"description":"Invalid date"}`, "refused|103||"},
		{"POST", "/v3/deposits", "400", `{"error":{"code":"INVALID_DATE_RANGE","message":"no"}}`, "refused|INVALID_DATE_RANGE||"},
		{"POST", "/v3/deposits", "400", `<html>`, "odd|||"},
		{"POST", "/v3/deposits", "503", `{"code":1}`, "busy|1||"},
		{"POST", "/v3/deposits", "", ``, "busy|||"},
		{"GET", "/v3/deposits/7", "200", `{"deposit_id":7,"status":"PENDING"}`, "accepted|||PENDING"},
		{"GET", "/v3/payment_methods", "200", `[{"code":"BB"}]`, "accepted|||"},
		{"GET", "/v3/payment_methods", "200", `{}`, "odd|||"},
		{"POST", "/v3/cashout", "200", `{"cashout_id":8400001,"code":0,"error":null}`, "accepted|0|8400001|"},
		{"POST", "/v3/cashout/status", "200", `{"cashout_status":"0","cashout_id":1}`, "accepted|||0"},
		{"POST", "/v3/cashout", "412", `{"code":514,"message":"Insufficient \"funds\""}`, "refused|514||"},
	}
	var lines, want strings.Builder
	for _, row := range rows {
		lines.WriteString("n=1 part=x method=" + row.method + " path=" + row.path + "\nprintf %s " + quote(row.body) + " > \"$tmp/1.answer\"\n: > \"$tmp/1.head\"\n")
		if row.status != "" {
			lines.WriteString("printf 'HTTP/1.1 " + row.status + " Words\\r\\n' > \"$tmp/1.head\"\n")
		}
		lines.WriteString("read_answer 1 > /dev/null\nsay \"$kind|$code|$object|$state\"\n")
		want.WriteString(strings.Replace(row.want, "accepted|0|", "accepted||", 1) + "\n")
	}
	shell(t, lines.String(), func(t *testing.T, output string) {
		t.Helper()
		assert.Equal(t, want.String(), output)
	})
}

// Whatever a target or a feature file says stays one word, and no command.
func TestQuotedTextIsOneWordOfTheShell(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("not run: there is no sh")
	}
	for _, text := range []string{
		"", "plain-1.2", "$(touch x)", "`id`", "it's", "a\nb\n", `\ " $HOME`, "!$#*?[", "é\xff", "'; exit 7; '", "-n", "{a,b}", "~",
	} {
		output, err := exec.Command("sh", "-c", "printf %s "+quote(text)).Output()
		require.NoError(t, err, "%q", text)
		assert.Equal(t, text, string(output))
	}
}
