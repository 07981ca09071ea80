package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrPublished says that a publication would carry the change log to its receivers,
// which do not have its tables.
var ErrPublished = errors.New("a publication for all tables would carry schema rowcast to its receivers: " +
	"where they lack its tables they stop for good, and this server keeps what they have not read. " +
	"Publish schemas or tables instead, or install all the same with: rowcast migrate --published")

// checkPublished refuses to install where everything is published, unless it was asked
// to. Where it is installed already, it only says so.
func (m *Migrator) checkPublished(ctx context.Context, conn *pgx.Conn) ([]Step, error) {
	rows, err := conn.Query(ctx, publishedQuery)
	if err != nil {
		return nil, fmt.Errorf("look for publications: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var installed bool
	if err := conn.QueryRow(ctx, "select to_regclass('rowcast.feed') is not null").Scan(&installed); err != nil {
		return nil, fmt.Errorf("look for schema rowcast: %w", err)
	}
	if !installed && !m.Published {
		return nil, fmt.Errorf("publication %s: %w", strings.Join(names, ", "), ErrPublished)
	}
	return []Step{{"publication " + strings.Join(names, ", "), "carries schema rowcast to its receivers, who need its tables, too"}}, nil
}
