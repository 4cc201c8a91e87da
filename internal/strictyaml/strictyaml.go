// Package strictyaml reads YAML that people write by hand: one document, no unknown
// and no repeated key, and every mistake told in one sentence with file, line and
// column. The library's own errors are about Go types and come with a picture of the
// file.
package strictyaml

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

// Decode reads the text of the file at path into a struct. What it returns knows
// where each key and value stands, for what is wrong beyond its shape.
func Decode(path string, data []byte, into any) (*Places, error) {
	// Duplicate keys are left to the decoder, whose error has a type of its own.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, tell(path, err, into)
	}
	p := &Places{file: path, at: map[string]*token.Position{}}
	switch len(file.Docs) {
	case 0:
		return p, nil
	case 1:
		p.walk(file.Docs[0].Body)
	default:
		if start := file.Docs[1].Start; start != nil {
			p.at[pathKey(nil)] = start.Position
		}
		return nil, p.Errorf(nil, "the file holds %d documents", len(file.Docs)).WithHint("keep what stands before the second ---")
	}
	if body := file.Docs[0].Body; body != nil && body.Type() != ast.NullType {
		if err := yaml.NodeToValue(body, into, yaml.Strict()); err != nil {
			return nil, tell(path, err, into)
		}
	}
	return p, nil
}

// Places knows where each key and value of a file stands.
type Places struct {
	file string
	at   map[string]*token.Position
}

// pathKey joins the keys and indices that lead to a place. No key of the files holds
// a NUL.
func pathKey(path []string) string { return strings.Join(path, "\x00") }

func (p *Places) walk(node ast.Node, path ...string) {
	if node == nil {
		return
	}
	if _, known := p.at[pathKey(path)]; !known {
		p.at[pathKey(path)] = start(node).Position
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

// start is where a person sees a node begin: a mapping's own token is its first colon.
func start(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

// Has says whether the file says anything at that place.
func (p *Places) Has(path ...string) bool {
	_, ok := p.at[pathKey(path)]
	return ok
}

// Errorf is an error at a place, or at the nearest place around it that the file has.
func (p *Places) Errorf(path []string, format string, args ...any) *Error {
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

// tell puts an error of the YAML library into our words.
func tell(path string, err error, into any) *Error {
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
		known := keys(reflect.TypeOf(into), nil)
		if nearest, ok := suggest.Nearest(at.Value, known); ok {
			e.Hint = fmt.Sprintf("did you mean %s?", nearest)
		} else {
			e.Hint = "the keys are " + strings.Join(known, ", ")
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
	case reflect.Int, reflect.Uint64:
		return "a whole number"
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

// keys are all keys that a type has, wherever they stand, in the order of its fields.
func keys(t reflect.Type, known []string) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return keys(t.Elem(), known)
	case reflect.Struct:
	default:
		return known
	}
	var inner []reflect.Type
	for field := range t.Fields() {
		if key := field.Tag.Get("yaml"); key != "" && !slices.Contains(known, key) {
			known = append(known, key)
		}
		inner = append(inner, field.Type)
	}
	for _, t := range inner {
		known = keys(t, known)
	}
	return known
}
