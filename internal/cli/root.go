package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d24conform/d24conform/internal/cli/suggest"
)

// helpTemplate is what --help prints: the purpose, then examples, since these are
// what people look for, then the rest.
const helpTemplate = `{{.Short}}.
{{with .Example}}
Examples:
{{.}}
{{end}}
Usage:
{{- if or (not .HasAvailableSubCommands) (ne .Use .Name)}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}
{{with .Long}}
{{.}}
{{end}}{{if .HasAvailableSubCommands}}
Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}`

// execute finds the command and runs it.
func (a *app) execute(ctx context.Context) error {
	root := a.rootCommand()
	// cobra reads os.Args when it is given no list at all.
	root.SetArgs(append([]string{}, a.args...))
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return root.ExecuteContext(ctx)
}

func (a *app) rootCommand() *cobra.Command {
	root := a.group(program, "Judge payment APIs of the D24 family by their documented rules",
		a.runCommand(), a.mockCommand(), a.proxyCommand(), a.loadCommand(), a.benchCommand(), a.signCommand(), a.rulesCommand(), a.selftestCommand(), a.versionCommand(), a.completionCommand())
	root.Example = indent(`
d24conform run server                            # judge the bundled mock by every rule
d24conform mock                                  # a server to write a client against
d24conform load smoke                            # two seconds of load, and what became of the money
d24conform sign deposit --body-file body.json    # sign a request
d24conform help sign deposit                     # what a command does, by examples`)
	root.Long = `Exit codes: 0 all holds, 1 a rule is violated, 2 the command line or configuration
is wrong, 3 the target cannot be reached, 4 inconclusive, 5 the harness failed,
6 a threshold is breached, 7 a waiver is no longer needed, 130 interrupted.

d24conform help config explains d24conform.yaml: targets, hooks, whitelists.`
	root.Version = thisBuild().Version
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpTemplate(helpTemplate)
	root.SetHelpCommand(a.helpCommand(root))
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolP("help", "h", false, "print this text")
	root.PersistentFlags().Lookup("help").Hidden = true // every command has it; listing it everywhere teaches nothing
	return root
}

// group is a command that does nothing but hold others.
func (a *app) group(name, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		// Without this a mistyped command is reported as an unknown flag of the
		// group, because its flags are parsed first.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			for _, arg := range a.args {
				if strings.HasPrefix(arg, "-") {
					return unknownFlag(cmd, arg)
				}
			}
			f := usagef("no command is given; there are %s", strings.Join(commandNames(cmd), ", "))
			if cmd.HasParent() {
				f = usagef("%s needs a command: %s", subject(cmd), strings.Join(commandNames(cmd), ", "))
			}
			return f.withHint("%s --help", cmd.CommandPath())
		},
	}
	group.AddCommand(commands...)
	return group
}

// subject is the command in a sentence that begins with the program's name already.
func subject(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), program+" ")
}

func unknownCommand(parent *cobra.Command, name string) error {
	f := usagef("there is no command %q", strings.TrimPrefix(parent.CommandPath()+" "+name, program+" "))
	if nearest, ok := suggest.Nearest(name, commandNames(parent)); ok {
		return f.withHint("did you mean %s %s?", parent.CommandPath(), nearest)
	}
	return f.withHint("the commands are %s", strings.Join(commandNames(parent), ", "))
}

func commandNames(parent *cobra.Command) []string {
	var names []string
	for _, command := range parent.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return names
}

// flagError tells a mistake in a flag in our words.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		valued  *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
		f       *failure
	)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return unknownFlag(cmd, "-"+unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return unknownFlag(cmd, "--"+unknown.GetSpecifiedName())
	case errors.As(err, &valued):
		f = usagef("--%s needs a value", valued.GetFlag().Name)
	case errors.As(err, &invalid):
		f = usagef("--%s cannot be %q", invalid.GetFlag().Name, invalid.GetValue())
	default:
		f = usagef("%w", err)
	}
	return f.withHint("%s --help", cmd.CommandPath())
}

func unknownFlag(cmd *cobra.Command, flag string) error {
	flag, _, _ = strings.Cut(flag, "=") // what follows may be a secret that has no business here
	if !strings.HasPrefix(flag, "--") {
		flag = flag[:min(len(flag), len("-k"))] // and so may what follows a letter
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	f := usagef("there is no flag %s", flag)
	if cmd.HasParent() {
		f = usagef("%s has no flag %s", subject(cmd), flag)
	}
	if nearest, ok := suggest.Nearest(flag, names); ok {
		return f.withHint("did you mean %s?", nearest)
	}
	return f.withHint("%s --help", cmd.CommandPath())
}

// noArguments refuses what a command would otherwise ignore.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("%s takes no arguments, and %q is one", subject(cmd), args[0]).withHint("%s --help", cmd.CommandPath())
}

// helpCommand is help for those who type it as a command. cobra's own ends with 0
// for a command that does not exist.
func (a *app) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND… | config]",
		Short: "Print what a command does, or what may stand in d24conform.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				if topic, ok := topics()[args[0]]; ok {
					return a.printf("%s", topic())
				}
			}
			found := root
			for _, name := range args {
				next := childNamed(found, name)
				if next == nil {
					return unknownCommand(found, name)
				}
				found = next
			}
			return found.Help()
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return append(commandNames(root), slices.Sorted(maps.Keys(topics()))...), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func childNamed(parent *cobra.Command, name string) *cobra.Command {
	for _, command := range parent.Commands() {
		if command.Name() == name {
			return command
		}
	}
	return nil
}

// indent sets a block of example lines in from the left.
func indent(block string) string {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}

// addJSONFlag gives a command whose output is data its --json.
func addJSONFlag(cmd *cobra.Command, asJSON *bool, what string) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print one JSON document: "+what)
}
