package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/provider"
)

// An Observer tells how often a receiver released a deposit, or settled a cashout. A 2xx
// is no proof of anything, so effects are read from here: over HTTP, or from a command.
//
// It learns from the effects that it waits for how long this receiver takes, and believes
// that there is no effect after ten times as long.
type Observer struct {
	look    func(ctx context.Context, o Object) (int, error)
	url     *url.URL
	command []string
	client  *http.Client
	settle  time.Duration
	sleep   func(ctx context.Context, d time.Duration) error
	now     func() time.Time

	mu      sync.Mutex
	shown   map[Object]bool // that had an effect
	slowest time.Duration   // that an effect took to show
}

const (
	// DefaultSettle is how long an effect may take to show.
	DefaultSettle = 2 * time.Second
	// observeEvery is how long lies between two looks.
	observeEvery = 50 * time.Millisecond
	// enoughEffects is how many effects tell how long the next may take.
	enoughEffects = 5
	// patienceFactor is how many times as long as the slowest effect is waited for none.
	patienceFactor = 10
	// leastPatience is waited however quick a receiver is.
	leastPatience = 100 * time.Millisecond
	// observerTimeout ends one look.
	observerTimeout = 10 * time.Second
	// maxObservation is how much of an answer is read; a number has no more digits.
	maxObservation = 4096
)

// An Object is what an observer is asked about.
type Object struct {
	Kind       d24.NotificationKind
	ID         string
	InvoiceID  string // of a deposit, or of the deposit of a refund
	ExternalID string // of a cashout
}

// ObjectOf is the object that a notification is about.
func ObjectOf(n provider.Notification) Object {
	return Object{Kind: n.Kind, ID: n.ID, InvoiceID: n.InvoiceID, ExternalID: n.ExternalID}
}

// NewObserver makes an observer of what was configured: a URL, which is asked
// ?kind=deposit&id=300000001&invoice_id=…&external_id=… and answers {"releases":1}, or a
// command line, to which kind, id, invoice_id and external_id are added, empty where there
// is none, and which prints the number. settle 0 is [DefaultSettle].
func NewObserver(text string, roots *x509.CertPool, settle time.Duration) (*Observer, error) {
	o := &Observer{settle: settle, sleep: Sleep, now: time.Now, shown: map[Object]bool{}}
	if o.settle == 0 {
		o.settle = DefaultSettle
	}
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("observer %q is not a URL", text)
		}
		o.url = u
		o.client = &http.Client{
			Timeout: observerTimeout,
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		o.look = o.get
		return o, nil
	}
	var err error
	if o.command, err = SplitCommand(text); err != nil {
		return nil, fmt.Errorf("observer %q is neither a URL nor a command: %w", text, err)
	}
	o.look = o.run
	return o, nil
}

// Witness is an observer in this process, of a receiver whose effects are there when it
// answers: there is nothing to wait for.
func Witness(releases func(o Object) (int, error)) *Observer {
	return &Observer{sleep: Sleep, now: time.Now, shown: map[Object]bool{}, look: func(_ context.Context, o Object) (int, error) { return releases(o) }}
}

// Settle is how long an effect may take to show.
func (o *Observer) Settle() time.Duration { return o.settle }

// Patience is how long no effect has to be seen until there is none: ten times what the
// slowest effect took to show, 100 ms at least and [Observer.Settle] at most. Until five
// effects were seen it is Settle.
func (o *Observer) Patience() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.shown) < enoughEffects {
		return o.settle
	}
	return min(o.settle, max(leastPatience, patienceFactor*o.slowest))
}

// learn enters how long the first effect on an object took to show.
func (o *Observer) learn(object Object, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.shown[object] {
		o.shown[object], o.slowest = true, max(o.slowest, took)
	}
}

// Releases asks once. Whatever is not a whole number from 0 on is an error, and what was
// to be judged by it inconclusive.
func (o *Observer) Releases(ctx context.Context, object Object) (int, error) {
	if !safeValue.MatchString(object.ID) || object.ID[0] == '-' {
		return 0, fmt.Errorf("observer: not asked about %q, which does not match %s", object.ID, safeValue)
	}
	ctx, cancel := context.WithTimeout(ctx, observerTimeout)
	defer cancel()
	n, err := o.look(ctx, object)
	if err != nil {
		return 0, fmt.Errorf("observer: %w", err)
	}
	if n < 0 {
		return 0, fmt.Errorf("observer: %s %s was released %d times", object.Kind, object.ID, n)
	}
	return n, nil
}

// Await asks about all objects until enough says so of each, by its place in the list, or
// for as long as Settle. It returns the last numbers. A nil enough is for effects that there
// ought not to be: it waits for as long as Patience and asks once.
func (o *Observer) Await(ctx context.Context, objects []Object, enough func(i, releases int) bool) ([]int, error) {
	numbers := make([]int, len(objects))
	open := make([]int, len(objects))
	for i := range open {
		open[i] = i
	}
	if enough == nil {
		if err := o.pause(ctx, o.Patience()); err != nil {
			return nil, err
		}
	}
	for began := o.now(); ; {
		var still []int
		for _, i := range open {
			n, err := o.Releases(ctx, objects[i])
			if err != nil {
				return nil, err
			}
			if numbers[i] = n; enough != nil && !enough(i, n) {
				still = append(still, i)
			} else if enough != nil && n > 0 {
				o.learn(objects[i], o.now().Sub(began))
			}
		}
		if open = still; len(open) == 0 || o.now().Sub(began) >= o.settle {
			return numbers, nil
		}
		if err := o.pause(ctx, observeEvery); err != nil {
			return nil, err
		}
	}
}

func (o *Observer) pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	if err := o.sleep(ctx, d); err != nil {
		return fmt.Errorf("observer: %w", err)
	}
	return nil
}

func (o *Observer) get(ctx context.Context, object Object) (int, error) {
	u := *o.url
	query := u.Query()
	query.Set("kind", string(object.Kind))
	query.Set("id", object.ID)
	if object.InvoiceID != "" {
		query.Set("invoice_id", object.InvoiceID)
	}
	if object.ExternalID != "" {
		query.Set("external_id", object.ExternalID)
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := o.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // the URL may hold a token
		}
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("it answers %d", response.StatusCode)
	}
	var answer struct {
		Releases *int `json:"releases"`
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxObservation))
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf(`its answer is not {"releases":n}: %w`, err)
	case answer.Releases == nil:
		return 0, errors.New(`its answer has no "releases"`)
	}
	return *answer.Releases, nil
}

func (o *Observer) run(ctx context.Context, object Object) (int, error) {
	arguments := slices.Concat(o.command[1:], []string{string(object.Kind), object.ID, object.InvoiceID, object.ExternalID})
	cmd := exec.CommandContext(ctx, o.command[0], arguments...)
	endWithChildren(cmd)
	cmd.WaitDelay = hookOutputDelay
	stdout := newTail(maxObservation)
	cmd.Stdout = stdout
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, fmt.Errorf("%s: %w", o.command[0], err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(stdout.String()))
	if err != nil {
		return 0, fmt.Errorf("%s printed %.40q, which is no whole number", o.command[0], stdout)
	}
	return n, nil
}
