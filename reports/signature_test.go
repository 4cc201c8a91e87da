package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSignatureShowsWhereTheSidesDiffer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100)
	for name, row := range map[string]struct {
		signed, sent string
		want         Sides
	}{
		"both are the same": {
			"2026{{KEY}}{}", "2026{{KEY}}{}",
			Sides{Signed: "2026{{KEY}}{}", SignedHex: "32303236{{KEY}}7b7d"},
		},
		"a byte is another": {
			long + "1" + long, long + "2" + long,
			Sides{
				Signed: long[:16] + "1" + long[:23], SignedHex: strings.Repeat("61", 16) + "31" + strings.Repeat("61", 23),
				Sent: long[:16] + "2" + long[:23], SentHex: strings.Repeat("61", 16) + "32" + strings.Repeat("61", 23),
			},
		},
		"something is behind the end": {
			"{}", "{}\n",
			Sides{Signed: "{}", SignedHex: "7b7d", Sent: "{}\n", SentHex: "7b7d0a"},
		},
		"a letter and a name are never cut in two": {
			long + "{{A_LONG_NAME_OF_A_SECRET}}1", long + "{{A_LONG_NAME_OF_A_SECRET}}é",
			Sides{
				Signed: "{{A_LONG_NAME_OF_A_SECRET}}1", SignedHex: "{{A_LONG_NAME_OF_A_SECRET}}31",
				Sent: "{{A_LONG_NAME_OF_A_SECRET}}é", SentHex: "{{A_LONG_NAME_OF_A_SECRET}}c3a9",
			},
		},
		"nothing was signed": {
			"", "{}",
			Sides{Sent: "{}", SentHex: "7b7d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := NewSignature(1, row.signed, row.sent)
			if diff := cmp.Diff(row.want, got.Near); diff != "" {
				t.Errorf("near (-want +got):\n%s", diff)
			}
			if got.Signed != row.signed {
				t.Errorf("signed %q", got.Signed)
			}
		})
	}
}
