package rule

import (
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"rowcast/internal/feed/row"
)

// Image is a row as the log holds it. What it lacks is taken from Rest, if that is not
// nil: so an old row is completed by the new one. It is asked by one at a time.
type Image struct {
	Row, Rest *row.Row
	// read are the values that are long, since a condition may ask for them often.
	read map[string]ref.Val
}

// longValue is how long a value is that is read once, in bytes.
const longValue = 64

// value is a column as conditions have it.
func (i *Image) value(c *Column) (ref.Val, error) {
	text := i.column(c.Name)
	if len(text) < longValue {
		return c.value(text)
	}
	if v := i.read[c.Name]; v != nil {
		return v, nil
	}
	v, err := c.value(text)
	if err != nil {
		return nil, err
	}
	if i.read == nil {
		i.read = map[string]ref.Val{}
	}
	i.read[c.Name] = v
	return v, nil
}

// column is the JSON text of a column, nil if the image does not have it.
func (i *Image) column(name string) []byte {
	text := i.Row.Column(name)
	if text == nil && i.Rest != nil {
		text = i.Rest.Column(name)
	}
	return text
}

// rowName is the name of the type of rows. No condition can say it.
const rowName = "rowcast.Row"

// ConvertToNative implements ref.Val.
func (i *Image) ConvertToNative(reflect.Type) (any, error) { return nil, errValue }

// ConvertToType implements ref.Val.
func (i *Image) ConvertToType(ref.Type) ref.Val { return types.NewErr("a row cannot be converted") }

// Equal implements ref.Val: a row is compared with null alone.
func (i *Image) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (i *Image) Type() ref.Type { return types.NewObjectType(rowName) }

// Value implements ref.Val.
func (i *Image) Value() any { return i }
