// Package features holds the documented rules as Gherkin, by role and product. A
// Rule carries the ids of api rules as tags (@DEP-DATE-03); what the tags mean is in
// the folder's README.
package features

import "embed"

// Files are the feature files, by role.
//
//go:embed client receiver server
var Files embed.FS
