package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/d24conform/d24conform/load"
)

// prometheusTimeout is far above what a scrape takes, and how long the last one may take
// once the run is over.
const prometheusTimeout = 5 * time.Second

// prometheus serves a run's live counters at /metrics; nil where nobody asked for them.
// The port is opened before anything is sent, so that one that is taken ends nothing but
// the command line.
func (a *app) prometheus(flags loadFlags) (metrics *load.Metrics, stop func(), err error) {
	if flags.prometheus == "" {
		return nil, func() {}, nil
	}
	host, _, err := net.SplitHostPort(flags.prometheus)
	if err != nil {
		return nil, nil, usagef("--prometheus %q is not host:port", flags.prometheus).withHint("such as --prometheus 127.0.0.1:9464")
	}
	ip, err := netip.ParseAddr(host)
	if local := host == "localhost" || err == nil && ip.IsLoopback(); !local && !flags.prometheusPublic {
		return nil, nil, usagef("--prometheus %s can be reached from other machines", flags.prometheus).withHint("127.0.0.1 cannot; --prometheus-public if that is meant")
	}
	listener, err := net.Listen("tcp", flags.prometheus)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, nil, usagef("--prometheus %s: somebody listens there already", flags.prometheus)
		}
		return nil, nil, usagef("--prometheus %s: %w", flags.prometheus, err)
	}
	metrics = &load.Metrics{}
	scrapes, err := metrics.Handler()
	if err != nil {
		_ = listener.Close() // nobody has connected yet
		return nil, nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scrapes)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: prometheusTimeout, WriteTimeout: prometheusTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ErrServerClosed once stop was called
	}()
	fmt.Fprintf(a.stderr, "metrics: http://%s/metrics\n", listener.Addr())
	return metrics, func() {
		ctx, cancel := context.WithTimeout(context.Background(), prometheusTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // somebody reads more slowly than we wait
		}
		<-done
	}, nil
}
