package cli

import (
	"fmt"
	"strings"

	"github.com/d24conform/d24conform/internal/target"
)

// configHelp is the text of help config.
const configHelp = `d24conform.yaml says what can be judged: each target with its address, what it can be made
to do, and where its keys are. It is read from the working directory, or from --config FILE.

  targets:
    stg:                                            # run server --target stg
      base_url: https://api-stg.directa24.com
      environment: staging                          # or production; default: by the host's name
      plain_http_url: http://api-stg.directa24.com  # default: the same host, port 80
      ca_file: ./ca.pem                             # replaces the system's authorities
      products: [deposits, cashouts]                # default: those whose keys are there
      env_prefix: STG_                              # keys from STG_D24_DEPOSITS_API_KEY …
      timeout: 10s                                  # of one request; --timeout wins
      max_rps: 5                                    # default off this machine; no limit here
      unlisted_via: 10.0.0.7                        # see below
      second_environment:                           # shares nothing with the first
        base_url: https://api-two.example.com
        env_prefix: TWO_
        hooks: {approve_deposit: [./panel.sh, two, approve, "{deposit_id}"]}
      notifications: {listen: ":8443", public_url: "https://hooks.example.com/d24"}
      hooks:
        approve_deposit: [./panel.sh, approve, "{deposit_id}"]
        count_deposits: [./panel.sh, count, "{invoice_id}"]

unlisted_via is where requests come from that no whitelist may let in. It is an address of
this machine, or the URL of an HTTP proxy with such an address: http://proxy.internal:3128.
It must not be in the merchant's whitelists. Without it the whitelist rules are not tested,
except on this machine with the hook whitelist_remove. Scenarios that put the address on a
whitelist need an address: nobody tells which one a proxy has.

A hook is a command that makes the target do something. It is a list of arguments and never
run by a shell. {name} inside an argument is replaced. It runs in the folder of the file,
for 30 s at most; exit status 0 means done. What needs a missing hook is not tested.

`

// configTopic is help config with every hook.
func configTopic() string {
	var b strings.Builder
	b.WriteString(configHelp)
	widest := 0
	for _, spec := range target.HookSpecs() {
		widest = max(widest, len(spec.String()))
	}
	for _, spec := range target.HookSpecs() {
		fmt.Fprintf(&b, "  %-*s  %s\n", widest, spec, spec.Does)
	}
	return b.String()
}

// topics are the texts of help that are about no command, by name.
func topics() map[string]func() string { return map[string]func() string{"config": configTopic} }
