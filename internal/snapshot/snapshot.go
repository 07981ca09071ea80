package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/feed"
	"rowcast/internal/postgres"
	"rowcast/internal/view/where"
	"rowcast/sql"
)

// tries is how often a snapshot is taken while others rewrite the table.
const tries = 3

var (
	// ErrNoTable: there is no such table.
	ErrNoTable = errors.New("no watched table has this stem")
	// ErrNoTenant: the database cannot write the name of the tenant.
	ErrNoTenant = errors.New("the database cannot write the name of the tenant")
	// ErrTooMany: there are more rows than may be read.
	ErrTooMany = errors.New("there are more rows than may be read")
	// errRewritten: the snapshot cannot show the table.
	errRewritten = errors.New("the table was truncated or rewritten meanwhile")
)

// Refused says why rows of a table cannot be read, in words for operators.
type Refused string

func (r Refused) Error() string { return string(r) }

// Column is one that rows have.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Table is what rows are read of.
type Table struct {
	// Relation is its number, Name what it is called, and Stem that of its events.
	Relation int64
	Name     string
	Stem     string
	Key      []string
	Columns  []Column
	Audience feed.Audience
}

// Source reads a database. The pool has to lead to the primary.
type Source struct {
	Pool postgres.Pool
	// Most bounds the rows that are read.
	Most int
	// Time bounds a statement, and how long the transaction may be idle.
	Time time.Duration
}

// Snapshot is one that is open.
type Snapshot struct {
	Table
	// Tenant has the rows.
	Tenant string
	// Cursor is where the feed of the tenant stands, and Text the snapshot itself.
	Cursor feed.Cursor
	Text   string
	// Rules is the version of the rules by which rows are withheld.
	Rules int64

	tx        pgx.Tx
	most      int
	statement string
	casts     map[string]string
}

// Open takes a snapshot for the rows of a tenant in the table of a stem. The caller closes
// it. The tenant is known from then on, so that a truncate reaches it. If Open refuses for
// good, with a Refused, it returns the table all the same, without a snapshot to read.
func (s *Source) Open(ctx context.Context, tenant, stem string) (*Snapshot, error) {
	if _, err := s.Pool.Exec(ctx, sql.Know, []string{tenant}); unwritable(err) {
		return nil, ErrNoTenant
	} else if err != nil {
		return nil, fmt.Errorf("make the tenant known: %w", postgres.Explain(err))
	}
	for n := 1; ; n++ {
		shot, err := s.open(ctx, tenant, stem)
		if err == nil || n == tries || !errors.Is(err, errRewritten) {
			return shot, err
		}
	}
}

func (s *Source) open(ctx context.Context, tenant, stem string) (*Snapshot, error) {
	tx, err := s.Pool.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin to read rows: %w", postgres.Explain(err))
	}
	shot := &Snapshot{Table: Table{Stem: stem}, Tenant: tenant, tx: tx, most: s.Most}
	if err := shot.look(ctx, s.Time); err != nil {
		shot.Close(ctx)
		return shot, err
	}
	return shot, nil
}

// look settles what is read, and locks it.
func (s *Snapshot) look(ctx context.Context, most time.Duration) error {
	if _, err := s.tx.Exec(ctx, sql.RowsTransaction); err != nil {
		return fmt.Errorf("begin to read rows: %w", postgres.Explain(err))
	}
	if _, err := s.tx.Exec(ctx, sql.RowsSettings, strconv.FormatInt(most.Milliseconds(), 10)); err != nil {
		return fmt.Errorf("begin to read rows: %w", postgres.Explain(err))
	}
	var (
		refused, audience         *string
		touch, cursor, was, files string
		names, types, casts       []string
	)
	err := s.tx.QueryRow(ctx, sql.RowsOf, s.Stem, s.Tenant).Scan(&s.Relation, &s.Name, &refused, &touch, &s.statement, &s.Key, &names, &types, &casts,
		&audience, &s.Audience.Type, &was, &cursor, &s.Text, &s.Rules)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNoTable
	case err != nil:
		return fmt.Errorf("look at the table: %w", postgres.Explain(err))
	case refused != nil:
		return Refused(*refused)
	}
	s.casts = make(map[string]string, len(names))
	for i, name := range names {
		s.Columns = append(s.Columns, Column{name, types[i]})
		s.casts[name] = casts[i]
	}
	if audience != nil {
		s.Audience.Column = *audience
	}
	if s.Cursor, err = feed.ParseCursor(cursor); err != nil {
		return fmt.Errorf("read the cursor %q: %w", cursor, err)
	}
	if _, err = s.tx.Exec(ctx, touch); err == nil {
		err = s.tx.QueryRow(ctx, sql.RowsFiles, s.Relation).Scan(&files)
	}
	switch {
	case denied(err):
		return Refused(postgres.Explain(err).Error())
	case err != nil:
		return fmt.Errorf("lock the table: %w", postgres.Explain(err))
	case files != was:
		return errRewritten
	}
	return nil
}

// Want is which rows are asked for: those that may match the filter, nil for all, and may
// be for one of the subjects.
type Want struct {
	Filter   *where.Filter
	Subjects []string
	// Masked says that the client may not see each column of each row.
	Masked bool
}

// Rows hands on the rows that are asked for, and others that have to be looked at. A row
// is only good until do returns. The error of do ends it.
func (s *Snapshot) Rows(ctx context.Context, want Want, do func(row []byte) error) error {
	subjects := want.Subjects
	if subjects == nil {
		subjects = []string{}
	}
	query, args := s.statement, []any{s.Tenant, subjects}
	if want.Filter != nil {
		condition, all := want.Filter.SQL(s.Stem, s.casts, want.Masked, args)
		query, args = query+" and "+condition, all
	}
	args = append(args, s.most+1)
	ctx, stop := context.WithCancel(ctx) // rows that are not wanted any more do not come
	defer stop()
	rows, err := s.tx.Query(ctx, fmt.Sprintf("%s limit $%d", query, len(args)), args...)
	if err != nil {
		return s.explain(err)
	}
	for n := 0; rows.Next(); n++ {
		err := ErrTooMany
		if n < s.most {
			err = do(rows.RawValues()[0])
		}
		if err != nil {
			stop()
			rows.Close()
			return err
		}
	}
	return s.explain(rows.Err())
}

func (s *Snapshot) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case denied(err):
		return Refused(postgres.Explain(err).Error())
	}
	return fmt.Errorf("read rows of %s: %w", s.Name, postgres.Explain(err))
}

// unwritable says whether a text is none in the encoding of the database.
func unwritable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "22P05" || pg.Code == "22021")
}

// denied says whether an error is about rights or row security.
func denied(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501"
}

// Close ends the transaction. Rows that are still on their way are not waited for.
func (s *Snapshot) Close(ctx context.Context) {
	_ = s.tx.Rollback(context.WithoutCancel(ctx)) // the connection is closed if it fails
}
