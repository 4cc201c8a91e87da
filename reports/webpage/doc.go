// Package webpage writes a page that shows what a run found: one file that needs no
// other, for a browser without a network.
//
// A [Page] is made of texts, [Table], [Chart] and [Strip], in the order in which they are
// to be read; what stands in them is the caller's business. [Write] makes HTML of it.
//
// # What a reader can rely on
//
// Everything but the charts is there without a script. A mark has a sign and a word
// beside its colour. Light or dark is the reader's own setting, print is light, and the
// page is as wide as a phone.
//
// # What a target cannot do
//
// Every text is escaped by html/template. Beyond that the page's own policy lets nothing
// run but the two scripts and the style that it was written with, which it names by
// their digests, and lets nothing be asked for from anywhere.
package webpage
