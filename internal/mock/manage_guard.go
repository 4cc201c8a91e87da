package mock

import (
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// guard keeps web pages and strangers away from the management API. A page in the
// browser of the person who runs the mock can reach loopback, so:
//
//   - the Host header must be a name of the listener's own, which ends DNS
//     rebinding (a name of the attacker's that resolves to 127.0.0.1);
//   - writes need Content-Type: application/json, which a page cannot send to
//     another origin without asking first, and no answer ever grants it (no CORS);
//   - with an admin token, every call must carry it.
func guard(l *listener, token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !l.owns(r.Host):
			manageError(w, http.StatusMisdirectedRequest, "the Host header is not a name of this listener")
		case token != "" && !bearerIs(r, token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			manageError(w, http.StatusUnauthorized, "the admin token is missing or wrong")
		case r.Method != http.MethodGet && r.Method != http.MethodHead && !isJSON(r):
			manageError(w, http.StatusUnsupportedMediaType, "a write needs Content-Type: application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// owns reports whether a Host header names this listener: its port, and either the
// host that it was told to listen on, localhost, or an address. An address cannot
// be rebound; while the listener is on loopback it must be a loopback one.
func (l *listener) owns(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil || port != strconv.Itoa(l.port()) {
		return false
	}
	if strings.EqualFold(host, "localhost") || l.host != "" && strings.EqualFold(host, l.host) {
		return true
	}
	ip := net.ParseIP(host)
	bound := l.Addr().(*net.TCPAddr).IP
	return ip != nil && (ip.IsLoopback() || !bound.IsLoopback())
}

func bearerIs(r *http.Request, token string) bool {
	given, ok := strings.CutPrefix(r.Header.Get(d24.HeaderAuthorization), d24.BearerScheme)
	return ok && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

func isJSON(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get(d24.HeaderContentType))
	return err == nil && mediaType == d24.ContentTypeJSON
}
