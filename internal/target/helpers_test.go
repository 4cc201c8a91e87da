package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/merchant"
	"github.com/d24conform/d24conform/internal/mock"
)

// TestMain lets the test binary play the commands that hooks run.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "hook" {
		os.Exit(hookCommand(os.Args[2], os.Args[3:]))
	}
	// Under the race detector every command would linger for a second when it ends.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func hookCommand(name string, arguments []string) int {
	switch name {
	case "say": // its arguments
		text, err := json.Marshal(arguments)
		if err != nil {
			return 1
		}
		os.Stdout.Write(text)
	case "where": // it runs
		dir, _ := os.Getwd()
		fmt.Fprint(os.Stdout, dir)
	case "count": // for an observer; kind and id follow
		fmt.Fprint(os.Stdout, arguments[0])
	case "exit":
		code, _ := strconv.Atoi(arguments[0])
		return code
	case "hang": // until the other end closes
		conn, err := net.Dial("tcp", arguments[0])
		if err != nil {
			return 1
		}
		conn.Read(make([]byte, 1))
	case "wait": // for a grandchild that hangs
		child := exec.Command(os.Args[0], "hook", "hang", arguments[0])
		if child.Run() != nil {
			return 1
		}
	case "call": // the server of its environment, as an observed command does
		return callCommand(arguments)
	case "listen": // at an address, and do what is asked there: a receiver in miniature
		return listenCommand(arguments[0])
	case "leave": // a grandchild that hangs and holds the output
		child := exec.Command(os.Args[0], "hook", "hang", arguments[0])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if child.Start() != nil {
			return 1
		}
	}
	return 0
}

// callCommand asks for the status of a deposit, with no credentials at all.
// callCommand asks for a deposit's status once; careless, it checks no certificate and asks
// so many times over connections of their own; create, it makes a deposit instead.
func callCommand(arguments []string) int {
	pem, err := os.ReadFile(os.Getenv(d24.EnvCAFile))
	if err != nil {
		return 1
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	calls := 1
	switch {
	case len(arguments) > 0 && arguments[0] == "create":
		return createCommand(roots)
	case len(arguments) > 1 && arguments[0] == "careless":
		transport.TLSClientConfig.InsecureSkipVerify = true
		calls, _ = strconv.Atoi(arguments[1])
	}
	client := &http.Client{Transport: transport}
	for range calls {
		answer, err := client.Get(os.Getenv(d24.EnvBaseURL) + d24.PathDeposits + "/300000001")
		if err != nil {
			return 3
		}
		answer.Body.Close()
		fmt.Fprintln(os.Stdout, "status", answer.StatusCode)
	}
	return 0
}

func createCommand(roots *x509.CertPool) int {
	client, err := merchant.New(merchant.Options{
		BaseURL: os.Getenv(d24.EnvBaseURL), Roots: roots, Timeout: time.Minute,
		Credentials: d24.Credentials{Deposits: d24.DepositsCredentials{
			APIKey: os.Getenv(d24.EnvDepositsAPIKey), APISignature: os.Getenv(d24.EnvDepositsAPISignature),
		}},
	})
	if err != nil {
		return 1
	}
	defer client.Close()
	if client.Do(context.Background(), merchant.CreateDeposit((&merchant.Orders{Run: "test"}).Deposit(100_00))).Status() != http.StatusCreated {
		return 3
	}
	return 0
}

// keys are credentials that would be noticed in an error.
var keys = d24.Credentials{
	Deposits: d24.DepositsCredentials{APIKey: "marked-login-of-deposits", APISignature: "marked-signature-of-deposits", ReadOnlyKey: "marked-read-only"},
	Cashouts: d24.CashoutsCredentials{APIKey: "marked-login-of-cashouts", APIPassphrase: "marked-passphrase", APISignature: "marked-signature-of-cashouts"},
}

// depositKeys are those of a merchant without cashouts.
var depositKeys = d24.Credentials{Deposits: keys.Deposits}

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := NewServer(cfg)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	s.sleep = func(context.Context, time.Duration) error { return nil }
	return s
}

// serve starts a server of a handler, over TLS, and describes it.
func serve(t testing.TB, credentials d24.Credentials, handler http.HandlerFunc) Config {
	t.Helper()
	api := httptest.NewTLSServer(handler)
	t.Cleanup(api.Close)
	roots := x509.NewCertPool()
	roots.AddCert(api.Certificate())
	return Config{BaseURL: api.URL, Credentials: credentials, Roots: roots}
}

// say answers in JSON.
func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// notFound is how a server that lets us in answers a question about nothing.
func notFound(w http.ResponseWriter, _ *http.Request) {
	say(w, 404, `{"code":208,"description":"Not found"}`)
}

// create is how it answers everything that is asked of it.
func create(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet:
		notFound(w, r)
	case r.URL.Path == d24.PathCashout:
		say(w, 200, `{"cashout_id":"8405147"}`)
	default:
		say(w, 201, `{"deposit_id":300000025}`)
	}
}

// embed is the bundled mock as a target.
func embed(t testing.TB, opts mock.Options) *Server {
	t.Helper()
	s, stop, err := Embed(opts, &exchange.Log{})
	require.NoError(t, err)
	t.Cleanup(stop)
	return s
}

func orders() *merchant.Orders { return &merchant.Orders{Run: "test"} }

// a listener takes connections and does one thing with each.
func listener(t testing.TB, with func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		group.Wait()
	})
	if with != nil {
		group.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				with(conn)
				conn.Close()
			}
		})
	}
	return l.Addr().String()
}
