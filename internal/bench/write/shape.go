package write

import (
	"fmt"
	"strconv"
	"sync/atomic"
)

// tenants is how many the rows are spread over.
const tenants = 50

// shape is what the table looks like and what is written into it.
type shape struct {
	name   string
	create string
	// columns are those that a writer gives; the others have defaults.
	columns string
	// insert is the statement of a writer, with parameters as text.
	insert string
	// row appends the n-th row, as the fields of the columns in text.
	row func(fields [][]byte, n int64) [][]byte
}

func shapeOf(name string) (shape, error) {
	switch name {
	case "orders":
		return shape{
			name: name, create: ordersSQL, columns: "tenant_id, customer, status, total",
			insert: "insert into rowcast_bench.{table} (tenant_id, customer, status, total) values ($1, $2, $3, $4)",
			row:    order,
		}, nil
	case "narrow":
		return shape{
			name: name, create: narrowSQL, columns: "id, tenant_id, body",
			insert: "insert into rowcast_bench.{table} (id, tenant_id, body) values ($1, $2, $3)",
			row:    note,
		}, nil
	}
	return shape{}, fmt.Errorf("--table is %q; it is orders or narrow", name)
}

// table is the name of the table of a variant.
func (s shape) table(v Variant) string { return s.name + "_" + string(v) }

func order(fields [][]byte, n int64) [][]byte {
	return append(fields,
		fmt.Appendf(nil, "0be9c000-0000-4000-8000-%012d", 1+n%tenants),
		fmt.Appendf(nil, "Customer %d of the house", n%9973),
		[]byte("pending"),
		strconv.AppendFloat(nil, float64(n%100_000)/100, 'f', 2, 64))
}

func note(fields [][]byte, n int64) [][]byte {
	return append(fields,
		strconv.AppendInt(nil, n, 10),
		fmt.Appendf(nil, "rowcast-bench-%d", 1+n%tenants),
		fmt.Appendf(nil, "a note of ordinary length, the %dth", n))
}

// numbers gives each row of a table its number.
type numbers struct{ last atomic.Int64 }

func (n *numbers) next() int64 { return n.last.Add(1) }
