package judge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/d24conform/d24conform/internal/judge"
)

// What a client says of an answer is held against the answer, and the answer against the
// id that the client was given.
func TestUnderstands(t *testing.T) {
	t.Parallel()
	lost := depositStatus(404, `{"code":107,"description":"Deposit not found"}`)
	for _, row := range []struct {
		name   string
		got    judge.Finding
		holds  bool
		states string
	}{
		{"it passes on what came", judge.Understands(made, made.Status(), ""), true, ""},
		{"it gives up", judge.Understands(made, 0, "bad JSON"), false, `201 with deposit_id 300000025, and the client says "bad JSON"`},
		{"it speaks of another status", judge.Understands(made, 500, ""), false, "201 with deposit_id 300000025, and the client speaks of 500"},
		{"it asks for something else than it was told of", judge.Understands(lost, 404, ""), false, judge.Describe(lost) + " to GET /v3/deposits/300000025"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.holds, row.got.Outcome == judge.Holds)
			assert.Equal(t, row.states, row.got.Seen)
		})
	}
}
