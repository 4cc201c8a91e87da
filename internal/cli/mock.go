package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d24conform/d24conform/internal/cli/config"
	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/mock"
	"github.com/d24conform/d24conform/internal/rules"
	"github.com/d24conform/d24conform/internal/selftest"
)

// The mock's fixed addresses, so that a client can be configured before it starts.
const (
	mockAddr       = "127.0.0.1:8443"
	mockPlainAddr  = "127.0.0.1:8080"
	mockManageAddr = "127.0.0.1:8444"
	mockSecondAddr = "127.0.0.1:8445"
)

// mockFlags are the flags of the mock command.
type mockFlags struct {
	addr, plainAddr, manageAddr, secondAddr string
	readings                                []string
	mutant                                  string
	allowNotify                             []string
	timeScale                               float64
	listMutants                             bool
	seed                                    uint64
	adminTokenFile                          string
	caOut                                   string
	asJSON                                  bool
}

func (a *app) mockCommand() *cobra.Command {
	var flags mockFlags
	cmd := &cobra.Command{
		Use:   "mock [flags]",
		Short: "Run a server that keeps every documented rule, to write a client against",
		Example: indent(`
d24conform mock                                     # prints addresses, keys and what to export
d24conform mock --reading AMB-05=reject             # where the documents are silent, choose
d24conform mock --mutant window-7s                  # with one defect: do your tests notice?
d24conform mock --addr 127.0.0.1:9443 --json        # for a script: one JSON document when ready`),
		Long: `It runs until it is interrupted (Ctrl-C, SIGTERM), and then ends with 0: being
stopped is how a server succeeds. Everything it knows is in memory and gone afterwards.

Its certificate comes from an authority that is made anew at each start and written to
a file that clients must trust. Its keys are the D24_… variables when these are set,
else fixed ones that nobody can take for real.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.listMutants {
				return a.listMutants()
			}
			return a.mock(cmd.Context(), flags)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.addr, "addr", mockAddr, "`ADDRESS` of the API, over HTTPS")
	f.StringVar(&flags.plainAddr, "plain-addr", mockPlainAddr, "`ADDRESS` where plain HTTP is refused")
	f.StringVar(&flags.manageAddr, "manage-addr", mockManageAddr, "`ADDRESS` of the management API")
	f.StringVar(&flags.secondAddr, "second-addr", mockSecondAddr, "`ADDRESS` of a second environment, which shares nothing with the first")
	f.StringArrayVar(&flags.readings, "reading", nil, "`ID=NAME` of the reading to take where the documents are silent; may be repeated")
	f.StringVar(&flags.mutant, "mutant", "", "`NAME` of one deliberate defect to start with")
	f.BoolVar(&flags.listMutants, "list-mutants", false, "print the names of all mutants, what each does wrong and which rules it breaks")
	_ = cmd.RegisterFlagCompletionFunc("mutant", words(mutantNames(rules.RoleServer)))
	f.StringArrayVar(&flags.allowNotify, "allow-notify", nil, "`HOST` (name, address or CIDR range) that notifications may go to, beside this machine; may be repeated")
	f.Float64Var(&flags.timeScale, "time-scale", 1, "`TIMES` as fast are failed notifications repeated: with 1500, five minutes become 200 ms")
	f.Uint64Var(&flags.seed, "seed", 0, "`NUMBER` that everything decided by chance follows from (default: a fixed one)")
	f.StringVar(&flags.adminTokenFile, "admin-token-file", "", "`FILE` with the token that the management API asks for; needed off loopback")
	f.StringVar(&flags.caOut, "ca-out", "", "`FILE` to write the authority's certificate to (default: one in the user's cache folder)")
	addJSONFlag(cmd, &flags.asJSON, "addresses, keys, CA file, readings and mutant, once all of it is ready")
	return cmd
}

func (a *app) mock(ctx context.Context, flags mockFlags) error {
	defer a.boundMemory()()
	opts, given, err := a.mockOptions(flags)
	if err != nil {
		return err
	}
	m, err := mock.Start(opts)
	if err != nil {
		f := usagef("%w", err)
		if _, busy := errors.AsType[*net.OpError](err); busy {
			return f.withHint("--addr, --plain-addr, --manage-addr and --second-addr move it to other addresses")
		}
		return f
	}
	defer func() {
		if err := m.Close(); err != nil {
			a.warnf("the mock did not stop cleanly: %v", err)
		}
	}()
	ca, err := writeCA("mock", m.BaseURL(), m.CertificatePEM(), flags.caOut)
	if err != nil {
		return err
	}
	ready := newMockReady(m, ca, given, opts)
	if flags.asJSON {
		err = a.printJSON(ready)
	} else {
		err = a.printf("%s", ready)
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// boundMemory keeps the garbage of a mock under load within its budget of 130 MB,
// unless the environment says otherwise. It returns what undoes it.
func (a *app) boundMemory() (undo func()) {
	// Measured at 5,000 creations a second with 50,000 records kept: flat at 116 MB
	// resident, since what the limit does not count (the program's text, mostly)
	// takes some MB more; idle it is 11 MB. Before the limit is near, collecting at
	// five times the live heap takes a tenth less CPU than at twice.
	const limit, percent = 112 << 20, 400
	undo = func() {}
	if _, set := a.env("GOMEMLIMIT"); !set {
		old := debug.SetMemoryLimit(limit)
		undo = func() { debug.SetMemoryLimit(old) }
	}
	if _, set := a.env("GOGC"); !set {
		old, inner := debug.SetGCPercent(percent), undo
		undo = func() {
			debug.SetGCPercent(old)
			inner()
		}
	}
	return undo
}

// mockOptions are the options that the flags and the environment make, and the
// credentials that the environment gave.
func (a *app) mockOptions(flags mockFlags) (opts mock.Options, given d24.Credentials, err error) {
	if given, err = config.ResolveCredentials("", a.env); err != nil {
		return mock.Options{}, given, err
	}
	if given != (d24.Credentials{}) {
		// A product without any of its keys gets made-up ones; half of them is a mistake.
		if _, err := config.Require(nil, "", given); err != nil {
			return mock.Options{}, given, err
		}
	}
	opts = mock.Options{
		Addr: flags.addr, PlainAddr: flags.plainAddr, ManageAddr: flags.manageAddr, SecondAddr: flags.secondAddr,
		Credentials: given, Seed: flags.seed, AllowNotify: flags.allowNotify, TimeScale: flags.timeScale,
		Logger: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if !(flags.timeScale > 0) || math.IsInf(flags.timeScale, 0) {
		return mock.Options{}, given, usagef("--time-scale must be more than 0")
	}
	if opts.Readings, err = parseReadings(flags.readings); err != nil {
		return mock.Options{}, given, err
	}
	if flags.mutant != "" {
		chosen, err := selftest.Choose([]string{flags.mutant}, rules.RoleServer)
		if err != nil {
			return mock.Options{}, given, unknownMutant("--mutant", err, rules.RoleServer)
		}
		opts.Mutant = chosen[0].Name
		a.warnf("mutant %s: this is a server that %s", chosen[0].Name, chosen[0].Says)
	}
	if flags.adminTokenFile != "" {
		data, err := os.ReadFile(flags.adminTokenFile)
		if err != nil {
			return mock.Options{}, given, usagef("--admin-token-file cannot be read: %s", fileProblem(err))
		}
		if opts.AdminToken = strings.TrimSpace(string(data)); opts.AdminToken == "" {
			return mock.Options{}, given, usagef("--admin-token-file is empty: %s", flags.adminTokenFile)
		}
	}
	return opts, given, nil
}

// parseReadings checks each ID=NAME against the ambiguity register.
func parseReadings(chosen []string) (map[string]string, error) {
	if len(chosen) == 0 {
		return map[string]string{}, nil // without reading the register, which a plain start does not need
	}
	ledger, err := rules.Load(rules.Latest)
	if err != nil {
		return nil, fmt.Errorf("load the rule set: %w", err)
	}
	readings := make(map[string]string, len(chosen))
	for _, text := range chosen {
		reading, err := ledger.ParseReading(text)
		if err != nil {
			return nil, usagef("--reading: %w", err)
		}
		if before, twice := readings[reading.ID]; twice && before != reading.Name {
			return nil, usagef("--reading: %s is %s and %s at once", reading.ID, before, reading.Name)
		}
		readings[reading.ID] = reading.Name
	}
	return readings, nil
}

// writeCA writes the certificate that clients must trust, and returns its absolute
// path. The default name has the port in it, so that two servers of ours have two files
// and the next start on the same port finds its clients configured.
func writeCA(of, baseURL string, certificate []byte, path string) (string, error) {
	if path != "" {
		return writeFile(path, certificate)
	}
	base, err := url.Parse(baseURL)
	if err != nil {
		return "", fmt.Errorf("address of the %s: %w", of, err)
	}
	name := of + "-ca-" + base.Port() + ".pem"
	if cache, err := os.UserCacheDir(); err == nil {
		folder := filepath.Join(cache, program)
		if os.MkdirAll(folder, 0o755) == nil {
			if written, err := writeFile(filepath.Join(folder, name), certificate); err == nil {
				return written, nil
			}
		}
	}
	// No home, or one that cannot be written: a service account, a container.
	return writeFile(filepath.Join(os.TempDir(), program+"-"+name), certificate)
}

// writeFile replaces a file whole: a client never reads half of it.
func writeFile(path string, data []byte) (written string, err error) {
	defer func() {
		if err != nil {
			err = usagef("the CA certificate cannot be written to %s: %s", path, fileCause(err)).withHint("--ca-out FILE writes it somewhere else")
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".ca-*.pem")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // without effect once it has its real name
	_, err = temporary.Write(data)
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(temporary.Name(), 0o644) // clients of other users read it; a certificate is public
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	return path, err
}
