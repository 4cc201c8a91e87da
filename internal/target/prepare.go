package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// A PrepareError says that an order could not be made known to the receiver.
type PrepareError struct{ Text string }

func (e *PrepareError) Error() string { return e.Text }

// NewPrepare makes a [Receiver.Prepare] of what was configured: a URL, to which
// {"kind":…,"id":…,"invoice_id":…,"external_id":…} is posted and which answers 2xx, or a
// command line, to which these four are added, empty where there is none, and which ends
// with 0. The errors of the result are PrepareErrors.
func NewPrepare(text string, roots *x509.CertPool) (func(ctx context.Context, o Object) error, error) {
	var do func(ctx context.Context, o Object) error
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("prepare %q is not a URL", text)
		}
		do = poster(u, roots)
	} else {
		command, err := SplitCommand(text)
		if err != nil {
			return nil, fmt.Errorf("prepare %q is neither a URL nor a command: %w", text, err)
		}
		do = func(ctx context.Context, o Object) error {
			cmd := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], string(o.Kind), o.ID, o.InvoiceID, o.ExternalID)...)
			endWithChildren(cmd)
			cmd.WaitDelay = hookOutputDelay
			return cmd.Run()
		}
	}
	return func(ctx context.Context, o Object) error {
		ctx, cancel := context.WithTimeout(ctx, observerTimeout)
		defer cancel()
		if err := do(ctx, o); err != nil {
			return &PrepareError{fmt.Sprintf("--prepare does not take %s %s: %s", o.Kind, o.ID, err)}
		}
		return nil
	}, nil
}

func poster(u *url.URL, roots *x509.CertPool) func(ctx context.Context, o Object) error {
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
	return func(ctx context.Context, o Object) error {
		body, err := json.Marshal(map[string]string{"kind": string(o.Kind), "id": o.ID, "invoice_id": o.InvoiceID, "external_id": o.ExternalID})
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body)) //nolint:gosec // who runs the program names the URL
		if err != nil {
			return err
		}
		request.Header.Set(d24.HeaderContentType, d24.ContentTypeJSON)
		response, err := client.Do(request) //nolint:gosec // as above
		if err != nil {
			if wrapped, ok := errors.AsType[*url.Error](err); ok {
				err = wrapped.Err // the URL may hold a token
			}
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("it answers %d", response.StatusCode)
		}
		return nil
	}
}
