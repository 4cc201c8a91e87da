package config

import (
	"slices"

	"github.com/d24conform/d24conform/internal/strictyaml"
)

// The shape of the file. Durations are read as text so that a wrong one is told in
// our words.
type (
	rawFile struct {
		Targets map[string]rawTarget `yaml:"targets"`
	}
	rawTarget struct {
		BaseURL       string              `yaml:"base_url"`
		Environment   string              `yaml:"environment"`
		PlainHTTPURL  string              `yaml:"plain_http_url"`
		CAFile        string              `yaml:"ca_file"`
		Products      []string            `yaml:"products"`
		EnvPrefix     string              `yaml:"env_prefix"`
		Second        *rawSecond          `yaml:"second_environment"`
		Timeout       string              `yaml:"timeout"`
		MaxRPS        float64             `yaml:"max_rps"`
		UnlistedVia   string              `yaml:"unlisted_via"`
		Notifications *rawNotifications   `yaml:"notifications"`
		Hooks         map[string][]string `yaml:"hooks"`
	}
	rawSecond struct {
		BaseURL      string              `yaml:"base_url"`
		PlainHTTPURL string              `yaml:"plain_http_url"`
		CAFile       string              `yaml:"ca_file"`
		EnvPrefix    string              `yaml:"env_prefix"`
		Hooks        map[string][]string `yaml:"hooks"`
	}
	rawNotifications struct {
		Listen    string `yaml:"listen"`
		PublicURL string `yaml:"public_url"`
	}
)

// An Error is a mistake in the configuration, told to the person who can mend it.
type Error = strictyaml.Error

// places checks a file beyond its shape.
type places struct {
	*strictyaml.Places

	file string
}

// parse reads the text of the configuration file at path.
func parse(path string, data []byte) (map[string]Target, error) {
	var raw rawFile
	at, err := strictyaml.Decode(path, data, &raw)
	if err != nil {
		return nil, err
	}
	p := places{Places: at, file: path}
	names := make([]string, 0, len(raw.Targets))
	for name := range raw.Targets {
		names = append(names, name)
	}
	slices.Sort(names) // so that of two mistakes the same one is told each time
	targets := make(map[string]Target, len(names))
	for _, name := range names {
		target, err := p.target(name, raw.Targets[name])
		if err != nil {
			return nil, err
		}
		targets[name] = target
	}
	return targets, nil
}
