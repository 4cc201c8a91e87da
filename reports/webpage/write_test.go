package webpage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func written(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, p))
	return b.String()
}

// hostile is what a target may have had a say in, wherever it may stand.
const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&--><!-- </style>`

// everything is a page with every part, and text in every place.
func everything(text string) *Page {
	two, three := 2.0, 3.5
	return &Page{
		Title: text, Kind: text, Marks: []Mark{{Bad, text}, {Doubt, "PARTIAL"}}, Heading: text,
		Reasons: []Said{{Bad, text, text}, {Faint, "", text}},
		Facts:   []Fact{{text, text, text}, {"retries", "17", ""}},
		Sections: []Section{{Heading: text, Lead: text, Parts: []Part{
			{Table: &Table{Caption: text, Columns: []Column{{Name: text}, {Name: text, Number: true}, {Name: "share"}}, Rows: [][]Cell{
				{{Text: text, Code: true}, {Text: text, Note: text, Tone: Good}, {Text: "25 %", Bar: 0.25}},
			}}},
			{Chart: &Chart{Title: text, About: text, Axis: Seconds, Unit: text, Lines: []Line{
				{Name: text, X: []float64{0, 1, 2}, Y: []*float64{&two, nil, &three}}, {Name: "b", X: []float64{0}, Y: []*float64{&two}, Style: 1, Step: true},
			}}},
			{Strips: []Strip{{Name: text, Tone: Bad, Counts: []int{0, 200, 1}, Total: text, Peak: text}}},
			{Text: text},
		}}},
		Foot: []string{text},
	}
}

var ofOurs = regexp.MustCompile(`(?s)(<style>|<script>|<details>).*?(</style>|</script>|</details>)`)

func TestAPageIsAsItWas(t *testing.T) {
	t.Parallel()
	got := ofOurs.ReplaceAllString(written(t, everything("text")), "$1…$2")
	got = regexp.MustCompile(`sha256-.*?&#39;`).ReplaceAllString(got, "sha256-…&#39;")
	file := filepath.Join("testdata", "page.html")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// Nothing of a text becomes a part of the page's structure: with every letter of the
// text taken for another, the page has the same elements.
func TestATextStaysAText(t *testing.T) {
	t.Parallel()
	element := regexp.MustCompile(`<[a-z/!][a-z0-9]*`)
	calm, wild := ofOurs.ReplaceAllString(written(t, everything("text")), ""), ofOurs.ReplaceAllString(written(t, everything(hostile)), "")
	assert.Equal(t, element.FindAllString(calm, -1), element.FindAllString(wild, -1))
	assert.NotContains(t, wild, "<img")
	assert.Contains(t, wild, "&lt;img")
}

// The page's policy lets run what the page was written with, and nothing else; it
// allows no address at all.
func TestThePolicyNamesWhatThePageCarries(t *testing.T) {
	t.Parallel()
	text := written(t, everything("text"))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)[1]
	policy = strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy)
	assert.True(t, strings.HasPrefix(policy, "default-src 'none'; img-src data:; "), policy)
	assert.NotContains(t, policy, "unsafe")
	assert.NotContains(t, policy, "http")
	blocks := regexp.MustCompile(`(?s)<(?:style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(text, -1)
	require.Len(t, blocks, 3)
	for _, block := range blocks {
		assert.Contains(t, policy, digest(block[1]))
	}
	assert.Equal(t, 3, strings.Count(policy, "sha256-"))
}

func TestAPageWithoutChartsHasNoScript(t *testing.T) {
	t.Parallel()
	text := written(t, &Page{Title: "t", Marks: []Mark{{Good, "PASS"}}, Sections: []Section{{Heading: "h", Parts: []Part{{Text: "x"}}}}})
	assert.NotContains(t, text, "<script")
	assert.NotContains(t, text, "script-src")
	assert.Contains(t, text, `<span aria-hidden="true">✓</span> PASS`)
}

func TestAFewAmongManyAreSeen(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "M1 20v-20h1V20zM2 20v-1.5h1V20z", Strip{Counts: []int{0, 1_000_000, 1}}.Path())
	assert.Empty(t, Strip{Counts: []int{0, 0}}.Path())
}

func TestTheVendoredFilesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("uplot/README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*`([0-9a-f]{64})` \\|$").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, rows, 2)
	for _, row := range rows {
		data, err := os.ReadFile(filepath.Join("uplot", row[1]))
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		assert.Equal(t, row[2], hex.EncodeToString(sum[:]), row[1])
	}
	assert.Contains(t, uplot, "v1.6.32", "the version that the page names")
	assert.Contains(t, written(t, everything("text")), "Copyright (c) 2022 Leon Sorokin")
}
