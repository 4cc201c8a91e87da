package merchant

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

// classify turns a transport's error into what it tells about the peer.
func classify(err error) *exchange.Failure {
	kind := kindOf(err)
	return &exchange.Failure{Kind: kind, Text: sentence(kind, err)}
}

func kindOf(err error) exchange.FailureKind {
	var (
		unknownAuthority x509.UnknownAuthorityError
		wrongHost        x509.HostnameError
		invalid          x509.CertificateInvalidError
		verification     *tls.CertificateVerificationError
		notTLS           tls.RecordHeaderError
		alert            tls.AlertError
		dns              *net.DNSError
		network          net.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return exchange.FailureTimeout
	case errors.Is(err, context.Canceled):
		return exchange.FailureCancelled
	case errors.As(err, &verification), errors.As(err, &unknownAuthority), errors.As(err, &wrongHost), errors.As(err, &invalid):
		return exchange.FailureCertificate
	case errors.As(err, &notTLS), errors.As(err, &alert), strings.Contains(err.Error(), "tls:"),
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return exchange.FailureTLS
	case errors.As(err, &dns), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return exchange.FailureUnreachable
	case errors.Is(err, syscall.ECONNREFUSED):
		return exchange.FailureRefused
	case strings.Contains(err.Error(), "malformed HTTP"):
		return exchange.FailureMalformed
	}
	return exchange.FailureClosed
}

// sentence is the failure in words. The cause stays in it where it adds something.
func sentence(kind exchange.FailureKind, err error) string {
	switch kind {
	case exchange.FailureTimeout:
		return "no answer in time"
	case exchange.FailureCancelled:
		return "given up by ourselves"
	case exchange.FailureRefused:
		return "nothing listens there (connection refused)"
	case exchange.FailureTLS:
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
