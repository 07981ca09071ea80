package rule

import (
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"rowcast/internal/feed/row"
)

// Image is a row as the log holds it. What it lacks is taken from Rest, if that is not
// nil: so an old row is completed by the new one.
type Image struct{ Row, Rest *row.Row }

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
