package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target checks what the file says about one target, and fills in the defaults.
func (p *places) target(name string, raw rawTarget) (Target, error) {
	at := func(keys ...string) []string { return append([]string{"targets", name}, keys...) }
	t := Target{
		Name: name, Environment: Environment(raw.Environment), CAFile: beside(p.file, raw.CAFile),
		EnvPrefix: raw.EnvPrefix, Timeout: DefaultTimeout, MaxRPS: raw.MaxRPS, Hooks: raw.Hooks,
		HookDir: filepath.Dir(p.file),
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`).MatchString(name) {
		return Target{}, p.Errorf(at(), "the target's name %q is not made of letters, digits, '.', '_' and '-'", name)
	}
	var err error
	if t.BaseURL, t.PlainHTTPURL, err = p.addresses(at(), raw.BaseURL, raw.PlainHTTPURL); err != nil {
		return Target{}, err
	}
	if !slices.Contains([]Environment{Unsaid, Staging, Production}, t.Environment) {
		return Target{}, p.Errorf(at("environment"), "there is no environment %q", raw.Environment).WithHint("say staging or production")
	}
	if err := p.prefix(at("env_prefix"), raw.EnvPrefix); err != nil {
		return Target{}, err
	}
	for i, product := range raw.Products {
		parsed, err := ParseProducts([]string{product})
		if err != nil {
			return Target{}, p.Errorf(at("products", strconv.Itoa(i)), "%s", err).WithHint("the products are deposits and cashouts")
		}
		t.Products = append(t.Products, parsed...)
	}
	if raw.Timeout != "" {
		t.Timeout, err = time.ParseDuration(raw.Timeout)
		if err != nil || t.Timeout <= 0 {
			return Target{}, p.Errorf(at("timeout"), "timeout %q is not a positive duration", raw.Timeout).WithHint("write a number and a unit, such as 10s or 1m30s")
		}
	}
	if p.Has(at("max_rps")...) && raw.MaxRPS <= 0 {
		return Target{}, p.Errorf(at("max_rps"), "max_rps is not a positive number")
	}
	if p.Has(at("unlisted_via")...) {
		if err := p.unlisted(at("unlisted_via"), raw.UnlistedVia, &t); err != nil {
			return Target{}, err
		}
	}
	if raw.Second != nil {
		if t.Second, err = p.second(at("second_environment"), raw.EnvPrefix, *raw.Second); err != nil {
			return Target{}, err
		}
	}
	if raw.Notifications != nil {
		if t.Notifications, err = p.notifications(at("notifications"), *raw.Notifications); err != nil {
			return Target{}, err
		}
	}
	if err := p.hooks(at("hooks"), raw.Hooks); err != nil {
		return Target{}, err
	}
	return t, nil
}

// addresses checks a base_url and the plain_http_url beside it.
func (p *places) addresses(at []string, base, plain string) (baseURL, plainHTTPURL string, err error) {
	if base == "" {
		return "", "", p.Errorf(at, "base_url is missing").WithHint("for example base_url: https://api-stg.directa24.com")
	}
	baseURL, problem := checkURL(base, "https")
	if problem != "" {
		return "", "", p.Errorf(append(slices.Clone(at), "base_url"), "base_url %s", problem)
	}
	if plain == "" {
		return baseURL, plainURL(baseURL), nil
	}
	plainHTTPURL, problem = checkURL(plain, "http")
	if problem != "" {
		return "", "", p.Errorf(append(slices.Clone(at), "plain_http_url"), "plain_http_url %s", problem)
	}
	return baseURL, plainHTTPURL, nil
}

func (p *places) second(at []string, firstPrefix string, raw rawSecond) (*SecondEnvironment, error) {
	s := &SecondEnvironment{CAFile: beside(p.file, raw.CAFile), EnvPrefix: raw.EnvPrefix, Hooks: raw.Hooks}
	var err error
	if s.BaseURL, s.PlainHTTPURL, err = p.addresses(at, raw.BaseURL, raw.PlainHTTPURL); err != nil {
		return nil, err
	}
	if err := p.prefix(append(slices.Clone(at), "env_prefix"), raw.EnvPrefix); err != nil {
		return nil, err
	}
	if raw.EnvPrefix == firstPrefix {
		return nil, p.Errorf(append(slices.Clone(at), "env_prefix"), "the second environment has the same env_prefix as the first, so both would get the same keys")
	}
	if err := p.hooks(append(slices.Clone(at), "hooks"), raw.Hooks); err != nil {
		return nil, err
	}
	return s, nil
}

// unlisted reads where requests come from that no whitelist may let in.
func (p *places) unlisted(at []string, via string, t *Target) error {
	if ip, err := netip.ParseAddr(via); err == nil && ip.Zone() == "" && !ip.IsUnspecified() {
		t.UnlistedIP = ip.Unmap()
		return nil
	}
	proxy, problem := checkURL(via, "http")
	if problem != "" {
		return p.Errorf(at, "unlisted_via %q is neither an address of this machine nor the URL of an HTTP proxy", hidePassword(via)).
			WithHint("for example unlisted_via: 10.0.0.7, or unlisted_via: http://proxy.internal:3128")
	}
	t.UnlistedProxy = proxy
	return nil
}

// hidePassword is a text to be shown, nothing of it where it may hold a password.
func hidePassword(text string) string {
	if strings.Contains(text, "@") {
		return "…"
	}
	return text
}

func (p *places) notifications(at []string, raw rawNotifications) (*Notifications, error) {
	if _, _, err := net.SplitHostPort(raw.Listen); err != nil {
		return nil, p.Errorf(append(slices.Clone(at), "listen"), "listen %q is not an address and a port", raw.Listen).WithHint(`for example listen: ":8443"`)
	}
	public, problem := checkURL(raw.PublicURL, "https", "http")
	if problem != "" {
		return nil, p.Errorf(append(slices.Clone(at), "public_url"), "public_url %s", problem)
	}
	return &Notifications{Listen: raw.Listen, PublicURL: public}, nil
}

func (p *places) prefix(at []string, prefix string) error {
	if !regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)?$`).MatchString(prefix) {
		return p.Errorf(at, "env_prefix %q cannot begin the name of an environment variable", prefix)
	}
	return nil
}

func (p *places) hooks(at []string, raw map[string][]string) error {
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		here := append(slices.Clone(at), name)
		known, list, ok := findHook(name)
		if !ok {
			return p.Errorf(here, "unknown hook %q", name).WithHint("%s", list)
		}
		if len(raw[name]) == 0 || raw[name][0] == "" {
			return p.Errorf(here, "hook %s names no program", name).WithHint("write a list: the program, then its arguments")
		}
		for i, argument := range raw[name] {
			if problem, hint := checkArgument(known, i, argument); problem != "" {
				return p.Errorf(append(slices.Clone(here), strconv.Itoa(i)), "%s", problem).WithHint("%s", hint)
			}
		}
	}
	return nil
}

// checkURL is the address without a slash at its end, or what is wrong with it. A
// problem never repeats the address, since somebody may have put a password there.
func checkURL(text string, schemes ...string) (address, problem string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "":
		return "", fmt.Sprintf("is not a URL that begins with %s://", strings.Join(schemes, ":// or "))
	case u.User != nil:
		return "", "holds a user name or a password"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", "has something behind its path"
	}
	return strings.TrimRight(u.String(), "/"), ""
}

// plainURL is where plain HTTP must fail when nothing else is said: the same host
// at port 80, since that is where a client that forgot the s would go.
func plainURL(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return (&url.URL{Scheme: "http", Host: host, Path: u.Path}).String()
}
