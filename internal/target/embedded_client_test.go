package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/target"
)

// embed makes a client of a program that answers line by line.
func embed(t *testing.T, clock *target.Pastime, answer func(op string) (reply map[string]any, err error)) (*target.Client, func() error, error) {
	t.Helper()
	program := func(_ context.Context, stdin io.Reader, stdout, _ io.Writer) error {
		in, out := json.NewDecoder(stdin), json.NewEncoder(stdout)
		for {
			var request struct {
				ID string `json:"id"`
				Op string `json:"op"`
			}
			if err := in.Decode(&request); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			reply, err := answer(request.Op)
			if err != nil {
				return err
			}
			reply["id"] = request.ID
			if err := out.Encode(reply); err != nil {
				return err
			}
		}
	}
	return target.EmbedClient(t.Context(), program, clock, mock.Options{}, &merchant.Orders{Run: "test"}, &exchange.Log{})
}

func TestAnEmbeddedClientEndsWithItsStdin(t *testing.T) {
	t.Parallel()
	client, stop, err := embed(t, target.NewPastime(time.Now()), func(string) (map[string]any, error) {
		return map[string]any{"name": "mine", "version": "2", "ops": []string{"banks"}}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, "mine 2", client.Name)
	require.NoError(t, stop())
}

// A program that stops is an error that its end tells, whatever a scenario made of it.
func TestAnEmbeddedClientSaysHowItEnded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fails func() error
		want  string
	}{
		"a crash":      {func() error { panic("nil map") }, "the program crashed: nil map"},
		"an error":     {func() error { return errors.New("no more memory") }, "no more memory"},
		"a quiet stop": {func() error { return io.EOF }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, stop, err := embed(t, target.NewPastime(time.Now()), func(op string) (map[string]any, error) {
				if op == "hello" {
					return map[string]any{"ops": []string{"payment_methods"}}, nil
				}
				return nil, tt.fails()
			})
			require.NoError(t, err)
			_, err = client.Source.Exercise(t.Context(), target.Situation{Does: target.LooksUp})
			broken, ok := errors.AsType[*target.AdapterError](err)
			require.True(t, ok, "%v", err)
			assert.NotEmpty(t, broken.Text)
			assert.EqualError(t, stop(), tt.want)
		})
	}
}

func TestAnEmbeddedClientThatRefusesHelloIsNone(t *testing.T) {
	t.Parallel()
	_, _, err := embed(t, target.NewPastime(time.Now()), func(string) (map[string]any, error) {
		return map[string]any{"error": "unknown protocol"}, nil
	})
	require.EqualError(t, err, `the adapter refuses hello: "unknown protocol"`)
	_, _, err = embed(t, target.NewPastime(time.Now()), func(string) (map[string]any, error) { panic("nil map") })
	require.EqualError(t, err, "the program crashed: nil map")
}

func TestAPastimeMovesOnlyWhenSomebodyWaits(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := target.NewPastime(begin)
	assert.Equal(t, begin, clock.Now())
	require.NoError(t, clock.Sleep(t.Context(), time.Minute))
	assert.Equal(t, begin.Add(time.Minute), clock.Now())
	assert.Equal(t, begin.Add(time.Hour), <-clock.After(59*time.Minute))
	require.NoError(t, clock.Sleep(t.Context(), -time.Hour))
	assert.Equal(t, begin.Add(time.Hour), clock.Now(), "it never goes back")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, clock.Sleep(ctx, 0), context.Canceled)
}
