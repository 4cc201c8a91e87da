package vectors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustLoad(t *testing.T) *Set {
	t.Helper()
	set, err := Load()
	require.NoError(t, err)
	return set
}

// all returns what the four kinds of cases have in common.
func (s *Set) all() []Case {
	var cases []Case
	for _, c := range s.Signatures {
		cases = append(cases, c.Case)
	}
	for _, c := range s.Dates {
		cases = append(cases, c.Case)
	}
	for _, c := range s.Formats {
		cases = append(cases, c.Case)
	}
	for _, c := range s.Windows {
		cases = append(cases, c.Case)
	}
	return cases
}

func (s *Set) byID(t *testing.T, id string) SignatureCase {
	t.Helper()
	i := slices.IndexFunc(s.Signatures, func(c SignatureCase) bool { return c.ID == id })
	require.GreaterOrEqual(t, i, 0, "there is no case %s", id)
	return s.Signatures[i]
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("vectors.schema.json", readJSON(t, SchemaFile)))
	schema, err := compiler.Compile("vectors.schema.json")
	require.NoError(t, err)
	return schema
}

func readJSON(t *testing.T, name string) any {
	t.Helper()
	data, err := fs.ReadFile(Files(), name)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return document
}

func TestEveryFileKeepsTheSchema(t *testing.T) {
	schema := compileSchema(t)
	for _, topic := range Topics() {
		assert.NoError(t, schema.Validate(readJSON(t, topic+".json")), topic)
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	for _, row := range []struct {
		name, topic, id string
		spoil           func(c map[string]any)
	}{
		{"an unknown field", "deposits", "deposits/create", func(c map[string]any) { c["colour"] = "red" }},
		{"a case to refuse without a reason", "deposits", "deposits/refused-sha-1", func(c map[string]any) { delete(c, "reason") }},
		{"a case to accept with a reason", "deposits", "deposits/create", func(c map[string]any) { c["reason"] = "length" }},
		{"a reason that is not on the list", "deposits", "deposits/refused-sha-1", func(c map[string]any) { c["reason"] = "bad" }},
		{"a mistake that is not on the list", "deposits", "deposits/create", func(c map[string]any) {
			c["mistakes"].([]any)[0].(map[string]any)["name"] = "typo"
		}},
		{"a mistake that cannot be recomputed", "deposits", "deposits/create", func(c map[string]any) {
			delete(c["mistakes"].([]any)[0].(map[string]any), "key_hex")
		}},
		{"two bodies", "cashouts", "cashouts/create", func(c map[string]any) { c["body_base64"] = "AAAA" }},
		{"no body", "cashouts", "cashouts/create", func(c map[string]any) { delete(c, "body") }},
		{"an X-Date where none is signed", "cashouts", "cashouts/create", func(c map[string]any) { c["x_date"] = "2020-06-21T12:33:20Z" }},
		{"a deposit without X-Login", "deposits", "deposits/create", func(c map[string]any) { delete(c, "x_login") }},
		{"a signature in upper case", "cashouts", "cashouts/create", func(c map[string]any) {
			c["signature"] = strings.ToUpper(c["signature"].(string))
		}},
		{"a control in lower case", "notifications", "notifications/control-uuid", func(c map[string]any) {
			c["signature"] = strings.ToLower(c["signature"].(string))
		}},
		{"a deposit without a scheme word", "deposits", "deposits/create", func(c map[string]any) {
			c["signature"] = strings.TrimPrefix(c["signature"].(string), "D24 ")
		}},
		{"a valid date without its instant", "xdate", "xdate/example", func(c map[string]any) { delete(c, "unix_seconds") }},
		{"a bad date with an instant", "xdate", "xdate/refused-no-zone", func(c map[string]any) { c["unix_seconds"] = json.Number("1") }},
		{"a window verdict of a third kind", "xdate", "xdate/window-past-5000ms", func(c map[string]any) {
			c["mistakes"].([]any)[0].(map[string]any)["answer"] = "maybe"
		}},
		{"a signature case among the dates", "xdate", "xdate/example", func(c map[string]any) { c["kind"] = KindDepositRequest }},
	} {
		t.Run(row.name, func(t *testing.T) {
			document := readJSON(t, row.topic+".json").(map[string]any)
			found := false
			for _, c := range document["cases"].([]any) {
				if c := c.(map[string]any); c["id"] == row.id {
					row.spoil(c)
					found = true
				}
			}
			require.True(t, found, "there is no case %s", row.id)
			assert.Error(t, schema.Validate(document))
		})
	}
}

func TestIDsAreUniqueAndNameTheirTopic(t *testing.T) {
	set := mustLoad(t)
	seen := make(map[string]bool)
	for _, c := range set.all() {
		assert.False(t, seen[c.ID], "%s is there twice", c.ID)
		seen[c.ID] = true
	}
	for _, c := range set.Signatures {
		topic, _, _ := strings.Cut(c.ID, "/")
		switch c.Kind {
		case KindDepositRequest:
			assert.Equal(t, "deposits", topic, c.ID)
		case KindCashoutRequest:
			assert.Equal(t, "cashouts", topic, c.ID)
		default:
			assert.Equal(t, "notifications", topic, c.ID)
		}
	}
}

func TestThereAreEnoughCases(t *testing.T) {
	set := mustLoad(t)
	assert.GreaterOrEqual(t, len(set.Signatures), 80, "the promise is 80 cases, dates not counted")
	kinds := make(map[string]int)
	for _, c := range set.all() {
		kinds[c.Kind+" "+c.Expect]++
	}
	for _, kind := range []string{
		KindDepositRequest, KindCashoutRequest, KindDepositNotification, KindRefundNotification,
		KindDepositNotificationBodyOnly, KindCashoutControl, KindCashoutNotificationPayload, "parse", "window",
	} {
		assert.Positive(t, kinds[kind+" accept"], "no case of %s to accept", kind)
		assert.Positive(t, kinds[kind+" refuse"], "no case of %s to refuse", kind)
	}
	assert.Positive(t, kinds["format accept"])
	for _, topic := range Topics() {
		assert.NotEmpty(t, set.Provenance[topic].MadeBy.Version, topic)
	}
}

// The mistakes that the vectors were asked for by name.
func TestTheCommonMistakesAreThere(t *testing.T) {
	names := usedMistakes(mustLoad(t))
	for _, name := range []string{
		"bom", "latin-1", "escaped-slashes", "unicode-escapes", "reordered-keys", "pretty-printed", "trailing-newline",
		"upper-case", "base64", "sha-1", "wrong-key-api-key", "wrong-key-read-only", "wrong-key-passphrase",
		"wrong-key-other-product", "swapped-order", "milliseconds", "another-second",
	} {
		assert.Contains(t, names, name)
	}
}

func usedMistakes(set *Set) map[string]bool {
	names := make(map[string]bool)
	for _, c := range set.Signatures {
		for _, m := range c.Mistakes {
			names[m.Name] = true
		}
	}
	return names
}

// Every word of a closed list is used by a case and explained in the README,
// so that neither the schema nor the README can promise what is not there.
func TestClosedListsAreUsedAndExplained(t *testing.T) {
	set := mustLoad(t)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)

	used := map[string]map[string]bool{
		"signatureMistakeName": usedMistakes(set),
		"signatureReason":      {}, "dateMistakeName": {}, "dateReason": {}, "windowReason": {},
	}
	for _, c := range set.Signatures {
		used["signatureReason"][c.Reason] = true
	}
	for _, c := range set.Dates {
		used["dateReason"][c.Reason] = true
	}
	for _, c := range set.Windows {
		used["windowReason"][c.Reason] = true
		for _, m := range c.Mistakes {
			used["dateMistakeName"][m.Name] = true
		}
	}
	for _, c := range set.Formats {
		for _, m := range c.Mistakes {
			used["dateMistakeName"][m.Name] = true
		}
	}
	defs := readJSON(t, SchemaFile).(map[string]any)["$defs"].(map[string]any)
	for list, words := range used {
		for _, word := range defs[list].(map[string]any)["enum"].([]any) {
			assert.True(t, words[word.(string)], "%s of %s is in the schema and in no case", word, list)
			assert.Contains(t, string(readme), "`"+word.(string)+"`", "%s of %s is not in the README", word, list)
		}
	}
	for _, c := range set.all() {
		for _, a := range c.Ambiguities {
			assert.Contains(t, string(readme), "`"+a+"`", "%s of %s is not in the README", a, c.ID)
		}
	}
}

func TestReadmeCounts(t *testing.T) {
	set := mustLoad(t)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	mistakes := 0
	for _, c := range set.Signatures {
		mistakes += len(c.Mistakes)
	}
	for _, c := range set.Formats {
		mistakes += len(c.Mistakes)
	}
	for _, c := range set.Windows {
		mistakes += len(c.Mistakes)
	}
	dates := len(set.Dates) + len(set.Formats) + len(set.Windows)
	assert.Contains(t, string(readme), fmt.Sprintf("%d signature cases, %d date cases and %d wrong answers with a name", len(set.Signatures), dates, mistakes))
}

// Digests that two other tools agreed on before the scripts existed, and those
// of RFC 4231: a slip common to make.py and all checkers would show here.
func TestKnownAnswers(t *testing.T) {
	set := mustLoad(t)
	for id, want := range map[string]string{
		"deposits/get-empty-body":                     "D24 445b7ca204d54c43f0e2c311d288692f9452b8212fd2ec17c4180fb8fbdca40b",
		"deposits/create":                             "D24 ff21cb71441996950b1e06c7563ed072f21d834d7a3cac2901ecab66dfd083d9",
		"deposits/create-spaced":                      "D24 8be4fb487172b012615363dba51a870ab0ce071ea11f9fb901cb0e367492df02",
		"deposits/utf8-name":                          "D24 3e564aeb347bf186e39d289524e446f07cf49939e8a7658246c0d72acd7004f7",
		"deposits/escaped-name":                       "D24 70c60c6e40f80154cbb04f40636a9e7a3c18c973caa99bc1d044e55fb9861eeb",
		"cashouts/status":                             "7cfa77e6cd6d49a1fe6dee29b10cf412bbaebdd4323fe818378c3959b6a87a29",
		"cashouts/empty-body":                         "2dbb0e4915aec42ec9f927cfe055272bbad8eb97cb717eab543d3ee309dd4021",
		"cashouts/rfc-4231-case-1":                    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		"cashouts/rfc-4231-case-2":                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"notifications/control-cashoutv35381":         "55523BD8BBEFD352CE4FE388B969653A3A6F00044D6D676257D07CB27F2203D3",
		"notifications/control-documents-sample-code": "DDD345FB66A8053FBB69E0DBCACFDE5F63CA05140C3A2C446B7A0E4118F8BA1D",
		"notifications/deposit-first":                 "D24 b058c72d075ba8a536ea080a57b8e0cd3306395cb179b51d0ab743e08ed87104",
		"notifications/body-only-deposit":             "D24 fab7a68d98c4f065e80d6df57c36207b04f5d5114600d2a8f9670bd47fbd035c",
	} {
		assert.Equal(t, want, set.byID(t, id).Signature, id)
	}
	latin1, ok := set.byID(t, "deposits/utf8-name").MistakeOf("D24 dd79d598eadcd88dbce109d7c9c1e0e0955de1a2bab08643296f318105cb3459")
	assert.True(t, ok)
	assert.Equal(t, "latin-1", latin1.Name)
}

// A wrong answer that two mistakes share, or that is right, could not be named.
func TestAnswersAreDistinct(t *testing.T) {
	for _, c := range mustLoad(t).Signatures {
		seen := map[string]string{c.Signature: "signature"}
		for _, m := range c.Mistakes {
			assert.Empty(t, seen[m.Answer], "%s: %s gives the answer of another", c.ID, m.Name)
			seen[m.Answer] = m.Name
		}
		assert.Equal(t, c.Accepted(), c.Presented == c.Signature, c.ID)
	}
}

// A value to refuse that was computed differs from the right computation in one
// point, and the reason names that point.
func TestOneReasonToFail(t *testing.T) {
	points := map[string]string{
		"algorithm": "algorithm", "wrong_key": "key", "encoding": "encoding", "hex_case": "encoding",
		"composition": "text", "body_differs": "text", "date_differs": "text", "login_differs": "text",
		"external_id_differs": "text", "not_utf8": "",
	}
	for _, c := range mustLoad(t).Signatures {
		from := c.PresentedFrom
		if from == nil {
			continue
		}
		encoding := "hex-lower"
		if c.Kind == KindCashoutControl {
			encoding = "hex-upper"
		}
		text := c.StringToSign.Hex
		if from.Algorithm == "sha256" {
			text = c.KeyHex + text // a hash without a key gets the key in front of the text
		}
		var differs []string
		for _, point := range []struct{ name, got, want string }{
			{"algorithm", from.Algorithm, "hmac-sha256"},
			{"key", from.KeyHex, c.KeyHex},
			{"text", from.StringToSignHex, text},
			{"encoding", from.Encoding, encoding},
		} {
			if point.got != point.want {
				differs = append(differs, point.name)
			}
		}
		assert.Equal(t, points[c.Reason], strings.Join(differs, ","), c.ID)
	}
}

func TestLoaderGivesBytes(t *testing.T) {
	binary := 0
	for _, c := range mustLoad(t).Signatures {
		sts, err := c.StringToSign.Bytes()
		require.NoError(t, err, c.ID)
		assert.True(t, bytes.HasSuffix(sts, c.Body()) || c.Kind == KindCashoutControl, c.ID)
		assert.Equal(t, utf8.Valid(sts), c.StringToSign.Text == string(sts), c.ID)
		if !utf8.Valid(c.Body()) {
			binary++
		}
	}
	assert.Positive(t, binary, "no body that is not UTF-8")
}

func TestLoaderGivesTimes(t *testing.T) {
	set := mustLoad(t)
	for _, c := range set.Windows {
		server, err := c.Server()
		require.NoError(t, err, c.ID)
		assert.Zero(t, server.Nanosecond()%1_000_000, c.ID)
	}
	for _, c := range set.Formats {
		instant, err := time.Parse(time.RFC3339, c.Instant)
		require.NoError(t, err, c.ID)
		assert.True(t, instant.Equal(c.Time()), c.ID)
	}
	for _, c := range set.Dates {
		if c.Accepted() {
			assert.Equal(t, c.XDate, c.Time().Format(time.RFC3339), c.ID)
		}
	}
	_, err := WindowCase{ServerTime: "noon"}.Server()
	assert.ErrorContains(t, err, "vectors: parse server time")
}

func TestLoaderRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"unknown field":  {`"expect"`, `"expects"`, "unknown field"},
		"other schema":   {SchemaID, "d24conform/vectors/v2", "the file says schema"},
		"no JSON":        {`"cases": [`, `"cases": `, "decode"},
		"text behind":    {"\n  ]\n}\n", "\n  ]\n}\n{}", "text after the document"},
		"wrong type":     {`"key": "`, `"key": 1, "x": "`, "decode"},
		"other topic":    {`"topic": "deposits"`, `"topic": "refunds"`, "topic"},
		"unknown kind":   {`"kind": "window"`, `"kind": "door"`, "unknown kind"},
		"broken base64":  {`"body_base64": "`, `"body_base64": "!`, "decode"},
		"file not there": {"", "", "read file"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := fstest.MapFS{}
			hits := 0
			for _, topic := range Topics() {
				data, err := fs.ReadFile(Files(), topic+".json")
				require.NoError(t, err)
				if row.old == "" {
					continue
				}
				hits += bytes.Count(data, []byte(row.old))
				broken[topic+".json"] = &fstest.MapFile{Data: bytes.ReplaceAll(data, []byte(row.old), []byte(row.new))}
			}
			require.True(t, hits > 0 || row.old == "", "nothing was broken")
			_, err := load(broken)
			require.ErrorContains(t, err, row.want)
			assert.ErrorContains(t, err, "vectors: load ")
		})
	}
}
