package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/d24conform/d24conform/internal/exchange"
)

// errBroken stands for a connection that broke when it was not known any more whether
// the request had arrived: net/http would have sent it again.
var errBroken = errors.New("the connection broke after the request had left")

// A handshakeError ended a TLS handshake.
type handshakeError struct{ error }

func (e *handshakeError) Unwrap() error { return e.error }

// A notSentError is about a request that cannot be made at all.
type notSentError struct{ error }

func (e *notSentError) Unwrap() error { return e.error }

// Failure turns a transport's error into what it tells about the peer.
func Failure(err error) *exchange.Failure {
	kind := kindOf(err)
	return &exchange.Failure{Kind: kind, Text: sentence(kind, err)}
}

func kindOf(err error) exchange.FailureKind {
	var (
		notSent   *notSentError
		handshake *handshakeError
		network   net.Error
		op        *net.OpError
	)
	switch {
	case errors.As(err, &notSent), errors.Is(err, context.Canceled):
		return exchange.FailureCancelled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return exchange.FailureTimeout
	case isCertificate(err):
		return exchange.FailureCertificate
	case errors.As(err, &handshake), strings.Contains(err.Error(), "tls: "):
		return exchange.FailureTLS
	case errors.As(err, &op) && op.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED):
		return exchange.FailureRefused
	// Whatever else keeps a connection from being made: no such host, no route, no such
	// local address, a proxy that will not.
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return exchange.FailureUnreachable
	case isMalformed(err):
		return exchange.FailureMalformed
	}
	return exchange.FailureClosed
}

func isCertificate(err error) bool {
	var (
		verification     *tls.CertificateVerificationError
		unknownAuthority x509.UnknownAuthorityError
		wrongHost        x509.HostnameError
		invalid          x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &unknownAuthority) || errors.As(err, &wrongHost) || errors.As(err, &invalid)
}

// isMalformed knows the words in which net/http and net/textproto complain about an
// answer; neither has types for them.
func isMalformed(err error) bool {
	for _, words := range []string{"malformed", "bad Content-Length", "transfer encoding", "chunk", "response headers exceeded", "1xx"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// sentence is the failure in words. The cause stays in it where it adds something.
func sentence(kind exchange.FailureKind, err error) string {
	switch kind {
	case exchange.FailureTimeout:
		return "no answer in time"
	case exchange.FailureCancelled:
		if errors.Is(err, context.Canceled) {
			return "given up by ourselves"
		}
		return "not sent: " + err.Error()
	case exchange.FailureRefused:
		return "nothing listens there (connection refused)"
	case exchange.FailureTLS:
		var record tls.RecordHeaderError
		if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
			return "no TLS connection: it answers in plain HTTP"
		}
		return "no TLS connection: " + err.Error()
	case exchange.FailureCertificate:
		return "its certificate is not to be trusted: " + err.Error()
	case exchange.FailureUnreachable:
		return "cannot be reached: " + err.Error()
	case exchange.FailureMalformed:
		return "its answer is not HTTP: " + err.Error()
	case exchange.FailureClosed:
	}
	return "the connection ended before the answer was whole: " + err.Error()
}
