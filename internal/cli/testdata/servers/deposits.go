// Package servers holds small deposits servers that were written from the documents
// alone and import nothing of this project: one that keeps the rules, and the same with
// single defects. The suite must blame exactly the defect.
package servers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Keys are what the one merchant of these servers calls with.
const (
	Login     = "login-FAKE-of-the-test-server"
	Secret    = "secret-FAKE-of-the-test-server"
	ReadOnly  = "readonly-FAKE-of-the-test-server"
	firstID   = 700000001
	centsUnit = 100
)

// Deposits is a server of the deposits API. The zero value keeps every rule.
type Deposits struct {
	Panel string // folder in which a hook leaves a file for each thing to do

	IgnoresDates  bool // defect: any date will do
	ForgetsErrors bool // defect: a 500 is not stored under its key
	mu            sync.Mutex
	deposits      map[int]*deposit
	refunds       map[int]refund
	answers       map[string]answer // by path and idempotency key
	failNext      bool
	serial        int
}

type deposit struct {
	invoice, status string
	cents, refunded int
}

type refund struct{ deposit, cents int }

type answer struct {
	status int
	body   []byte
}

var utcSeconds = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

// ServeHTTP answers the API.
func (s *Deposits) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attend()
	a := s.answer(r, body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// attend does what the files ask for whose names are approve-ID, cancel-ID and fail.
func (s *Deposits) attend() {
	files, _ := os.ReadDir(s.Panel)
	for _, file := range files {
		_ = os.Remove(filepath.Join(s.Panel, file.Name()))
		action, id, _ := strings.Cut(file.Name(), "-")
		switch d := s.deposits[number(id)]; {
		case action == "fail":
			s.failNext = true
		case d != nil && action == "approve":
			d.status = "COMPLETED"
		case d != nil && action == "cancel":
			d.status = "CANCELLED"
		}
	}
}

func (s *Deposits) answer(r *http.Request, body []byte) answer {
	if strings.HasPrefix(r.URL.Path, "/v3/payment_methods") || strings.HasPrefix(r.URL.Path, "/v3/banks") ||
		strings.HasPrefix(r.URL.Path, "/v3/states") || strings.HasPrefix(r.URL.Path, "/v3/exchange_rates") {
		if r.Header.Get("Authorization") != "Bearer "+ReadOnly {
			return refuse(401, 100, "who are you?")
		}
		if strings.HasPrefix(r.URL.Path, "/v3/exchange_rates") {
			return accept(200, map[string]any{"fx_rate": 5.5, "converted_amount": 550, "fee": 1})
		}
		return accept(200, []any{})
	}
	if refusal := s.check(r, body); refusal != nil {
		return *refusal
	}
	if r.Method != http.MethodPost {
		return s.status(r.URL.Path)
	}
	key := r.Header.Get("X-Idempotency-Key")
	if stored, ok := s.answers[r.URL.Path+key]; ok && key != "" {
		return stored
	}
	a := s.execute(r.URL.Path, body)
	if s.answers == nil {
		s.answers = map[string]answer{}
	}
	if key != "" && !(s.ForgetsErrors && a.status == http.StatusInternalServerError) {
		s.answers[r.URL.Path+key] = a
	}
	return a
}

// check is everything that must be right before a request is looked at.
func (s *Deposits) check(r *http.Request, body []byte) *answer {
	date, login := r.Header.Get("X-Date"), r.Header.Get("X-Login")
	authorization := r.Header.Get("Authorization")
	fail := func(status, code int, text string) *answer { a := refuse(status, code, text); return &a }
	if date == "" || login == "" || authorization == "" {
		return fail(400, 101, "a header is missing")
	}
	if len(body) > 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return fail(400, 101, "Content-Type is not application/json")
	}
	if login != Login {
		return fail(401, 100, "unknown login")
	}
	at, err := time.Parse("2006-01-02T15:04:05Z", date)
	if err != nil || !utcSeconds.MatchString(date) {
		return fail(400, 101, "X-Date has another form")
	}
	if !s.IgnoresDates && time.Since(at).Abs() > 5*time.Second {
		return fail(400, 103, "X-Date is out of range")
	}
	mac := hmac.New(sha256.New, []byte(Secret))
	fmt.Fprint(mac, date, login, string(body))
	if !hmac.Equal([]byte(authorization), []byte("D24 "+hex.EncodeToString(mac.Sum(nil)))) {
		return fail(400, 102, "wrong signature")
	}
	return nil
}

func (s *Deposits) status(path string) answer {
	id := number(path[strings.LastIndex(path, "/")+1:])
	if re, ok := s.refunds[id]; ok && strings.HasPrefix(path, "/v3/refunds/") {
		return accept(200, map[string]any{"deposit_id": re.deposit, "status": "PENDING", "amount": float64(re.cents) / centsUnit})
	}
	if d, ok := s.deposits[id]; ok && strings.HasPrefix(path, "/v3/deposits/") {
		return accept(200, map[string]any{"deposit_id": id, "invoice_id": d.invoice, "status": d.status})
	}
	return refuse(404, 208, "no such thing")
}

func (s *Deposits) execute(path string, body []byte) answer {
	if s.failNext {
		s.failNext = false
		return answer{500, fmt.Appendf(nil, `{"code":500,"description":"at %d"}`, time.Now().UnixNano())}
	}
	var order struct {
		Invoice string      `json:"invoice_id"`
		Amount  json.Number `json:"amount"`
		Deposit int         `json:"deposit_id"`
		Method  string      `json:"payment_method"`
	}
	if json.Unmarshal(body, &order) != nil {
		return refuse(400, 201, "not what was expected")
	}
	amount, _ := order.Amount.Float64()
	cents := int(amount*centsUnit + 0.5)
	s.serial++
	id := firstID + s.serial
	if path == "/v3/refunds" {
		d, ok := s.deposits[order.Deposit]
		switch {
		case !ok || d.invoice != order.Invoice:
			return refuse(404, 208, "no such deposit")
		case order.Amount == "":
			cents = d.cents - d.refunded
		}
		if d.status != "COMPLETED" || cents <= 0 || d.refunded+cents > d.cents {
			return refuse(400, 802, "Amount to refund not valid")
		}
		d.refunded += cents
		if s.refunds == nil {
			s.refunds = map[int]refund{}
		}
		s.refunds[id] = refund{order.Deposit, cents}
		return accept(200, map[string]any{"refund_id": id})
	}
	if s.deposits == nil {
		s.deposits = map[int]*deposit{}
	}
	d := &deposit{invoice: order.Invoice, status: "PENDING", cents: cents}
	checkout := "ONE_SHOT"
	if order.Method == "" {
		d.status, checkout = "CREATED", "HOSTED"
	}
	s.deposits[id] = d
	return accept(201, map[string]any{"checkout_type": checkout, "deposit_id": id})
}

func accept(status int, body any) answer {
	text, _ := json.Marshal(body)
	return answer{status, text}
}

func refuse(status, code int, text string) answer {
	return accept(status, map[string]any{"code": code, "description": text})
}

func number(text string) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Yes answers every request with 200 and an object that suits it, whatever it is.
func Yes() http.Handler {
	var mu sync.Mutex
	serial := firstID
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		serial++
		id := serial
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		var out bytes.Buffer
		fmt.Fprintf(&out, `{"deposit_id":%d,"refund_id":%d,"cashout_id":"%d","status":"COMPLETED","cashout_status":1}`, id, id, id)
		_, _ = w.Write(out.Bytes())
	})
}
