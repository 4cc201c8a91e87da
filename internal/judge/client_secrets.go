package judge

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
)

// KeepsSecrets judges that the signing secrets are nowhere in what was sent, however
// they are spelled.
func (c Client) KeepsSecrets(operations []Operation) Finding {
	secrets := exchange.NewRedactor(map[string]string{
		d24.EnvDepositsAPISignature: c.Credentials.Deposits.APISignature,
		d24.EnvCashoutsAPISignature: c.Credentials.Cashouts.APISignature,
	})
	return c.known(each(operations, "a request", anything, "the signing secret stays at home", func(e *exchange.Exchange) string {
		return whereIs(secrets, e)
	}))
}

// KeepsReadOnlyKey judges that the read-only key is sent with lookups and nothing else.
func (c Client) KeepsReadOnlyKey(operations []Operation) Finding {
	key := exchange.NewRedactor(map[string]string{d24.EnvReadOnlyKey: c.Credentials.Deposits.ReadOnlyKey})
	other := func(e *exchange.Exchange) bool { return isPayment(e) || isCashout(e) }
	return each(operations, "a request other than a lookup", other, "the read-only key is for lookups", func(e *exchange.Exchange) string {
		return whereIs(key, e)
	})
}

// CarriesCredentials judges that login and pass are in the body.
func (c Client) CarriesCredentials(operations []Operation) Finding {
	return each(operations, "a cashouts request", both(isCashout, isWhole), "login and pass in the body", func(e *exchange.Exchange) string {
		if login, password := bodyCredentials(e); login == "" || password == "" {
			return "without login and pass in the body"
		}
		return ""
	})
}

// KeepsPassphrase judges that the passphrase is in the field pass of cashouts and nowhere
// else. HTTP Basic beside it is what one sentence of the documents asks for (AMB-02).
func (c Client) KeepsPassphrase(operations []Operation) Finding {
	pass := exchange.NewRedactor(map[string]string{d24.EnvCashoutsAPIPassphrase: c.Credentials.Cashouts.APIPassphrase})
	return each(operations, "a request", both(anything, isWhole), "the API Passphrase in pass, and nowhere else", func(e *exchange.Exchange) string {
		if !utf8.ValidString(e.Request.URL) {
			return "the URL is not text"
		}
		outside := *e
		if isCashout(e) {
			outside.Request.Body = withoutPass(e.Request.Body)
			outside.Request.Header = slices.DeleteFunc(e.Request.Header.Clone(), func(f exchange.Field) bool {
				return strings.EqualFold(f.Name, d24.HeaderAuthorization)
			})
		}
		return whereIs(pass, &outside)
	})
}

// withoutPass is a body without its field pass, where it can be read.
func withoutPass(body []byte) []byte {
	var f map[string]json.RawMessage
	if json.Unmarshal(body, &f) != nil {
		return nil // that is another rule's affair, and the passphrase may well be in its place
	}
	delete(f, "pass")
	rest, err := json.Marshal(f)
	if err != nil {
		return nil
	}
	return rest
}

// SendsBasic tells whether cashouts carry key and passphrase in HTTP Basic beside the body,
// as one sentence of the documents has it.
func (c Client) SendsBasic(operations []Operation) Finding {
	return each(operations, "a cashouts request", isCashout, "HTTP Basic with the API Key and the API Passphrase beside login and pass", func(e *exchange.Exchange) string {
		login, password, basic := basicOf(e)
		switch {
		case !basic:
			return "without HTTP Basic"
		case login != c.Credentials.Cashouts.APIKey || password != c.Credentials.Cashouts.APIPassphrase:
			return "HTTP Basic with something else"
		}
		return ""
	})
}

// KeepsKeysInPlace tells where else than in their own places API keys are: the deposits key
// in cashouts, the cashouts key in deposits, the read-only key in a URL.
func (c Client) KeepsKeysInPlace(operations []Operation) Finding {
	reader := exchange.NewRedactor(map[string]string{d24.EnvReadOnlyKey: c.Credentials.Deposits.ReadOnlyKey})
	ofDeposits := exchange.NewRedactor(map[string]string{d24.EnvDepositsAPIKey: c.Credentials.Deposits.APIKey})
	ofCashouts := exchange.NewRedactor(map[string]string{d24.EnvCashoutsAPIKey: c.Credentials.Cashouts.APIKey})
	return each(operations, "a request", both(anything, isWhole), "each API Key with its own product", func(e *exchange.Exchange) string {
		if isCashout(e) {
			return whereIs(ofDeposits, e)
		}
		if where := whereIs(ofCashouts, e); where != "" {
			return where
		}
		outside := *e
		outside.Request.Header = slices.DeleteFunc(e.Request.Header.Clone(), func(f exchange.Field) bool {
			return strings.EqualFold(f.Name, d24.HeaderAuthorization) || strings.EqualFold(f.Name, d24.HeaderLogin)
		})
		return whereIs(reader, &outside)
	})
}

// whereIs says in which part of a request a secret is; empty when in none.
func whereIs(secrets *exchange.Redactor, e *exchange.Exchange) string {
	if text := secrets.String(e.Request.URL); text != e.Request.URL {
		return "in the URL: " + shorten(text)
	}
	for _, field := range e.Request.Header {
		if text := secrets.String(field.Value); text != field.Value {
			return "in " + shorten(field.Name) + ": " + shorten(text)
		}
		if text := secrets.String(field.Name); text != field.Name {
			return "in a header's name: " + shorten(text)
		}
	}
	body := string(e.Request.Body)
	if text := secrets.String(body); text != body {
		at := strings.Index(text, "{{D24_") // the name stands where the secret was
		return "in the body: " + shorten(text[max(0, at-20):])
	}
	return ""
}

// repeated says whether a header comes more than once.
func repeated(e *exchange.Exchange, header string) bool {
	n := 0
	for _, field := range e.Request.Header {
		if strings.EqualFold(field.Name, header) {
			n++
		}
	}
	return n > 1
}
