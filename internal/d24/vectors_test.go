package d24_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/vectors"
)

// The vectors were made by other tools: what this package computes never got into them.
func loadVectors(t *testing.T) *vectors.Set {
	t.Helper()
	set, err := vectors.Load()
	require.NoError(t, err)
	return set
}

// sign gives the whole value of the header or field that a vector is about.
func sign(key *d24.Key, c vectors.SignatureCase) string {
	switch c.Kind {
	case vectors.KindCashoutControl:
		return key.Control(c.ExternalID)
	case vectors.KindCashoutRequest, vectors.KindCashoutNotificationPayload:
		return key.Payload(c.Body())
	}
	return key.Authorization(c.XDate, c.XLogin, c.Body())
}

// verify says whether the presented value is taken.
func verify(key *d24.Key, c vectors.SignatureCase, presented string) bool {
	switch c.Kind {
	case vectors.KindCashoutControl:
		return key.VerifyControl(presented, c.ExternalID)
	case vectors.KindCashoutRequest, vectors.KindCashoutNotificationPayload:
		return key.VerifyPayload(presented, c.Body())
	}
	return key.VerifyAuthorization(presented, c.XDate, c.XLogin, c.Body())
}

func TestSignaturesAreThoseOfTheVectors(t *testing.T) {
	t.Parallel()
	for _, c := range loadVectors(t).Signatures {
		if c.Reading != "" { // another reading than the default, such as AMB-30=body-only
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			key := d24.NewKey(c.Key)
			if c.Signature != "" {
				assert.Equal(t, c.Signature, sign(key, c))
			}
			// A body that is not UTF-8 is refused by the server before its signature
			// is looked at; the signature over its bytes is sound.
			if c.Reason != "not_utf8" {
				assert.Equal(t, c.Accepted(), verify(key, c, c.Presented))
			}
			for _, mistake := range c.Mistakes {
				assert.False(t, verify(key, c, mistake.Answer), "the mistake %s is taken for right", mistake.Name)
			}
		})
	}
}

func TestDatesAreThoseOfTheVectors(t *testing.T) {
	t.Parallel()
	set := loadVectors(t)
	for _, c := range set.Dates {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := d24.ParseDate(c.XDate)
			if !c.Accepted() {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.True(t, c.Time().Equal(got), "read as %s, not %s", got, c.Time())
		})
	}
	for _, c := range set.Formats {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.XDate, d24.FormatDate(c.Time()))
			assert.Equal(t, c.XDate, string(d24.AppendDate(nil, c.Time().In(time.FixedZone("", 3600)))))
		})
	}
	for _, c := range set.Windows {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			now, err := c.Server()
			require.NoError(t, err)
			date, err := d24.ParseDate(c.XDate)
			require.NoError(t, err)
			assert.Equal(t, c.Accepted(), d24.InWindow(now, date), "a difference of %d ms", c.DifferenceMS)
		})
	}
}
