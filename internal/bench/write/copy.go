package write

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// copyText writes the text of a COPY of the first rows of a shape.
func copyText(out io.Writer, s shape, rows int) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var fields [][]byte
	for n := range rows {
		fields = s.row(fields[:0], int64(n+1))
		for i, field := range fields {
			if i > 0 {
				_ = w.WriteByte('\t') // Flush has the first error
			}
			_, _ = w.Write(field)
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return w.Flush()
}

// copyInto writes the rows in one COPY, in a session of its own.
func (r *run) copyInto(ctx context.Context, table string) (int64, error) {
	conn, err := r.connectWriter(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	text, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := copyText(in, r.shape, r.Rows)
		_ = in.CloseWithError(err)
		written <- err
	}()
	tag, err := conn.PgConn().CopyFrom(ctx, text, fmt.Sprintf("copy %s (%s) from stdin", table, r.shape.columns))
	_ = text.Close()
	if err = errors.Join(err, <-written); err != nil {
		return 0, fmt.Errorf("copy %d rows: %w", r.Rows, err)
	}
	return tag.RowsAffected(), nil
}
