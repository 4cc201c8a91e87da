package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/d24conform/d24conform/internal/cli/suggest"
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
		Notifications *rawNotifications   `yaml:"notifications"`
		Hooks         map[string][]string `yaml:"hooks"`
	}
	rawSecond struct {
		BaseURL      string `yaml:"base_url"`
		PlainHTTPURL string `yaml:"plain_http_url"`
		CAFile       string `yaml:"ca_file"`
		EnvPrefix    string `yaml:"env_prefix"`
	}
	rawNotifications struct {
		Listen    string `yaml:"listen"`
		PublicURL string `yaml:"public_url"`
	}
)

// parse reads the text of the configuration file at path.
func parse(path string, data []byte) (map[string]Target, error) {
	// Duplicate keys are left to the decoder, whose error has a type of its own.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, yamlError(path, err)
	}
	p := places{file: path, at: map[string]*token.Position{}}
	switch len(file.Docs) {
	case 0:
		return map[string]Target{}, nil
	case 1:
		p.walk(file.Docs[0].Body)
	default:
		if start := file.Docs[1].Start; start != nil {
			p.at[pathKey(nil)] = start.Position
		}
		return nil, p.errorf(nil, "the file holds %d documents", len(file.Docs)).hint("keep what stands before the second ---")
	}
	var raw rawFile
	if body := file.Docs[0].Body; body != nil && body.Type() != ast.NullType {
		if err := yaml.NodeToValue(body, &raw, yaml.Strict()); err != nil {
			return nil, yamlError(path, err)
		}
	}
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

// places knows where each key and value of the file stands.
type places struct {
	file string
	at   map[string]*token.Position
}

// pathKey joins the keys and indices that lead to a place. No key of the file
// holds a NUL.
func pathKey(path []string) string { return strings.Join(path, "\x00") }

func (p *places) walk(node ast.Node, path ...string) {
	if node == nil {
		return
	}
	if _, known := p.at[pathKey(path)]; !known {
		p.at[pathKey(path)] = node.GetToken().Position
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, value := range n.Values {
			p.walk(value, path...)
		}
	case *ast.MappingValueNode:
		inner := append(slices.Clone(path), n.Key.GetToken().Value)
		p.at[pathKey(inner)] = n.Key.GetToken().Position
		p.walk(n.Value, inner...)
	case *ast.SequenceNode:
		for i, value := range n.Values {
			p.walk(value, append(slices.Clone(path), strconv.Itoa(i))...)
		}
	case *ast.AnchorNode:
		p.walk(n.Value, path...)
	}
}

// errorf is an error at a place, or at the nearest place around it that the file
// has.
func (p *places) errorf(path []string, format string, args ...any) *Error {
	e := &Error{File: p.file, Message: fmt.Sprintf(format, args...)}
	for ; ; path = path[:len(path)-1] {
		if position, ok := p.at[pathKey(path)]; ok {
			e.Line, e.Column = position.Line, position.Column
			return e
		}
		if len(path) == 0 {
			return e
		}
	}
}

// yamlError tells an error of the YAML library in our words: its own are about Go
// types and come with a picture of the file.
func yamlError(path string, err error) *Error {
	e := &Error{File: path, Err: err}
	var (
		unknown   *yaml.UnknownFieldError
		duplicate *yaml.DuplicateKeyError
		mismatch  *yaml.TypeError
		node      *yaml.UnexpectedNodeTypeError
		syntax    *yaml.SyntaxError
		at        *token.Token
	)
	switch {
	case errors.As(err, &unknown):
		at = unknown.Token
		e.Message = fmt.Sprintf("unknown key %q", at.Value)
		if nearest, ok := suggest.Nearest(at.Value, keys()); ok {
			e.Hint = fmt.Sprintf("did you mean %s?", nearest)
		} else {
			e.Hint = "the keys are " + strings.Join(keys(), ", ")
		}
	case errors.As(err, &duplicate):
		at = duplicate.Token
		e.Message = fmt.Sprintf("key %q stands here a second time", at.Value)
	case errors.As(err, &mismatch):
		at = mismatch.Token
		e.Message = "expected " + shape(mismatch.DstType)
	case errors.As(err, &node):
		at = node.Token
		e.Message = fmt.Sprintf("expected %s, found %s", nodeShape(node.Expected), nodeShape(node.Actual))
	case errors.As(err, &syntax):
		at = syntax.Token
		e.Message = "this is not YAML: " + syntax.Message
	default:
		e.Message = "the file cannot be understood: " + err.Error()
	}
	if at != nil && at.Position != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	return e
}

// shape is a Go type in the words of somebody who writes YAML.
func shape(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "a mapping"
	case reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

// nodeShape is a kind of YAML node in the same words.
func nodeShape(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.NullType:
		return "nothing"
	default:
		return "text"
	}
}

// keys are all keys of the file, wherever they stand.
func keys() []string {
	var all []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[rawFile](), reflect.TypeFor[rawTarget](), reflect.TypeFor[rawSecond](), reflect.TypeFor[rawNotifications](),
	} {
		for field := range t.Fields() {
			if key := field.Tag.Get("yaml"); !slices.Contains(all, key) {
				all = append(all, key)
			}
		}
	}
	return all
}
