package mock

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Whoever stops waiting for the first request is let go without an answer.
func TestWaitingEndsWithTheClient(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := &call{request: (&http.Request{}).WithContext(ctx)}
	assert.Nil(t, waitForFirst(c, "k", make(chan struct{})))
	assert.Equal(t, dropped, c.ending)

	over := make(chan struct{})
	close(over)
	c = &call{request: (&http.Request{}).WithContext(context.Background())}
	assert.Nil(t, waitForFirst(c, "k", over))
	assert.Equal(t, whole, c.ending)
}
