package write

import (
	"context"
	"fmt"
	"io"
)

// copyRows is the text of a COPY, made while it is sent.
type copyRows struct {
	shape   shape
	n, rows int64
	// line is the row that is being sent, rest what has not been sent of it.
	line, rest []byte
	fields     [][]byte
}

// Read fills p with as many rows as fit.
func (c *copyRows) Read(p []byte) (int, error) {
	filled := 0
	for filled < len(p) {
		if len(c.rest) == 0 {
			if c.n == c.rows {
				break
			}
			c.n++
			c.line = c.line[:0]
			c.fields = c.shape.row(c.fields[:0], c.n)
			for i, field := range c.fields {
				if i > 0 {
					c.line = append(c.line, '\t')
				}
				c.line = append(c.line, field...)
			}
			c.line = append(c.line, '\n')
			c.rest = c.line
		}
		n := copy(p[filled:], c.rest)
		filled += n
		c.rest = c.rest[n:]
	}
	if filled == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return filled, nil
}

// copyInto writes the rows in one COPY, in a session of its own.
func (r *run) copyInto(ctx context.Context, table string) (int64, error) {
	conn, err := r.connectWriter(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows := &copyRows{shape: r.shape, rows: int64(r.Rows)}
	tag, err := conn.PgConn().CopyFrom(ctx, rows, fmt.Sprintf("copy %s (%s) from stdin", table, r.shape.columns))
	if err != nil {
		return 0, fmt.Errorf("copy %d rows: %w", r.Rows, err)
	}
	return tag.RowsAffected(), nil
}
