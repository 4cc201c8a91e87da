package judge

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/mistakes"
)

// A Notifier judges the notifications that a server sends to a merchant with these
// credentials.
type Notifier struct {
	Credentials d24.Credentials
	Clock       Clock // of the server
}

// A Notified is something that notifications were about.
type Notified struct {
	Kind       d24.NotificationKind
	ID         string
	ExternalID string // of a cashout
}

// eachNotification judges every one that came.
func eachNotification(came []*exchange.Exchange, expected string, fault check) Finding {
	seen := ""
	var wrong []*exchange.Exchange
	for i, e := range came {
		text := fault(e)
		if text == "" {
			continue
		}
		if wrong = append(wrong, e); seen == "" && len(came) > 1 {
			seen = fmt.Sprintf("delivery %d of %d: ", i+1, len(came))
		}
		if len(wrong) == 1 {
			seen += text
		}
	}
	switch {
	case len(came) == 0:
		return unseen("a notification")
	case len(wrong) > 0:
		return broken(expected, seen, wrong...)
	}
	return holds(came...)
}

// CarriesAuthorization judges that a notification has an Authorization.
func (Notifier) CarriesAuthorization(came []*exchange.Exchange) Finding {
	return eachNotification(came, "an Authorization with every notification", lacking(d24.HeaderAuthorization))
}

// Signs judges that Authorization covers every byte that came. The documents do not say
// of which text it is the digest, and of a refund not under which key: what one reading
// allows is right (AMB-30, AMB-31), and so is any writing of the digits (AMB-18). One that
// has no Authorization covers nothing, and is judged for that alone.
func (n Notifier) Signs(about Notified, came []*exchange.Exchange) Finding {
	var earlier []*exchange.Exchange
	return eachNotification(came, "the digest of what came with it, made with the API Signature", func(e *exchange.Exchange) string {
		defer func() { earlier = append(earlier, e) }()
		value, there := e.Request.Header.Lookup(d24.HeaderAuthorization)
		d := n.diagnose(about, e)
		if !there || isReadAs(d) {
			return ""
		}
		for _, before := range earlier {
			if before.Request.Header.Get(d24.HeaderAuthorization) == value {
				return "the Authorization of the delivery before, and another X-Date"
			}
		}
		return told(d)
	})
}

// isReadAs says whether a signature is right by one of the readings.
func isReadAs(d mistakes.Diagnosis) bool {
	return d.About == mistakes.Nothing || d.Name == "body-only"
}

// diagnose finds out what a notification's Authorization is the digest of.
func (n Notifier) diagnose(about Notified, e *exchange.Exchange) mistakes.Diagnosis {
	h := e.Request.Header
	target, err := url.Parse(e.Request.URL)
	if err != nil { // it is ours
		target = &url.URL{}
	}
	r := mistakes.Request{
		Value: h.Get(d24.HeaderAuthorization), Date: h.Get(d24.HeaderDate), Login: h.Get(d24.HeaderLogin), Body: e.Request.Body,
		Method: e.Request.Method, Path: target.Path, Key: n.Credentials.Deposits.APISignature,
	}
	if about.Kind == d24.RefundNotification {
		other := r
		other.Key = n.Credentials.Cashouts.APISignature
		if d := mistakes.Explain(other); other.Key != "" && isReadAs(d) {
			return d
		}
	}
	r.Others = n.othersThan(r.Key)
	return mistakes.Explain(r)
}

// Sides are the text that was signed, where it can be told, and the one that had to be.
func (n Notifier) Sides(about Notified, e *exchange.Exchange) (signed, right []byte) {
	if about.Kind == d24.CashoutNotification {
		return nil, nil
	}
	h := e.Request.Header
	return n.diagnose(about, e).Signed, append([]byte(h.Get(d24.HeaderDate)+h.Get(d24.HeaderLogin)), e.Request.Body...)
}

// ReadsSignature is how a server reads AMB-30; empty where that cannot be told.
func (n Notifier) ReadsSignature(about Notified, e *exchange.Exchange) string {
	h := e.Request.Header
	switch d := n.diagnose(about, e); {
	case h.Get(d24.HeaderAuthorization) == "":
		return "none"
	case d.Name == "body-only", d.About == mistakes.Nothing && h.Get(d24.HeaderDate)+h.Get(d24.HeaderLogin) == "":
		return "body-only"
	case d.About == mistakes.Nothing:
		return "full"
	}
	return ""
}

// Seals judges that a cashout's notification carries a control string, and that each that
// it carries fits: control covers the external id, Payload-Signature the bytes that came.
// Which of the two it carries is a reading (AMB-32).
func (n Notifier) Seals(about Notified, came []*exchange.Exchange) Finding {
	key := d24.NewKey(n.Credentials.Cashouts.APISignature)
	return eachNotification(came, "a control string that fits, made with the cashouts API Signature", func(e *exchange.Exchange) string {
		signature, signed := e.Request.Header.Lookup(d24.HeaderPayloadSignature)
		if signed && !key.VerifyPayload(signature, e.Request.Body) {
			return "Payload-Signature: " + n.toldOfPayload(signature, e)
		}
		form, err := d24.ParseCashoutForm(e.Request.Body)
		switch {
		case err == nil && form.Control != "" && !key.VerifyControl(form.Control, about.ExternalID):
			return "control: " + n.toldOfControl(form, about)
		case form.Control == "" && !signed:
			return "neither control nor Payload-Signature"
		case err == nil && form.Control != "" && form.ExternalID != about.ExternalID:
			return fmt.Sprintf("control fits, and external_id is %s", quote(form.ExternalID))
		}
		return ""
	})
}

func (n Notifier) toldOfPayload(value string, e *exchange.Exchange) string {
	r := mistakes.Request{Value: value, Cashouts: true, Body: e.Request.Body, Key: n.Credentials.Cashouts.APISignature, Others: n.othersThan(n.Credentials.Cashouts.APISignature)}
	if d := mistakes.Explain(r); d.About != mistakes.Nothing {
		return told(d)
	}
	return "the digest is right and not written in lower case: " + quote(value)
}

// toldOfControl tries what is usually taken for control's text, key and writing.
func (n Notifier) toldOfControl(form d24.CashoutForm, about Notified) string {
	right := d24.NewKey(n.Credentials.Cashouts.APISignature)
	if strings.EqualFold(form.Control, right.Control(about.ExternalID)) {
		return "the digest is right and not written in upper case: " + quote(form.Control)
	}
	if right.VerifyControl(form.Control, about.ID) {
		return "it covers cashout_id instead of external_id"
	}
	others := n.othersThan(n.Credentials.Cashouts.APISignature)
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if d24.NewKey(others[name]).VerifyControl(form.Control, about.ExternalID) {
			return "the " + name + " was used as the signing key"
		}
	}
	return "it is not the one of this external_id, and no usual mistake makes it"
}

func (n Notifier) othersThan(key string) map[string]string {
	others := map[string]string{}
	n.Credentials.Named(func(name, value string) {
		if value != key {
			others[name] = value
		}
	})
	return others
}

// ReadsControl is how a server reads AMB-32.
func (Notifier) ReadsControl(e *exchange.Exchange) string {
	form, err := d24.ParseCashoutForm(e.Request.Body)
	signed := e.Request.Header.Get(d24.HeaderPayloadSignature) != ""
	switch {
	case err == nil && form.Control != "" && signed:
		return "control-and-signature"
	case err == nil && form.Control != "":
		return "control-only"
	case signed:
		return "signature-only" // the security page's words, which the mock does not read so
	}
	return ""
}

// IsAsShown holds notifications against the documents' examples, where no sentence says
// that a server has to keep to them: it is for reporting. ahead is by how much the
// server's time went on before each of them without passing for us.
func (n Notifier) IsAsShown(about Notified, came []*exchange.Exchange, ahead []time.Duration) Finding {
	expected := `POST, application/json, {"` + string(about.Kind) + `_id": number}, X-Login, X-Date of its own, D24 and 64 lower-case digits`
	if about.Kind == d24.CashoutNotification {
		expected = "POST, " + d24.ContentTypeForm + ", with date, external_id, cashout_id and control"
	}
	at := map[*exchange.Exchange]time.Duration{}
	for i, e := range came {
		at[e] = ahead[i]
	}
	return eachNotification(came, expected, func(e *exchange.Exchange) string {
		var differs []string
		note := func(differ bool, text string) {
			if differ {
				differs = append(differs, text)
			}
		}
		note(e.Request.Method != http.MethodPost, e.Request.Method)
		if about.Kind == d24.CashoutNotification {
			n.formDiffers(about, e, note)
		} else {
			n.messageDiffers(about, e, at[e], note)
		}
		return strings.Join(differs, ", ")
	})
}

func (n Notifier) messageDiffers(about Notified, e *exchange.Exchange, ahead time.Duration, note func(bool, string)) {
	h := e.Request.Header
	note(mediaType(e) != d24.ContentTypeJSON, "Content-Type "+quote(h.Get(d24.HeaderContentType)))
	var body map[string]json.RawMessage
	err := json.Unmarshal(e.Request.Body, &body)
	id := string(body[string(about.Kind)+"_id"])
	note(err != nil, "a body that is not a JSON object")
	note(err == nil && id != about.ID, string(about.Kind)+"_id "+quote(id))
	note(len(body) > 1, "more fields than the id")
	login := h.Get(d24.HeaderLogin)
	note(login == "", "no X-Login")
	note(login != "" && login != n.Credentials.Deposits.APIKey, "another X-Login")
	text := h.Get(d24.HeaderDate)
	date, err := d24.ParseDate(text)
	age := e.Started.Add(n.Clock.Offset + ahead).Sub(date)
	switch {
	case text == "":
		note(true, "no X-Date")
	case err != nil:
		note(true, "X-Date "+quote(text))
	default:
		note(age.Abs() > d24.Window+n.Clock.Error, fmt.Sprintf("X-Date %s from when it came", age.Round(time.Minute)))
	}
	digest, scheme := strings.CutPrefix(h.Get(d24.HeaderAuthorization), d24.Scheme)
	note(!scheme || !payloadForm.MatchString(digest), "Authorization written otherwise")
}

func (Notifier) formDiffers(about Notified, e *exchange.Exchange, note func(bool, string)) {
	note(mediaType(e) != d24.ContentTypeForm, "Content-Type "+quote(e.Request.Header.Get(d24.HeaderContentType)))
	form, err := d24.ParseCashoutForm(e.Request.Body)
	if err != nil {
		note(true, "a body that is not a form")
		return
	}
	_, err = time.Parse(d24.CashoutDateLayout, form.Date)
	note(err != nil, "date "+quote(form.Date))
	note(form.ExternalID != about.ExternalID, "external_id "+quote(form.ExternalID))
	note(string(form.CashoutID) != about.ID, "cashout_id "+quote(string(form.CashoutID)))
	note(form.Control == "", "no control")
}

// mediaType is Content-Type without its parameters.
func mediaType(e *exchange.Exchange) string {
	kind, _, err := mime.ParseMediaType(e.Request.Header.Get(d24.HeaderContentType))
	if err != nil {
		return ""
	}
	return kind
}

// FollowsSchedule holds the gaps between deliveries against those of the documents, to the
// minute: it is for reporting.
func FollowsSchedule(want, gaps []time.Duration, came []*exchange.Exchange) Finding {
	if expected, seen := schedule(want), schedule(gaps); seen != expected {
		return broken(expected, seen, came...)
	}
	return holds(came...)
}

func schedule(gaps []time.Duration) string {
	if len(gaps) == 0 {
		return "no repeat"
	}
	list := make([]string, len(gaps))
	for i, gap := range gaps {
		list[i] = fmt.Sprint(int(gap.Round(time.Minute).Minutes()))
	}
	return "repeats after " + strings.Join(list, ", ") + " minutes"
}

// DescribeNotification is a notification in a few words.
func DescribeNotification(e *exchange.Exchange) string {
	text := e.Request.Method + " " + shorten(e.Request.Header.Get(d24.HeaderContentType)) + " " + shorten(string(e.Request.Body))
	if e.Request.Truncated {
		text += ", cut off"
	}
	return text
}
