package cli

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/rules"
)

// build is what is known about this binary.
type build struct {
	Version  string `json:"version"`            // of the module; (devel) for a build from a checkout without one
	Revision string `json:"revision,omitempty"` // commit
	Modified bool   `json:"modified,omitempty"` // the checkout had changes that were not committed
	Go       string `json:"go"`
	Rules    string `json:"rules"` // newest rule set inside
}

// thisBuild reads what the linker wrote down.
func thisBuild() build {
	b := build{Version: "unknown", Rules: rules.Latest}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version, b.Go = info.Main.Version, info.GoVersion
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Revision = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "Print the version, the revision and the rule set",
		Example: indent(`
d24conform version
d24conform version --json`),
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if asJSON {
				return a.printJSON(b)
			}
			revision := b.Revision
			switch {
			case revision == "":
				revision = "unknown"
			case b.Modified:
				revision += " with changes"
			}
			return a.printf("%s %s\nrevision  %s\nrules     %s\ngo        %s\n", program, b.Version, revision, b.Rules, b.Go)
		},
	}
	addJSONFlag(cmd, &asJSON, "version, revision, modified, go, rules")
	return cmd
}
