package cli_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/localca"
	"github.com/d24conform/d24conform/internal/peers/receiver"
)

// nextPort begins below those that systems give out by themselves, from 32768 on: what
// was free when we looked is not given to somebody else meanwhile.
var nextPort atomic.Int64

// freeAddress is one where nothing listens, for a program that has to be told where.
func freeAddress() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+(int64(os.Getpid())*64+nextPort.Add(1))%10_000)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return address
		}
		conn.Close()
	}
}

// listens waits until a program in the background listens:
//
//	listens 127.0.0.1:12345
func listens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listens ADDRESS")
	}
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", args[0])
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody listens: %v", err)
		}
	}
}

// receiverCertificate is the variable that names a file with a certificate and its key, for
// a receiver that speaks HTTPS.
const receiverCertificate = "RECEIVER_CERTIFICATE"

// receiverAuthority makes such a file, and one with the authority: CA-FILE FILE.
func receiverAuthority() {
	made := func() error {
		authority, err := localca.New(time.Now())
		if err != nil {
			return err
		}
		certificate, err := authority.Issue(localca.Loopback(time.Now()))
		if err != nil {
			return err
		}
		key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
		if err != nil {
			return err
		}
		leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
		secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
		return errors.Join(os.WriteFile(os.Args[1], authority.CertificatePEM(), 0o600), os.WriteFile(os.Args[2], append(leaf, secret...), 0o600))
	}
	if err := made(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves until the process is killed.
func serve(address string, handler http.Handler) {
	var err error
	if file := os.Getenv(receiverCertificate); file != "" {
		err = http.ListenAndServeTLS(address, file, file, handler)
	} else {
		err = http.ListenAndServe(address, handler)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// referenceReceiver keeps every rule, or all but those that its mutant breaks:
// ADDRESS JOURNAL [MUTANT]. It looks for the CA file when it is first asked for something:
// where somebody else starts it, the provider is not there yet. One that is
// wants-payload-signature keeps every rule too, and reads AMB-32 otherwise.
func referenceReceiver() {
	mutant := ""
	if len(os.Args) > 3 {
		mutant = os.Args[3]
	}
	strict := mutant == "wants-payload-signature"
	if strict {
		mutant = ""
	}
	started := sync.OnceValues(func() (*receiver.Receiver, error) {
		ca, err := os.ReadFile(os.Getenv(d24.EnvCAFile))
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		return receiver.New(receiver.Options{
			BaseURL: os.Getenv(d24.EnvBaseURL), Roots: roots, Journal: os.Args[2], Mutant: mutant,
			Credentials: d24.Credentials{
				Deposits: d24.DepositsCredentials{APIKey: os.Getenv(d24.EnvDepositsAPIKey), APISignature: os.Getenv(d24.EnvDepositsAPISignature)},
				Cashouts: d24.CashoutsCredentials{
					APIKey: os.Getenv(d24.EnvCashoutsAPIKey), APIPassphrase: os.Getenv(d24.EnvCashoutsAPIPassphrase), APISignature: os.Getenv(d24.EnvCashoutsAPISignature),
				},
			},
			Exit: func() { os.Exit(9) }, StatusTimeout: time.Minute,
		})
	})
	fmt.Fprintln(os.Stderr, "listening as", os.Getenv(d24.EnvDepositsAPIKey))
	serve(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		program, err := started()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		isForm := r.Header.Get(d24.HeaderContentType) == d24.ContentTypeForm
		if strict && isForm && r.Header.Get(d24.HeaderPayloadSignature) == "" {
			http.Error(w, "no Payload-Signature", http.StatusUnauthorized)
			return
		}
		program.ServeHTTP(w, r)
	}))
}

// oddReceiver is no receiver, in the way that it is told: ADDRESS HOW.
func oddReceiver() {
	var arrived atomic.Int64
	serve(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // an observer that makes no sense
			fmt.Fprint(w, `{"releases":"one"}`)
			return
		}
		switch os.Args[2] {
		case "hangs":
			<-r.Context().Done()
		case "absent":
			http.NotFound(w, r)
		case "crashes":
			os.Exit(2)
		case "crashes-at-second":
			if arrived.Add(1) == 2 {
				fmt.Fprintln(os.Stderr, "panic: duplicate key")
				os.Exit(2)
			}
		}
	}))
}

// referenceObserver prints what a receiver tells: URL KIND ID.
func referenceObserver() {
	response, err := http.Get(os.Args[1] + "?kind=" + os.Args[2] + "&id=" + os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	text, _ := io.ReadAll(response.Body)
	response.Body.Close()
	fmt.Println(strings.TrimSuffix(strings.TrimPrefix(string(text), `{"releases":`), "}"))
}
