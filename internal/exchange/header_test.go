package exchange_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/exchange"
)

func three() exchange.Header {
	return exchange.Header{{"X-Date", "1"}, {"Accept", "2"}, {"x-date", "3"}, {"Zed", "4"}}
}

func TestHeaderLookup(t *testing.T) {
	t.Parallel()
	h := three()
	assert.Equal(t, "1", h.Get("X-DATE"), "the first, whatever its case")
	assert.Empty(t, h.Get("X-Login"))
	h = append(h, exchange.Field{Name: "Empty"})
	value, ok := h.Lookup("empty")
	assert.True(t, ok, "empty is not absent")
	assert.Empty(t, value)
	_, ok = h.Lookup("X-Login")
	assert.False(t, ok)
	_, ok = exchange.Header(nil).Lookup("X-Login")
	assert.False(t, ok)
}

func TestHeaderSet(t *testing.T) {
	t.Parallel()
	h := three()
	h.Set("X-date", "new")
	assert.Empty(t, cmp.Diff(exchange.Header{{"X-Date", "new"}, {"Accept", "2"}, {"Zed", "4"}}, h), "one field, in the place of the first")
	h.Set("X-Login", "me")
	assert.Empty(t, cmp.Diff(exchange.Header{{"X-Date", "new"}, {"Accept", "2"}, {"Zed", "4"}, {"X-Login", "me"}}, h))
	h.Set("X-Login", "")
	value, ok := h.Lookup("X-Login")
	assert.True(t, ok && value == "", "set to nothing is not deleted")

	var none exchange.Header
	none.Set("A", "1")
	assert.Empty(t, cmp.Diff(exchange.Header{{"A", "1"}}, none))
}

func TestHeaderDelete(t *testing.T) {
	t.Parallel()
	h := three()
	h.Delete("X-DATE")
	assert.Empty(t, cmp.Diff(exchange.Header{{"Accept", "2"}, {"Zed", "4"}}, h))
	h.Delete("not there")
	assert.Len(t, h, 2)
	h.Delete("zed")
	h.Delete("accept")
	assert.Empty(t, h)
}

func TestHeaderClone(t *testing.T) {
	t.Parallel()
	h := three()
	c := h.Clone()
	c.Set("Accept", "changed")
	c.Delete("Zed")
	assert.Empty(t, cmp.Diff(three(), h))
}

func TestFromHTTP(t *testing.T) {
	t.Parallel()
	assert.Empty(t, cmp.Diff(
		exchange.Header{{"Accept", "a"}, {"Date", "d"}, {"Set-Cookie", "2"}, {"Set-Cookie", "1"}},
		exchange.FromHTTP(http.Header{"Set-Cookie": {"2", "1"}, "Date": {"d"}, "Accept": {"a"}, "None": nil}),
	), "by name, and the values of one name as they came")
}
