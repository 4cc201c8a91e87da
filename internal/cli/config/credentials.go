package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/rules"
)

// Lookup finds an environment variable, as os.LookupEnv does.
type Lookup func(name string) (value string, ok bool)

// FileSuffix makes the name of a variable that holds the path of a file with the
// secret in it.
const FileSuffix = "_FILE"

// lookup treats an empty variable as one that is not set: a CI job whose secret is
// missing hands down the empty string.
func lookup(env Lookup, name string) (string, bool) {
	value, ok := env(name)
	return value, ok && value != ""
}

// Secret is the value of a variable, or of the file that its _FILE twin names; it
// is empty when neither is set. One line break at the end of the file is not part
// of the secret.
func Secret(name string, env Lookup) (string, error) {
	value, set := lookup(env, name)
	path, inFile := lookup(env, name+FileSuffix)
	switch {
	case set && inFile:
		return "", &Error{Message: fmt.Sprintf("%s and %s are both set", name, name+FileSuffix), Hint: "keep one of them"}
	case inFile:
		data, err := os.ReadFile(path)
		if err != nil {
			return "", &Error{Message: fmt.Sprintf("the file that %s names cannot be read: %s: %s", name+FileSuffix, path, cause(err)), Err: err}
		}
		value = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		if value == "" {
			return "", &Error{Message: fmt.Sprintf("the file that %s names is empty: %s", name+FileSuffix, path)}
		}
	}
	// A control character cannot travel in a header, and in a secret it is nearly
	// always a line too many in a file.
	if strings.ContainsFunc(value, unicode.IsControl) {
		return "", &Error{Message: name + " contains a line break or another control character"}
	}
	return value, nil
}

// ResolveCredentials reads all credentials whose names begin with prefix; those
// that are not set stay empty. [Require] says which ones must not.
func ResolveCredentials(prefix string, env Lookup) (d24.Credentials, error) {
	var c d24.Credentials
	for _, field := range []struct {
		name  string
		value *string
	}{
		{d24.EnvDepositsAPIKey, &c.Deposits.APIKey},
		{d24.EnvDepositsAPISignature, &c.Deposits.APISignature},
		{d24.EnvReadOnlyKey, &c.Deposits.ReadOnlyKey},
		{d24.EnvCashoutsAPIKey, &c.Cashouts.APIKey},
		{d24.EnvCashoutsAPIPassphrase, &c.Cashouts.APIPassphrase},
		{d24.EnvCashoutsAPISignature, &c.Cashouts.APISignature},
	} {
		value, err := Secret(prefix+field.name, env)
		if err != nil {
			return d24.Credentials{}, err
		}
		*field.value = value
	}
	return c, nil
}

// Require settles which products are run with these credentials: the declared ones,
// else those that have a key. A product with some of its keys missing, and no
// product at all, is an error that names the variables. The read-only key is never
// required.
func Require(declared []rules.Product, prefix string, credentials d24.Credentials) ([]rules.Product, error) {
	set := map[string]bool{}
	credentials.Named(func(name, _ string) { set[name] = true })

	var products []rules.Product
	var missing []string
	for _, product := range rules.Products() {
		names := required(product)
		present := slices.ContainsFunc(names, func(name string) bool { return set[name] })
		if len(declared) > 0 {
			present = slices.Contains(declared, product)
		}
		if !present {
			continue
		}
		products = append(products, product)
		for _, name := range names {
			if !set[name] {
				missing = append(missing, prefix+name)
			}
		}
	}
	switch {
	case len(missing) > 0:
		return nil, &Error{
			Message: "credentials are missing: " + strings.Join(missing, ", "),
			Hint:    "set each variable, or the same with _FILE to the path of a file that holds the secret",
		}
	case len(products) == 0:
		return nil, &Error{
			Message: fmt.Sprintf("no credentials are set: neither %s nor %s", prefix+d24.EnvDepositsAPIKey, prefix+d24.EnvCashoutsAPIKey),
			Hint:    "set the variables of a product, or the same with _FILE to the paths of files that hold the secrets",
		}
	}
	return products, nil
}

// required are the variables without which a product cannot be called at all.
func required(product rules.Product) []string {
	if product == rules.Cashouts {
		return []string{d24.EnvCashoutsAPIKey, d24.EnvCashoutsAPIPassphrase, d24.EnvCashoutsAPISignature}
	}
	return []string{d24.EnvDepositsAPIKey, d24.EnvDepositsAPISignature}
}

// ParseProducts reads names of products, such as a --products flag holds.
func ParseProducts(names []string) ([]rules.Product, error) {
	var products []rules.Product
	for _, name := range names {
		product := rules.Product(strings.TrimSpace(name))
		if !slices.Contains(rules.Products(), product) {
			return nil, &Error{Message: fmt.Sprintf("there is no product %q", name), Hint: "the products are deposits and cashouts"}
		}
		if !slices.Contains(products, product) {
			products = append(products, product)
		}
	}
	return products, nil
}
