package mock

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecorderIsBounded(t *testing.T) {
	arrive := func(rec *recorder, name string, size int) {
		r := newRecordedRequest(&http.Request{RequestURI: name}, make([]byte, size), time.Time{})
		rec.add(r, answer{Status: 200}, nil, whole, 0)
	}
	t.Run("by count", func(t *testing.T) {
		rec := &recorder{}
		for i := range maxExchanges + 10 {
			arrive(rec, fmt.Sprint(i), 1)
		}
		list := rec.list()
		require.Len(t, list, maxExchanges)
		assert.Equal(t, 11, list[0].Number)
		assert.Equal(t, maxExchanges+10, list[maxExchanges-1].Number)
	})
	t.Run("by bytes", func(t *testing.T) {
		rec := &recorder{}
		for i := range 40 {
			arrive(rec, fmt.Sprint(i), 1<<20)
		}
		list := rec.list()
		require.Len(t, list, 15, "sixteen would be over 16 MiB with what is around the body")
		assert.Equal(t, 40, list[14].Number, "the newest is always there")
		rec.reset()
		assert.Empty(t, rec.list())
	})
}
