package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// tiny is a complete rule set of one rule and two ambiguities; tests break it
// in one place each.
func tiny() map[string]string {
	return map[string]string{
		"ruleset.json": `{"version": "v", "frozen": "2026-11-21", "rules": ["r.json"], "ambiguities": "a.json", "codes": "c.json",
 "families": [{"name": "X", "title": "x", "last": 1}], "register": 2, "scenarios": {"server": 1},
 "pages": [{"key": "S1", "seed": true, "name": "page", "title": "A page", "brand": "B"}]}`,
		"r.json": `[
  {
    "id": "X-01",
    "says": "it holds",
    "pages": ["S1"], "source": "seed",
    "products": ["deposits"],
    "obligation": "must",
    "judged": ["server"],
    "fix": {"server": "Do it."},
    "ambiguities": ["AMB-01"]
  }
]`,
		"c.json": `[
  {"code": 100, "product": "deposits", "means": "m", "pages": ["S1"], "source": "seed", "confidence": "documented"},
  {"code": 201, "product": "deposits", "means": "m", "pages": [], "source": "third party", "confidence": "third party"}
]`,
		"a.json": `[
  {"id": "AMB-01", "question": "q?", "evidence": ["a", "b"], "default": {"name": "d", "means": "m"}, "concludes": "c"},
  {"id": "AMB-02", "question": "q?", "switch": "AMB-01", "evidence": ["a", "b"], "default": {"name": "d", "means": "m"}, "concludes": "c"}
]`,
	}
}

func TestLoadRefusesBrokenData(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, from, to string
		want                 string
	}{
		{"an unknown key, with its line and column", "r.json", `"obligation"`, `"obligatoin"`, "v/r.json:7:5"},
		{"a wrong type", "r.json", `["S1"]`, `"S1"`, "v/r.json:5:"},
		{"a syntax error", "r.json", `"must",`, `"must"`, "v/r.json:8:"},
		{"a file cut short", "r.json", "  }\n]", "  }\n", "v/r.json:"},
		{"an unknown page", "r.json", `"S1"`, `"S9"`, `v/r.json:2: rule X-01: unknown page "S9"`},
		{"an unknown product", "r.json", `"deposits"`, `"deposit-api"`, `unknown product "deposit-api"`},
		{"an unknown ambiguity", "r.json", `AMB-01`, `AMB-77`, `unknown ambiguity "AMB-77"`},
		{"an unknown obligation", "r.json", `"must"`, `"shall"`, `unknown obligation "shall"`},
		{"an unknown role", "r.json", `["server"]`, `["servant"]`, `unknown role "servant"`},
		{"a role with two judgements", "r.json", `["server"],`, `["server"], "observed": {"server": "why"},`, "two judgements"},
		{"a judged role without a fix", "r.json", `"Do it."`, `""`, "no fix"},
		{"a fix for a role that is not bound", "r.json", `{"server": "Do it."}`, `{"server": "Do it.", "client": "x"}`, "does not bind"},
		{"an observed role without a reason", "r.json", `["server"],`, `[], "observed": {"server": ""},`, "without a reason"},
		{"an obligation for a role that is not bound", "r.json", `"must",`, `"must", "obligation_by_role": {"client": "may"},`, "does not bind"},
		{"no role at all", "r.json", `["server"],`, `[], `, "binds no role"},
		{"no sentence", "r.json", `"it holds"`, `""`, "a sentence"},
		{"no page", "r.json", `["S1"]`, `[]`, "at least one page"},
		{"a source that the pages do not make", "r.json", `"source": "seed"`, `"source": "other page"`, `v/r.json:2: rule X-01: its source is "other page", and its pages make it "seed"`},
		{"no source", "r.json", `"source": "seed",`, ``, `its source is "", and its pages make it "seed"`},
		{"a page that is no seed any more", "ruleset.json", `"seed": true, `, ``, `its source is "seed", and its pages make it "other page"`},
		{"a code whose source its pages do not make", "c.json", `[], "source": "third party"`, `["S1"], "source": "third party"`, `v/c.json:3: code 201 of deposits: its source is "third party", and its pages make it "seed"`},
		{"a code of another confidence than its source", "c.json", `"documented"`, `"third party"`, `code 100 of deposits: its confidence is "third party", and its source is "seed"`},
		{"a code without a meaning", "c.json", `"means": "m"`, `"means": ""`, "needs a number, a product and a meaning"},
		{"a code that appears twice", "c.json", `201`, `100`, "code 100 of deposits: appears twice"},
		{"a code of an unknown page", "c.json", `["S1"]`, `["S9"]`, `unknown page "S9"`},
		{"an ambiguity with one side only", "a.json", `["a", "b"]`, `["a"]`, "both sides"},
		{"an ambiguity that appears twice", "a.json", `"AMB-02"`, `"AMB-01"`, "appears twice"},
		{"a reading without a meaning", "a.json", `"means": "m"`, `"means": ""`, "a meaning"},
		{"a switch that is none", "a.json", `"switch": "AMB-01"`, `"switch": "AMB-09"`, "no switch"},
		{"one switch with two sets of names", "a.json", `"d", "means": "m"}, "concludes": "c"},`, `"e", "means": "m"}, "concludes": "c"},`, "differ"},
		{"a version that is not the directory's", "ruleset.json", `"v"`, `"w"`, `version is "w"`},
		{"an unknown key in the index", "ruleset.json", `"frozen"`, `"froze"`, "v/ruleset.json:1:"},
		{"a family without a title", "ruleset.json", `"title": "x"`, `"title": ""`, `family "X"`},
		{"a family without rules", "ruleset.json", `"last": 1`, `"last": 0`, `family "X"`},
		{"scenarios of an unknown role", "ruleset.json", `{"server": 1}`, `{"servant": 1}`, `role "servant"`},
		{"a file that is missing", "ruleset.json", `"r.json"`, `"s.json"`, "s.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := tiny()
			broken := strings.Replace(files[tt.file], tt.from, tt.to, 1)
			if broken == files[tt.file] {
				t.Fatalf("%q is not in %s", tt.from, tt.file)
			}
			files[tt.file] = broken
			_, err := load(asFS(files), "v")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "load rules: ") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := load(asFS(tiny()), "v"); err != nil {
		t.Errorf("the whole set is refused: %v", err)
	}
	twice := tiny()
	row := strings.TrimSuffix(strings.TrimPrefix(twice["r.json"], "["), "]")
	twice["r.json"] = "[" + row + "," + row + "]"
	if _, err := load(asFS(twice), "v"); err == nil || !strings.Contains(err.Error(), "v/r.json:13: rule X-01: appears twice") {
		t.Errorf("a rule that appears twice: %v", err)
	}
}

func asFS(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out["v/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestLoadByVersion(t *testing.T) {
	t.Parallel()
	if l, err := Load(""); err != nil || l.Version != Latest {
		t.Errorf("no version: %v", err)
	}
	if !slices.Contains(Versions(), Latest) {
		t.Errorf("versions %v lack %s", Versions(), Latest)
	}
	_, err := Load("1999-01")
	if err == nil || !strings.Contains(err.Error(), `"1999-01"`) || !strings.Contains(err.Error(), Latest) {
		t.Errorf("an unknown version: %v", err)
	}
	for _, bad := range []string{"../rules", "2026-11/..", "/"} {
		if _, err := Load(bad); err == nil {
			t.Errorf("%q was loaded", bad)
		}
	}
}

// TestDataHasNoKeyTwice looks for what the JSON decoder lets pass: the second
// of two equal keys silently replaces the first.
func TestDataHasNoKeyTwice(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(data, "*/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d data files, %v", len(files), err)
	}
	for _, name := range files {
		raw, err := fs.ReadFile(data, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := uniqueKeys(json.NewDecoder(bytes.NewReader(raw))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if uniqueKeys(json.NewDecoder(strings.NewReader(`[{"a": 1, "b": {"a": 2, "a": 3}}]`))) == nil {
		t.Error("a key that is there twice goes unnoticed")
	}
}

// uniqueKeys walks over one JSON value.
func uniqueKeys(dec *json.Decoder) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	open, _ := tok.(json.Delim)
	seen := make(map[string]bool)
	for (open == '{' || open == '[') && dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			if name := key.(string); seen[name] {
				return fmt.Errorf("byte %d: key %q is there twice", dec.InputOffset(), name)
			}
			seen[key.(string)] = true
		}
		if err := uniqueKeys(dec); err != nil {
			return err
		}
	}
	if open == '{' || open == '[' {
		_, err = dec.Token()
	}
	return err
}
