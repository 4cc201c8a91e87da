package cli

import (
	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/rules"
)

// codeJSON is an error code as rules codes --json prints it.
type codeJSON struct {
	Code       int              `json:"code"`
	Product    rules.Product    `json:"product"`
	Type       string           `json:"type,omitempty"`
	Means      string           `json:"means"`
	Source     rules.Source     `json:"source"`
	Confidence rules.Confidence `json:"confidence"`
	Pages      []pageJSON       `json:"pages"`
}

func (a *app) rulesCodesCommand() *cobra.Command {
	var (
		set, product string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "codes [flags]",
		Short: "List the error codes, and which page documents each",
		Example: indent(`
d24conform rules codes
d24conform rules codes --product cashouts
d24conform rules codes --json | jq '.codes[] | select(.source == "third party") | .code'`),
		Long: `Each error code of the two products with its meaning and its source. A run judges the code
of a refusal where a page documents it. A code that is known from third parties is
observed: a target may answer with another one.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			ledger, err := loadRules(set)
			if err != nil {
				return err
			}
			only, err := parseOne("--product", product, rules.Products())
			if err != nil {
				return err
			}
			codes := listCodes(ledger, only)
			if asJSON {
				return a.printJSON(struct {
					RuleSet string     `json:"rule_set"`
					Codes   []codeJSON `json:"codes"`
				}{ledger.Version, codes})
			}
			sheet := a.newSheet()
			for _, c := range codes {
				sheet.printf("%s  %3d  %-11s  %s\n", c.Product, c.Code, c.Source, c.Means)
			}
			return a.printSheet(sheet)
		},
	}
	cmd.Flags().StringVar(&product, "product", "", "only the codes of this `PRODUCT`: deposits or cashouts")
	_ = cmd.RegisterFlagCompletionFunc("product", words([]string{"deposits", "cashouts"}))
	addRulesFlag(cmd, &set)
	addJSONFlag(cmd, &asJSON, "rule_set, codes")
	return cmd
}

func listCodes(ledger *rules.Ledger, only rules.Product) []codeJSON {
	listed := []codeJSON{}
	for _, product := range rules.Products() {
		if only != "" && product != only {
			continue
		}
		for _, c := range ledger.Codes(product) {
			code := codeJSON{c.Number, c.Product, c.Type, c.Means, c.Source, c.Confidence, []pageJSON{}}
			for _, p := range c.Pages {
				code.Pages = append(code.Pages, pageJSON{p.Title, p.Brand, p.URL})
			}
			listed = append(listed, code)
		}
	}
	return listed
}
