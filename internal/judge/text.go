package judge

import (
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/d24conform/d24conform/internal/exchange"
)

// TellsAsSent judges that a status answer tells the payer's text as the creation sent it,
// field by field, as far as it tells any. Texts are the same when they are canonically
// equivalent (Unicode, NFC): the documents promise UTF-8 and no form of it. It also tells
// how many fields were compared.
func TellsAsSent(created, status *exchange.Exchange) (f Finding, compared int) {
	if f := IsAccepted(status); f.Outcome != Holds {
		return f, 0
	}
	sent, told := textOf(created.Request.Body), textOf(status.Response.Body)
	for _, name := range sortedNames(sent) {
		text, ok := told[name]
		if !ok {
			continue
		}
		compared++
		if norm.NFC.String(text) != norm.NFC.String(sent[name]) {
			return broken(fmt.Sprintf("%s %q, as it was sent", name, shorten(sent[name])), fmt.Sprintf("%q", shorten(text)), created, status), compared
		}
	}
	return holds(created, status), compared
}

// textOf are the texts of the payer in a body, by the names of their fields.
func textOf(body []byte) map[string]string {
	var deposit struct {
		Payer map[string]any `json:"payer"`
	}
	if json.Unmarshal(body, &deposit) != nil {
		return nil
	}
	texts := map[string]string{}
	collect(texts, "payer", deposit.Payer)
	return texts
}

func collect(texts map[string]string, prefix string, fields map[string]any) {
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			texts[prefix+"."+name] = value
		case map[string]any:
			collect(texts, prefix+"."+name, value)
		}
	}
}

func sortedNames(texts map[string]string) []string {
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
