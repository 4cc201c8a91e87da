package rules

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Every dated directory is a rule set: adding one touches no other.
//
//go:embed 20*/*.json
var data embed.FS

// Load returns the rule set of a version. An empty version is Latest.
func Load(version string) (*Ledger, error) {
	if version == "" {
		version = Latest
	}
	return load(data, version)
}

// Versions lists the rule sets that this program has, oldest first.
func Versions() []string { return versions(data) }

func versions(fsys fs.FS) []string {
	// An embedded directory cannot fail to be read.
	entries, _ := fs.ReadDir(fsys, ".")
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// index is ruleset.json.
type index struct {
	Version     string       `json:"version"`
	Frozen      string       `json:"frozen"`
	Rules       []string     `json:"rules"`
	Ambiguities string       `json:"ambiguities"`
	Ranges      string       `json:"ranges"`
	Codes       string       `json:"codes"`
	Families    []Group      `json:"families"`
	Register    int          `json:"register"`
	Scenarios   map[Role]int `json:"scenarios"`
	Pages       []Page       `json:"pages"`
}

// ruleRow is a rule as written in the data.
type ruleRow struct {
	ID               string              `json:"id"`
	Says             string              `json:"says"`
	Pages            []string            `json:"pages"`
	Source           Source              `json:"source"`
	Products         []Product           `json:"products"`
	Obligation       Obligation          `json:"obligation"`
	ObligationByRole map[Role]Obligation `json:"obligation_by_role"`
	Judged           []Role              `json:"judged"`
	Observed         map[Role]string     `json:"observed"`
	NotJudged        map[Role]string     `json:"not_judged"`
	Note             string              `json:"note"`
	Fix              map[Role]string     `json:"fix"`
	Ambiguities      []string            `json:"ambiguities"`
	Vectors          []string            `json:"vectors"`
}

// ambiguityRow is an entry of the register as written in the data.
type ambiguityRow struct {
	ID        string   `json:"id"`
	Question  string   `json:"question"`
	Switch    string   `json:"switch"`
	Evidence  []string `json:"evidence"`
	Default   Option   `json:"default"`
	Others    []Option `json:"others"`
	Concludes string   `json:"concludes"`
}

func load(fsys fs.FS, version string) (*Ledger, error) {
	name := path.Join(version, "ruleset.json")
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load rules: no rule set %q; this program has %s", version, strings.Join(versions(fsys), ", "))
	}
	var ix index
	dec := strict(raw)
	if err := dec.Decode(&ix); err != nil {
		return nil, positioned(name, raw, 0, dec, err)
	}
	if ix.Version != version {
		return nil, fmt.Errorf("load rules: %s: version is %q, its directory says %q", name, ix.Version, version)
	}
	l := &Ledger{
		Version:   ix.Version,
		Frozen:    ix.Frozen,
		groups:    ix.Families,
		register:  ix.Register,
		scenarios: ix.Scenarios,
		pages:     ix.Pages,
		ruleIndex: make(map[string]int),
		ambIndex:  make(map[string]int),
	}
	if err := l.checkIndex(); err != nil {
		return nil, fmt.Errorf("load rules: %s: %w", name, err)
	}
	name = path.Join(version, ix.Ambiguities)
	if err := eachRow(fsys, name, func(row ambiguityRow) error { return l.addAmbiguity(row) }); err != nil {
		return nil, err
	}
	if err := l.checkSwitches(); err != nil {
		return nil, fmt.Errorf("load rules: %s: %w", name, err)
	}
	pages := make(map[string]Page, len(ix.Pages))
	for _, p := range ix.Pages {
		pages[p.Key] = p
	}
	for _, file := range ix.Rules {
		add := func(row ruleRow) error { return l.addRule(row, pages) }
		if err := eachRow(fsys, path.Join(version, file), add); err != nil {
			return nil, err
		}
	}
	add := func(row codeRow) error { return l.addCode(row, pages) }
	if err := eachRow(fsys, path.Join(version, ix.Codes), add); err != nil {
		return nil, err
	}
	if err := l.readRanges(fsys, version, ix.Ranges); err != nil {
		return nil, err
	}
	return l, nil
}

// strict returns a decoder for which a key that it does not know is an error:
// a misspelt key must not silently drop what was written under it.
func strict(raw []byte) *json.Decoder {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec
}

// eachRow decodes a file that is one JSON array and hands its rows to add.
func eachRow[T any](fsys fs.FS, name string, add func(T) error) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("load rules: %w", err)
	}
	dec := strict(raw)
	if _, err := dec.Token(); err != nil { // the opening bracket
		return positioned(name, raw, 0, dec, err)
	}
	for dec.More() {
		start := dec.InputOffset()
		var row T
		if err := dec.Decode(&row); err != nil {
			return positioned(name, raw, start, dec, err)
		}
		if err := add(row); err != nil {
			return fmt.Errorf("load rules: %s:%d: %w", name, lineAt(raw, rowStart(raw, start)), err)
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return positioned(name, raw, dec.InputOffset(), dec, err)
	}
	return nil
}

// positioned adds file, line and column to a decoding error. encoding/json
// gives an offset for some errors only; for an unknown key it is looked up in
// the row that has it.
func positioned(name string, raw []byte, start int64, dec *json.Decoder, err error) error {
	at := rowStart(raw, start)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = min(e.Offset, int64(len(raw)))
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = min(start+e.Offset, int64(len(raw)))
	} else if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if i := bytes.Index(raw[at:], []byte(key)); i >= 0 {
			at += int64(i)
		}
	} else {
		at = dec.InputOffset()
	}
	column := at - int64(bytes.LastIndexByte(raw[:at], '\n'))
	return fmt.Errorf("load rules: %s:%d:%d: %w", name, lineAt(raw, at), column, err)
}

// rowStart skips what separates two rows.
func rowStart(raw []byte, at int64) int64 {
	for at < int64(len(raw)) && strings.IndexByte(", \t\r\n", raw[at]) >= 0 {
		at++
	}
	return at
}

func lineAt(raw []byte, at int64) int {
	return 1 + bytes.Count(raw[:at], []byte("\n"))
}
