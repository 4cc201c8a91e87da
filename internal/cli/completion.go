package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// completionCommand replaces cobra's command of that name, whose four subcommands
// print a screen of advice each.
func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands in bash, zsh, fish or powershell",
		Example: indent(`
source <(d24conform completion bash)                                         # this shell only
d24conform completion bash > ~/.local/share/bash-completion/completions/d24conform
d24conform completion zsh > "${fpath[1]}/_d24conform"
d24conform completion fish > ~/.config/fish/completions/d24conform.fish
d24conform completion powershell | Out-String | Invoke-Expression`),
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s needs one shell: %s", subject(cmd), strings.Join(shells, ", ")).
					withHint("%s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			var err error
			switch args[0] {
			case "bash":
				err = root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				err = root.GenZshCompletion(a.stdout)
			case "fish":
				err = root.GenFishCompletion(a.stdout, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(a.stdout)
			default:
				return usagef("there is no completion for %q", args[0]).withHint("the shells are %s", strings.Join(shells, ", "))
			}
			if err != nil {
				return fmt.Errorf("write completion: %w", err)
			}
			return nil
		},
	}
}
