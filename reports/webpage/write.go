package webpage

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // what a page is made of
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
)

// What every page carries.
var (
	//go:embed page.html
	layout string
	//go:embed page.css
	style string
	//go:embed charts.js
	charts string
	//go:embed uplot/uPlot.iife.min.js
	uplot string
	//go:embed uplot/uPlot.min.css
	uplotStyle string
	//go:embed uplot/LICENSE
	uplotLicence string
)

// Write writes the page. One file is all of it.
func Write(w io.Writer, p *Page) error {
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	v := view{Page: p, Style: template.CSS(uplotStyle + "\n" + style), Licence: uplotLicence} //nolint:gosec // our own files
	v.Policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " + digest(string(v.Style))
	if v.drawn() {
		v.Library, v.Script = template.JS(uplot), template.JS(charts) //nolint:gosec // our own files
		v.Policy += "; script-src " + digest(uplot) + " " + digest(charts)
	}
	var b bytes.Buffer // a page is there whole or not at all
	if err := t.Execute(&b, &v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// digest names a text in the page's policy.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A view is a page as its template sees it.
type view struct {
	*Page

	Policy          string
	Style           template.CSS
	Library, Script template.JS
	Licence         string
	Charts          []*Chart // in the order of the page

	ids int
}

// drawn collects the charts, and says whether there are any.
func (v *view) drawn() bool {
	for _, s := range v.Sections {
		for _, part := range s.Parts {
			if part.Chart != nil {
				v.Charts = append(v.Charts, part.Chart)
			}
		}
	}
	return len(v.Charts) > 0
}

// ID is another name for a part of the page.
func (v *view) ID() string {
	v.ids++
	return "p" + strconv.Itoa(v.ids)
}

// height is that of a strip's highest bar, in units of its drawing.
const height = 20

// Path draws the bars of a strip, one unit wide each. What happened at all is seen.
func (s Strip) Path() string {
	most := 0
	for _, n := range s.Counts {
		most = max(most, n)
	}
	var b strings.Builder
	for i, n := range s.Counts {
		if n > 0 {
			high := max(float64(n)/float64(most)*height, 1.5)
			fmt.Fprintf(&b, "M%d %dv-%.3gh1V%dz", i, height, high, height)
		}
	}
	return b.String()
}

// Percent is how wide the bar is.
func (c Cell) Percent() string { return strconv.FormatFloat(100*c.Bar, 'f', 1, 64) }
