package repro

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/merchant"
)

// secondPrefix opens the names of the second environment's variables.
const secondPrefix = "SECOND_"

// A wording finds the words for the parts of one request.
type wording struct {
	*renderer

	call   *Call
	number int
	dates  []assignment // of this request, in order
}

// An assignment is a variable of the script and the value that it stood for in the run.
type assignment struct{ value, name string }

// A spelling is a text of the run and the shell's expression for it, which stands within
// double quotes.
type spelling struct{ text, expression string }

// recipe is the lines that make the request: its date, its body, its signature, its
// headers.
func (w *wording) recipe() (string, error) {
	var b strings.Builder
	d := w.call.Draft
	date, dated := d.Header.Lookup(d24.HeaderDate)
	for _, value := range []string{date, d.Sign.Date, d.Sign.Login} {
		b.WriteString(w.date(value))
	}
	if len(d.Body) > 0 {
		fmt.Fprintf(&b, "body=%s\nwith_body \"$body\"\n", w.body(d.Body))
	}
	if d.Auth == merchant.SignedDeposit || d.Auth == merchant.SignedCashout {
		b.WriteString(w.signature())
	}
	for _, field := range d.Header {
		value, err := w.header(field.Name, field.Value)
		if err != nil {
			return "", err
		}
		if field.Value == "" {
			fmt.Fprintf(&b, "header %s\n", quote(field.Name+";")) // curl's way to send an empty one
			continue
		}
		fmt.Fprintf(&b, "header %s\n", behind(field.Name+": ", value))
	}
	if w.call.Moved != nil && !dated {
		return "", fmt.Errorf("its date was to be moved, and it has none: %w", ErrNoRecipe)
	}
	return b.String(), nil
}

// behind is a word with a text before it, in one pair of quotes where that can be.
func behind(text, word string) string {
	switch {
	case strings.HasPrefix(word, `"`) && !strings.ContainsAny(text, "\"$`\\"):
		return `"` + text + word[1:]
	case strings.HasPrefix(word, "'") && !strings.Contains(text, "'"):
		return "'" + text + word[1:]
	case !strings.ContainsAny(word, "\"'"):
		return quote(text + word)
	}
	return quote(text) + word
}

// signature is the line that signs.
func (w *wording) signature() string {
	d := w.call.Draft
	text := w.whole(d.Sign.Date) + w.whole(d.Sign.Login)
	before := ""
	switch {
	case len(d.Sign.Body) == 0:
	case string(d.Sign.Body) == string(d.Body):
		text += `"$body"`
	default:
		before = "signed_body=" + w.body(d.Sign.Body) + "\n"
		text += `"$signed_body"`
	}
	if text == "" {
		text = "''"
	}
	if !strings.Contains(text, "'") {
		text = strings.ReplaceAll(text, `""`, "") // one word in one pair of quotes
	}
	return before + "sign " + orEmpty(w.whole(d.Sign.Secret)) + " " + text + "\n"
}

func orEmpty(word string) string {
	if word == "" {
		return "''"
	}
	return word
}

// date assigns a variable to a value that is a date, in one of the ways to write one.
func (w *wording) date(value string) string {
	if value == "" || slices.ContainsFunc(w.dates, func(a assignment) bool { return a.value == value }) {
		return ""
	}
	name := "date"
	if n := len(w.dates); n > 0 {
		name += strconv.Itoa(n + 1)
	}
	now := w.call.Draft.Now.UTC()
	made := ""
	if at, err := d24.ParseDate(value); err == nil {
		made = fmt.Sprintf("%s=$(x_date %d)\n", name, w.shift(at, now))
	} else {
		for form, text := range map[string]string{
			"epoch": strconv.FormatInt(now.Unix(), 10), "mail": now.Format(time.RFC1123Z),
			"day-first": now.Format("02/01/2006 15:04:05"), "day": now.Format(time.DateOnly),
		} {
			if text == value {
				made = fmt.Sprintf("%s=$(x_date 0 %s)\n", name, form)
			}
		}
	}
	if made != "" {
		w.dates = append(w.dates, assignment{value, name})
	}
	return made
}

// shift is how many seconds a date is from the second in which it is made. A date that is
// meant to be near the edge of the window is sent just after a full second: then it is at
// most as far away as meant where it has to pass, and at least so far where it must not,
// for most of a second.
func (w *wording) shift(at, now time.Time) int {
	if w.call.Moved == nil {
		return int(at.Sub(now.Truncate(time.Second)) / time.Second)
	}
	by := int(*w.call.Moved / time.Second)
	stale := w.call.Moved.Abs() > d24.Window
	switch {
	case by > 0 && stale:
		by++
	case by < 0 && !stale:
		by++
	}
	return by
}

// whole is a value that is a date, a credential, or a text of ours; empty for none.
func (w *wording) whole(value string) string {
	if value == "" {
		return ""
	}
	for _, a := range w.dates {
		if a.value == value {
			return `"$` + a.name + `"`
		}
	}
	for _, s := range w.credentials() {
		if s.text == value {
			return `"` + w.note(s.expression) + `"`
		}
	}
	return quote(value)
}

// note notes the variables of an expression as needed.
func (w *wording) note(expression string) string {
	for _, name := range regexp.MustCompile(`\$((?:SECOND_)?D24_[A-Z_]+)`).FindAllStringSubmatch(expression, -1) {
		w.need(name[1])
	}
	return expression
}

// credentials are all of ours, and each with its last character changed.
func (r *renderer) credentials() []spelling {
	var list []spelling
	add := func(prefix string, c d24.Credentials) {
		c.Named(func(name, value string) { list = append(list, spelling{value, "$" + prefix + name}) })
		c.Named(func(name, value string) {
			list = append(list, spelling{merchant.ChangeLast(value), fmt.Sprintf(`$(other "$%s%s" xy)`, prefix, name)})
			for _, near := range merchant.Spellings() {
				if text := near.Change(value); len(text) >= minNear && !strings.Contains(text, value) {
					list = append(list, spelling{text, nearly(prefix+name, value, text)})
				}
			}
		})
	}
	add("", r.plan.First.Credentials)
	if r.plan.Second != nil {
		add(secondPrefix, r.plan.Second.Credentials)
	}
	return list
}

// minNear is from which length on a misspelt credential is looked for: shorter ones, such as
// login, stand in a body by chance.
const minNear = 8

// nearly is the command that makes a misspelt credential of the right one: in the other case,
// or what both have in common with the rest between.
func nearly(name, value, text string) string {
	switch printed := `$(printf %s "$` + name + `" | `; text {
	case strings.ToUpper(value):
		return printed + `tr '[:lower:]' '[:upper:]')`
	case strings.ToLower(value):
		return printed + `tr '[:upper:]' '[:lower:]')`
	default:
		begin, end := 0, 0
		for begin < min(len(value), len(text)) && value[begin] == text[begin] {
			begin++
		}
		for end < min(len(value), len(text))-begin && value[len(value)-1-end] == text[len(text)-1-end] {
			end++
		}
		made := text[begin : len(text)-end]
		if begin > 0 {
			made = fmt.Sprintf("%scut -b 1-%d)%s", printed, begin, made)
		}
		if end > 0 {
			made += fmt.Sprintf("%scut -b %d-)", printed, len(value)-end+1)
		}
		return made
	}
}

// path is the request's path; an id of the target is its last segment, perhaps before a
// slash.
func (w *wording) path() string {
	path := strings.TrimSuffix(w.call.Draft.Path, "/")
	slash := w.call.Draft.Path[len(path):]
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		if number, ok := w.makers[path[at+1:]]; ok {
			w.used[number] = true
			return fmt.Sprintf("%s\"$id%d\"%s", quote(path[:at+1]), number, slash)
		}
	}
	return quote(w.call.Draft.Path)
}

// body is a body as one word of the shell: literal, but for our ids, the target's, and
// credentials.
func (w *wording) body(body []byte) string {
	text := string(body)
	var list []spelling
	for _, found := range idFields.FindAllStringSubmatch(text, -1) {
		if number, ok := w.makers[found[1]]; ok {
			w.used[number] = true
			list = append(list, spelling{found[0], strings.TrimSuffix(found[0], found[1]) + "\x00" + fmt.Sprintf("$id%d", number)})
		}
	}
	for _, c := range w.credentials() {
		inside := jsonText(c.text)
		expression := "$(json \"" + c.expression + "\")"
		list = append(list, spelling{`"` + inside + `"`, "\"\x00" + expression + "\x00\""})
	}
	return w.spell(text, list)
}

// spell writes a text as a word. In an expression \x00 divides literal text, which comes
// first, from what the shell has to expand.
func (w *wording) spell(text string, list []spelling) string {
	var b strings.Builder
	literal := ""
	flush := func() {
		if literal != "" {
			b.WriteString(quote(literal))
			literal = ""
		}
	}
	for len(text) > 0 {
		if id := w.ownID(text); id != "" {
			flush()
			b.WriteString(w.ours(id, w.number))
			text = text[len(id):]
			continue
		}
		found := false
		for _, s := range list {
			if !strings.HasPrefix(text, s.text) {
				continue
			}
			for i, part := range strings.Split(s.expression, "\x00") {
				if i%2 == 0 {
					literal += part
					continue
				}
				flush()
				b.WriteString(`"` + w.note(part) + `"`)
			}
			text, found = text[len(s.text):], true
			break
		}
		if !found {
			literal += text[:1]
			text = text[1:]
		}
	}
	flush()
	return b.String()
}

// ownID is the id of ours that a text begins with.
func (r *renderer) ownID(text string) string {
	prefix := "d24c-" + r.plan.Run + "-"
	if !strings.HasPrefix(text, prefix) {
		return ""
	}
	end := len(prefix)
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[:end]
}

// ours is an id of ours by the call that had it first; any other word is quoted.
func (r *renderer) ours(word string, number int) string {
	if id := r.ownID(word); id == "" || id != word {
		return quote(word)
	}
	owner, known := r.owners[word]
	switch {
	case !known:
		r.owners[word] = number
		return `"$run-$n"`
	case owner == number:
		return `"$run-$n"`
	}
	return fmt.Sprintf(`"$run-%d"`, owner)
}

// header is the value of a header field.
func (w *wording) header(name, value string) (string, error) {
	switch name {
	case d24.HeaderIdempotencyKey:
		return idempotencyKey(value), nil
	case d24.HeaderAuthorization, d24.HeaderPayloadSignature:
		return w.authority(value)
	}
	return w.whole(value), nil
}

// freshKeyLength is how many characters of an idempotency key a script makes anew. The
// rest stays, and with it the way in which two keys of a scenario differ.
const freshKeyLength = 8

func idempotencyKey(key string) string {
	if len(key) < freshKeyLength {
		return quote(key)
	}
	opening, rest := key[:freshKeyLength], key[freshKeyLength:]
	if strings.ToUpper(opening) == opening && strings.ToLower(opening) != opening {
		return `"$FRESH"` + quote(rest)
	}
	return `"$fresh"` + quote(rest)
}

// signatureDigits is what a signature looks like, or what is left of one. Zeros are none.
var signatureDigits = regexp.MustCompile(`[0-9a-fA-F]{30,}`)

// authority is the value of Authorization or Payload-Signature.
func (w *wording) authority(value string) (string, error) {
	if key, ok := strings.CutPrefix(value, d24.BearerScheme); ok {
		return behind(d24.BearerScheme, w.whole(key)), nil
	}
	const basic = "Basic "
	if strings.HasPrefix(value, basic) {
		for _, user := range w.credentials() {
			for _, password := range append(w.credentials(), spelling{}) {
				if merchant.BasicAuth(user.text, password.text) == value {
					return `"` + basic + `$(basic "` + w.note(user.expression) + `" "` + w.note(password.expression) + `")"`, nil
				}
			}
		}
	}
	sign := w.call.Draft.Sign
	right := d24.NewKey(sign.Secret).Deposit(sign.Date, sign.Login, sign.Body)
	for _, form := range digestForms(right, sign) {
		if form.text == "" {
			continue
		}
		if before, after, ok := strings.Cut(value, form.text); ok {
			return join(before, form.expression, after), nil
		}
	}
	if digits := signatureDigits.FindString(value); strings.Trim(digits, "0") != "" || strings.HasPrefix(value, basic) {
		return "", fmt.Errorf("its signature %w", ErrNoRecipe)
	}
	return quote(value), nil
}

func join(before, expression, after string) string {
	word := behind(before, `"`+expression+`"`)
	if after != "" {
		word += quote(after)
	}
	return word
}

// digestForms are the digest of what was signed and the mistakes with it, the longer ones
// first.
func digestForms(right string, s merchant.Signing) []spelling {
	return []spelling{
		{right, `$digest`},
		{strings.ToUpper(right), `$(upper "$digest")`},
		{merchant.FlipDigit(right, len(right)-1), `$(flip "$digest" last)`},
		{merchant.FlipDigit(right, 0), `$(flip "$digest" first)`},
		{merchant.UnkeyedDigest(right, s), `$(unkeyed_digest)`},
		{merchant.Base64Digest(right, s), `$(base64_digest)`},
		{merchant.SHA1Digest(right, s), `$(sha1_digest)`},
		{right[:len(right)/2], `${digest%????????????????????????????????}`},
	}
}

// jsonText is a text inside the quotes of JSON, as the client writes it.
func jsonText(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	encoded := strings.TrimSuffix(b.String(), "\n")
	return encoded[1 : len(encoded)-1]
}
