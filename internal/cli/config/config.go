package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/d24conform/d24conform/internal/d24"

	"github.com/d24conform/d24conform/internal/cli/suggest"
	"github.com/d24conform/d24conform/internal/rules"
)

// DefaultPath is the file that is read from the working directory when no other
// is named. It may be absent.
const DefaultPath = "d24conform.yaml"

// DefaultTimeout bounds one call to a target that says nothing else.
const DefaultTimeout = 10 * time.Second

// Config is what a configuration file says.
type Config struct {
	Path    string // the file it was read from; empty when there was none
	Targets map[string]Target
}

// Environment is what a target says that it is. Without a word about it the name
// of the host decides.
type Environment string

// Environments.
const (
	Unsaid     Environment = ""
	Staging    Environment = "staging"
	Production Environment = "production"
)

// Target is one server under test. Paths are relative to the working directory.
type Target struct {
	Name          string // empty for one that was given by its URL
	BaseURL       string // https://host[:port][/prefix], without a slash at its end
	PlainHTTPURL  string // where plain HTTP must fail; default: the same host, port 80
	Environment   Environment
	CAFile        string          // replaces the system's roots; empty: the system's
	Products      []rules.Product // declared ones; empty: those whose keys are there
	EnvPrefix     string          // stands before the name of every credential
	Second        *SecondEnvironment
	Timeout       time.Duration // of one call
	MaxRPS        float64       // 0: not said
	UnlistedIP    netip.Addr    // an address of this machine that is in no whitelist; zero: not said
	UnlistedProxy string        // or the URL of a proxy that is in none
	Notifications *Notifications
	Hooks         map[string][]string // by name, an argument list; never run by a shell
	HookDir       string              // where hooks run: the folder of the configuration file
}

// SecondEnvironment is another installation of the same server that must share
// nothing with the first.
type SecondEnvironment struct {
	BaseURL      string
	PlainHTTPURL string
	CAFile       string
	EnvPrefix    string
	Hooks        map[string][]string // its own, as [Target] has them
}

// Notifications is where the target can deliver notifications to us.
type Notifications struct {
	Listen    string // address that we listen on
	PublicURL string // how the target reaches it
}

// Load reads the configuration file. An absent file is an error only when somebody
// named it (explicit); an empty path is [DefaultPath].
func Load(path string, explicit bool) (*Config, error) {
	if path == "" {
		path = DefaultPath
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return &Config{}, nil
	}
	if err != nil {
		return nil, &Error{File: path, Message: "the configuration file cannot be read: " + cause(err), Err: err}
	}
	targets, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	return &Config{Path: path, Targets: targets}, nil
}

// Target is the target of that name.
func (c *Config) Target(name string) (Target, error) {
	if target, ok := c.Targets[name]; ok {
		return target, nil
	}
	e := &Error{File: c.Path, Message: fmt.Sprintf("there is no target %q", name)}
	names := c.names()
	switch nearest, ok := suggest.Nearest(name, names); {
	case c.Path == "":
		e.Message += ", since there is no " + DefaultPath + " here"
		e.Hint = "give a URL that begins with https://, or a file with --config"
	case ok:
		e.Hint = fmt.Sprintf("did you mean %s?", nearest)
	case len(names) == 0:
		e.Hint = "the file names no targets"
	default:
		e.Hint = "the file names " + strings.Join(names, ", ")
	}
	return Target{}, e
}

func (c *Config) names() []string {
	names := make([]string, 0, len(c.Targets))
	for name := range c.Targets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Select finds the target that a person asked for: flag is a target's name or a
// URL; when it is empty D24_BASE_URL decides; when that is not set either, ok is
// false and the embedded mock is meant. D24_CA_FILE, with the target's prefix
// before it, wins over the ca_file of the configuration file.
func (c *Config) Select(flag string, env Lookup) (target Target, ok bool, err error) {
	switch {
	case strings.Contains(flag, "://"):
		target, err = fromURL(flag, "--target")
	case flag != "":
		target, err = c.Target(flag)
	default:
		address, set := lookup(env, d24.EnvBaseURL)
		if !set {
			return Target{}, false, nil
		}
		target, err = fromURL(address, d24.EnvBaseURL)
	}
	if err != nil {
		return Target{}, false, err
	}
	if file, set := lookup(env, target.EnvPrefix+d24.EnvCAFile); set {
		target.CAFile = file
	}
	if target.Second != nil {
		second := *target.Second
		if file, set := lookup(env, second.EnvPrefix+d24.EnvCAFile); set {
			second.CAFile = file
		}
		target.Second = &second
	}
	return target, true, nil
}

// fromURL is the target at an address that was given without a file; source names
// the flag or variable for the error.
func fromURL(address, source string) (Target, error) {
	base, problem := checkURL(address, "https")
	if problem != "" {
		return Target{}, &Error{Message: source + " " + problem}
	}
	return Target{BaseURL: base, PlainHTTPURL: plainURL(base), Timeout: DefaultTimeout}, nil
}

// cause is what is wrong with a file, without the operation and the path that the
// sentence around it names already.
func cause(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}

// beside is a file's path as the configuration file at config means it.
func beside(config, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(config), file)
}
