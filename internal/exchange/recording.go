package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// ReadRecording reads traffic that somebody recorded: our own exchanges.jsonl or a HAR
// file, whichever it is. Secrets by name put the bytes back that a [Redactor] took out;
// a request that still holds a name afterwards is marked as [Request.Truncated], since
// its signature cannot be derived again. unsent is how many requests of a HAR file were
// listed and never sent. An empty recording is an error.
func ReadRecording(r io.Reader, secrets map[string]string) (exchanges []*Exchange, unsent int, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, fmt.Errorf("read recording: %w", err)
	}
	if isHAR(data) {
		exchanges, unsent, err = ReadHAR(bytes.NewReader(data))
	} else {
		exchanges, err = Read(bytes.NewReader(data))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read recording: %w", err)
	}
	if len(exchanges) == 0 {
		return nil, 0, errors.New("read recording: it holds no exchange")
	}
	restore := restoring(secrets)
	for i, redacted := range exchanges {
		e := restore.Exchange(redacted)
		e.Request.Truncated = e.Request.Truncated || holdsName(e.Request)
		if e.Number == 0 {
			e.Number = i + 1
		}
		exchanges[i] = e
	}
	return exchanges, unsent, nil
}

// isHAR says whether the first JSON value is an object with a log, which no line of an
// exchanges.jsonl is.
func isHAR(data []byte) bool {
	var first struct {
		Log json.RawMessage `json:"log"`
	}
	// Browsers begin a HAR with a byte order mark now and then.
	err := json.NewDecoder(bytes.NewReader(withoutBOM(data))).Decode(&first)
	return err == nil && len(first.Log) > 0
}

func withoutBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// restoring is a [Redactor] the other way round.
func restoring(secrets map[string]string) *Redactor {
	var pairs []string
	for name, secret := range secrets {
		for _, form := range forms(secret) {
			if form.text != "" {
				pairs = append(pairs, "{{"+name+form.suffix+"}}", form.text)
			}
		}
	}
	return &Redactor{replacer: strings.NewReplacer(pairs...)}
}

// secretName is what a [Redactor] puts in a secret's place, of any environment.
var secretName = regexp.MustCompile(`\{\{\w*D24_\w+(:[\w+-]+)?\}\}`)

func holdsName(r Request) bool {
	return secretName.Match(r.Body) || secretName.MatchString(r.URL) ||
		slices.ContainsFunc(r.Header, func(f Field) bool { return secretName.MatchString(f.Value) })
}
