package strictyaml_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d24conform/d24conform/internal/strictyaml"
)

type order struct {
	Name  string         `yaml:"name"`
	Count int            `yaml:"count"`
	Lines []line         `yaml:"lines"`
	Tags  map[string]int `yaml:"tags"`
}

type line struct {
	Price float64 `yaml:"price"`
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nome: x":                          `f.yaml:1:1: unknown key "nome" (did you mean name?)`,
		"lines:\n  - {weight: 1}":          `f.yaml:2:6: unknown key "weight" (the keys are name, count, lines, tags, price)`,
		"name: x\nname: y":                 `f.yaml:2:1: key "name" stands here a second time ()`,
		"lines: 3":                         "f.yaml:1:8: expected a list, found a number ()",
		"name: x\ncount: many":             "f.yaml:2:8: expected a whole number ()",
		"lines:\n  - {price: dear}":        "f.yaml:2:13: expected a number ()",
		"name: a\n---\nname: b":            "f.yaml:2:1: the file holds 2 documents (keep what stands before the second ---)",
		"name: [":                          "f.yaml:1:7: this is not YAML: sequence end token ']' not found ()",
		"tags: {a: 1}\nlines:\n- price: 1": "",
		"":                                 "",
	} {
		var o order
		_, err := strictyaml.Decode("f.yaml", []byte(text), &o)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		var told *strictyaml.Error
		require.ErrorAs(t, err, &told, text)
		assert.Equal(t, want, told.Error()+" ("+told.Hint+")", text)
	}
}

func TestAPlaceThatTheFileDoesNotHaveIsTheNearestAroundIt(t *testing.T) {
	t.Parallel()
	var o order
	places, err := strictyaml.Decode("f.yaml", []byte("name: x\nlines:\n  - price: 1\n"), &o)
	require.NoError(t, err)
	assert.True(t, places.Has("lines", "0", "price"))
	assert.False(t, places.Has("count"))
	assert.Equal(t, "f.yaml:3:5: too dear", places.Errorf([]string{"lines", "0", "tax"}, "too dear").Error())
	assert.Equal(t, "f.yaml:2:1: too short", places.Errorf([]string{"lines", "7"}, "too %s", "short").Error())
}
