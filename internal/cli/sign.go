package cli

import (
	"context"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/d24"
)

func (a *app) signCommand() *cobra.Command {
	sign := a.group("sign", "Make a signature", a.signDepositCommand(), a.signCashoutCommand(), a.signControlCommand())
	sign.Example = indent(`
d24conform sign deposit --body-file body.json
d24conform sign cashout --body-file cashout.json
d24conform sign control my-withdrawal-17`)
	return sign
}

// signature is what sign prints with --json.
type signature struct {
	Headers      map[string]string `json:"headers,omitempty"`
	Control      string            `json:"control,omitempty"`
	StringToSign *stringToSign     `json:"string_to_sign,omitempty"`
	BodyBytes    *int              `json:"body_bytes,omitempty"`
}

// stringToSign is the text under a signature. Bytes that are not UTF-8 have a hex
// form only.
type stringToSign struct {
	Text *string `json:"text,omitempty"`
	Hex  string  `json:"hex"`
}

func newStringToSign(data []byte) *stringToSign {
	s := &stringToSign{Hex: hex.EncodeToString(data)}
	if utf8.Valid(data) {
		text := string(data)
		s.Text = &text
	}
	return s
}

func (a *app) signDepositCommand() *cobra.Command {
	var (
		body   bodyFlags
		date   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "deposit [flags]",
		Short: "Print the headers that sign a deposits request",
		Example: indent(`
d24conform sign deposit --body-file body.json > headers
curl --cacert "$D24_CA_FILE" --header @headers --json @body.json "$D24_BASE_URL/v3/deposits"

d24conform sign deposit --empty             # a GET signs the empty body
printf '{"amount":100}' | d24conform sign deposit --date 2020-06-21T12:33:20Z --json`),
		Long: `Authorization is "D24 " and the HMAC-SHA256 of X-Date, X-Login and the body, in
lower-case hexadecimal. The body is signed byte for byte as it is read, and must be
sent the same way. A server takes the date for 5 seconds, so sign and send at once.

The key comes from ` + d24.EnvDepositsAPIKey + ` and ` + d24.EnvDepositsAPISignature + `, or from
the files that the same names with _FILE at their end point to.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.signDeposit(cmd.Context(), body, date, asJSON)
		},
	}
	body.add(cmd, true)
	cmd.Flags().StringVar(&date, "date", "", "`X-DATE` to sign, such as 2020-06-21T12:33:20Z (default: now)")
	addJSONFlag(cmd, &asJSON, "headers, string-to-sign as text and as hex")
	return cmd
}

func (a *app) signDeposit(ctx context.Context, flags bodyFlags, date string, asJSON bool) error {
	if err := flags.check(); err != nil {
		return err
	}
	if date != "" {
		if _, err := d24.ParseDate(date); err != nil {
			return usagef("--date: %w", err)
		}
	}
	login, err := a.requireSecret(d24.EnvDepositsAPIKey)
	if err != nil {
		return err
	}
	secret, err := a.requireSecret(d24.EnvDepositsAPISignature)
	if err != nil {
		return err
	}
	body, err := a.readBody(ctx, flags)
	if err != nil {
		return err
	}
	if date == "" {
		date = d24.FormatDate(time.Now()) // after the body is there, which may have taken its time
	}
	authorization := d24.NewKey(secret).Authorization(date, login, body)
	if asJSON {
		size := len(body)
		return a.printJSON(signature{
			Headers: map[string]string{
				d24.HeaderDate: date, d24.HeaderLogin: login, d24.HeaderAuthorization: authorization,
			},
			StringToSign: newStringToSign(append([]byte(date+login), body...)),
			BodyBytes:    &size,
		})
	}
	return a.printf("%s: %s\n%s: %s\n%s: %s\n",
		d24.HeaderDate, date, d24.HeaderLogin, login, d24.HeaderAuthorization, authorization)
}

func (a *app) signCashoutCommand() *cobra.Command {
	var (
		body   bodyFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "cashout [flags]",
		Short: "Print the header that signs a cashouts request",
		Example: indent(`
d24conform sign cashout --body-file cashout.json > headers
curl --cacert "$D24_CA_FILE" --header @headers --json @cashout.json "$D24_BASE_URL/v3/cashout"`),
		Long: `Payload-Signature is the HMAC-SHA256 of the body, in lower-case hexadecimal. The
body, with login and pass inside, is signed byte for byte as it is read, and must be
sent the same way.

The key comes from ` + d24.EnvCashoutsAPISignature + `, or from the file that
` + d24.EnvCashoutsAPISignature + config.FileSuffix + ` points to.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.signCashout(cmd.Context(), body, asJSON)
		},
	}
	body.add(cmd, false)
	addJSONFlag(cmd, &asJSON, "the header")
	return cmd
}

// signCashout does not show its string-to-sign, unlike signDeposit: that is the
// body, and the body holds the passphrase.
func (a *app) signCashout(ctx context.Context, flags bodyFlags, asJSON bool) error {
	secret, err := a.requireSecret(d24.EnvCashoutsAPISignature)
	if err != nil {
		return err
	}
	body, err := a.readBody(ctx, flags)
	if err != nil {
		return err
	}
	value := d24.NewKey(secret).Payload(body)
	if asJSON {
		size := len(body)
		return a.printJSON(signature{Headers: map[string]string{d24.HeaderPayloadSignature: value}, BodyBytes: &size})
	}
	return a.printf("%s: %s\n", d24.HeaderPayloadSignature, value)
}

func (a *app) signControlCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "control EXTERNAL_ID [flags]",
		Short: "Print the control value of a cashout notification",
		Example: indent(`
d24conform sign control my-withdrawal-17`),
		Long: `control is the HMAC-SHA256 of Be4, the external_id and Bo7, in upper-case
hexadecimal: what a notification of that cashout carries, whatever it says.

The key comes from ` + d24.EnvCashoutsAPISignature + `, or from the file that
` + d24.EnvCashoutsAPISignature + config.FileSuffix + ` points to.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usagef("%s needs one external_id", subject(cmd)).withHint("%s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			secret, err := a.requireSecret(d24.EnvCashoutsAPISignature)
			if err != nil {
				return err
			}
			control := d24.NewKey(secret).Control(args[0])
			if asJSON {
				return a.printJSON(signature{Control: control})
			}
			return a.printf("%s\n", control)
		},
	}
	addJSONFlag(cmd, &asJSON, "the control value")
	return cmd
}

// requireSecret is a credential that the command cannot do without.
func (a *app) requireSecret(name string) (string, error) {
	value, err := config.Secret(name, a.env)
	if err != nil {
		return "", err
	}
	if value == "" {
		return "", usagef("%s is not set", name).
			withHint("export %s, or %s%s with the path of a file that holds it", name, name, config.FileSuffix)
	}
	return value, nil
}
