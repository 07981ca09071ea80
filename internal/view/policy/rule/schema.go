package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Schema is a table, as conditions know it.
type Schema struct {
	columns    map[string]*Column
	excluded   []string
	calls      *calls
	rows, when *cel.Env
}

// Schema makes a schema of the columns of a table. Excluded are the columns that
// capture leaves out.
func (l *Language) Schema(columns []Column, excluded []string) (*Schema, error) {
	s := &Schema{columns: map[string]*Column{}, excluded: excluded, calls: l.calls}
	for i := range columns {
		if c := &columns[i]; !slices.Contains(excluded, c.Name) {
			s.columns[c.Name] = c
		}
	}
	rowType := cel.ObjectType(rowName)
	env, err := l.env.Extend(
		cel.CustomTypeProvider(&provider{l.env.CELTypeProvider(), s.columns}),
		cel.Variable("row", rowType), cel.Variable("tenant", cel.StringType),
	)
	if err != nil {
		return nil, fmt.Errorf("make the columns known to rules: %w", err)
	}
	if s.rows, err = env.Extend(cel.Variable("claims", cel.DynType)); err != nil {
		return nil, fmt.Errorf("make claims known to rules: %w", err)
	}
	if s.when, err = env.Extend(cel.Variable("old", rowType), cel.Variable("op", cel.StringType)); err != nil {
		return nil, fmt.Errorf("make old known to rules: %w", err)
	}
	return s, nil
}

// unknown says that there is no such column, and which there are.
func (s *Schema) unknown(name string) string {
	if slices.Contains(s.excluded, name) {
		return fmt.Sprintf("the column %q is excluded from capture, so no rule can use it", name)
	}
	return fmt.Sprintf("there is no column %q; there are: %s", name, strings.Join(slices.Sorted(maps.Keys(s.columns)), ", "))
}

// provider gives rows their columns as fields.
type provider struct {
	types.Provider
	columns map[string]*Column
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if name == rowName {
		return types.NewTypeTypeWithParam(types.NewObjectType(rowName)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if name == rowName {
		return slices.Sorted(maps.Keys(p.columns)), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != rowName {
		return p.Provider.FindStructFieldType(name, field)
	}
	c := p.columns[field]
	if c == nil {
		return nil, false
	}
	return &types.FieldType{
		Type:  c.celType(),
		IsSet: func(any) bool { return true },
		GetFrom: func(target any) (any, error) {
			image, ok := target.(*Image)
			if !ok || image.Row == nil {
				return nil, errAbsent
			}
			return image.value(c)
		},
	}, true
}

// NewValue implements types.Provider.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if name == rowName {
		return types.NewErr("a rule makes no rows")
	}
	return p.Provider.NewValue(name, fields)
}

// celType is the type of a column in CEL.
func (c *Column) celType() *types.Type {
	t := types.DynType
	switch c.Kind {
	case Bool:
		t = types.BoolType
	case Int:
		t = types.IntType
	case Float:
		t = types.DoubleType
	case Text, UUID, Enum:
		t = types.StringType
	case Numeric:
		return types.NewOpaqueType(numericName)
	case Date, Timestamp, TimestampTZ:
		return types.TimestampType // that may be null anyway
	case JSON, Other:
		return t
	}
	if c.NotNull {
		return t
	}
	return types.NewNullableType(t)
}
