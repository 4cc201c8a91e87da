package client

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/d24conform/d24conform/internal/d24"
)

// userAgent names this program: the cashouts table demands one.
const userAgent = "d24conform-peer/1"

// signedText is what a digest is computed over: all three parts in a row for
// deposits, the body alone for cashouts.
type signedText struct {
	date, login string
	body        []byte
}

func (c *client) authorization(text signedText) string {
	text = c.habits.signed(text)
	return d24.Scheme + c.habits.spell(c.depositsKey.Deposit(text.date, text.login, text.body))
}

func (c *client) payloadSignature(body []byte) string {
	return c.habits.spell(c.cashoutsKey.Payload(c.habits.signed(signedText{body: body}).body))
}

// accepts reports whether a notification was signed by the provider. How old it may
// be, and whether it was seen before, is for the receiver to say.
func (c *client) accepts(kind string, headers map[string]string, body string) bool {
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	if !strings.HasPrefix(kind, "cashout") {
		return d24.NewKey(c.credentials.Deposits.APISignature).VerifyAuthorization(header.Get(d24.HeaderAuthorization),
			header.Get(d24.HeaderDate), header.Get(d24.HeaderLogin), []byte(body))
	}
	form, err := url.ParseQuery(body)
	return err == nil && d24.NewKey(c.credentials.Cashouts.APISignature).VerifyControl(form.Get("control"), form.Get("external_id"))
}
