package rules

import (
	"errors"
	"fmt"
	"slices"
)

// Source says where a rule or an error code is documented.
type Source string

// The sources.
const (
	Seed       Source = "seed"        // one of the five technical and security pages
	OtherPage  Source = "other page"  // an endpoint page or a code list, and no seed page
	ThirdParty Source = "third party" // code of others that uses the API, and no page
)

// Sources lists every source, the strongest first.
func Sources() []Source { return []Source{Seed, OtherPage, ThirdParty} }

// sourceOf returns the source of what these pages say.
func sourceOf(pages []Page) Source {
	switch {
	case slices.ContainsFunc(pages, func(p Page) bool { return p.Seed }):
		return Seed
	case len(pages) > 0:
		return OtherPage
	}
	return ThirdParty
}

// checkSource compares the source that a row states with the one that its pages make.
func checkSource(stated Source, pages []Page) error {
	if made := sourceOf(pages); stated != made {
		return fmt.Errorf("its source is %q, and its pages make it %q", stated, made)
	}
	return nil
}

// Confidence says how well an error code is known.
type Confidence string

// The confidences. A code that is known from third parties is observed, never judged.
const (
	Documented     Confidence = "documented"
	FromThirdParty Confidence = "third party"
)

// A Code is one error code of a product. Its slices are shared with the ledger and must
// not be changed.
type Code struct {
	Number     int
	Product    Product
	Type       string // the word beside the number in the body; empty where the product has none
	Means      string
	Pages      []Page // none for a code that is known from third parties
	Source     Source
	Confidence Confidence
}

// codeRow is an error code as written in the data.
type codeRow struct {
	Code       int        `json:"code"`
	Product    Product    `json:"product"`
	Type       string     `json:"type"`
	Means      string     `json:"means"`
	Pages      []string   `json:"pages"`
	Source     Source     `json:"source"`
	Confidence Confidence `json:"confidence"`
}

// addCode checks a row of the table of codes and adds it.
func (l *Ledger) addCode(row codeRow, pages map[string]Page) error {
	code := Code{
		Number: row.Code, Product: row.Product, Type: row.Type, Means: row.Means, Source: row.Source, Confidence: row.Confidence,
	}
	fail := func(err error) error { return fmt.Errorf("code %d of %s: %w", row.Code, row.Product, err) }
	if _, dup := l.Code(row.Product, row.Code); dup {
		return fail(errors.New("appears twice"))
	}
	if row.Code < 1 || row.Means == "" || !slices.Contains(Products(), row.Product) {
		return fail(errors.New("needs a number, a product and a meaning"))
	}
	for _, key := range row.Pages {
		p, ok := pages[key]
		if !ok {
			return fail(fmt.Errorf("unknown page %q", key))
		}
		code.Pages = append(code.Pages, p)
	}
	if err := checkSource(code.Source, code.Pages); err != nil {
		return fail(err)
	}
	known := Documented
	if code.Source == ThirdParty {
		known = FromThirdParty
	}
	if code.Confidence != known {
		return fail(fmt.Errorf("its confidence is %q, and its source is %q", code.Confidence, code.Source))
	}
	l.codes = append(l.codes, code)
	return nil
}

// Codes returns the error codes of a product, in the order of the table.
func (l *Ledger) Codes(product Product) []Code {
	return slices.DeleteFunc(slices.Clone(l.codes), func(c Code) bool { return c.Product != product })
}

// Code returns one error code of a product.
func (l *Ledger) Code(product Product, number int) (Code, bool) {
	i := slices.IndexFunc(l.codes, func(c Code) bool { return c.Product == product && c.Number == number })
	if i < 0 {
		return Code{}, false
	}
	return l.codes[i], true
}

// CodeSource returns where an error code of a product is documented, and whether the
// table has it at all.
func (l *Ledger) CodeSource(product Product, number int) (Source, bool) {
	code, ok := l.Code(product, number)
	return code.Source, ok
}
