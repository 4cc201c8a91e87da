// Package config says what is under test and with which keys: the targets of
// d24conform.yaml, and the credentials in the environment.
//
// # Order
//
// A flag wins over the environment, the environment over the file, the file over
// the default. [Config.Select] applies this to --target, D24_BASE_URL and the file.
//
// # Errors
//
// Every error of this package is a mistake of the person who runs the program, and
// an [*Error]: one sentence, with file, line and column where a file is to blame,
// and a hint where one helps. Nothing is guessed: an unknown key, hook, placeholder
// or product is an error and not a warning.
//
// # Secrets
//
// Secrets come from environment variables or from files that these name (the same
// variable with _FILE). They never stand in d24conform.yaml, and no error of this
// package repeats one.
package config
