package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// schemaTime bounds what is done to a schema.
const schemaTime = 15 * time.Second

// Schema is a schema that a benchmark makes.
type Schema struct {
	// Name of the schema, and SQL that makes it with everything in it.
	Name, SQL string
	// Connect opens a direct connection.
	Connect func(ctx context.Context) (*pgx.Conn, error)
}

// Install makes the schema, whole or not at all.
func (s Schema) Install(ctx context.Context) error {
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// An interrupt now would leave open whether the schema is there.
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), schemaTime)
	defer cancel()
	_, err = conn.Exec(making, s.SQL)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P06" {
		return fmt.Errorf("schema %s exists: another benchmark is running, or one was killed; then remove it with: drop schema %[1]s cascade", s.Name)
	}
	if err != nil {
		return fmt.Errorf("make the tables of the benchmark: %w", err)
	}
	return nil
}

// Remove drops the schema.
func (s Schema) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), schemaTime)
	defer cancel()
	conn, err := s.Connect(ctx)
	if err == nil {
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, `select rowcast.unwatch(c.oid::regclass) from pg_class c
			where c.relnamespace = '`+s.Name+`'::regnamespace and c.relkind = 'r';
			drop schema `+s.Name+` cascade`)
	}
	if err != nil {
		return fmt.Errorf("remove schema %s, which is left behind: %w", s.Name, err)
	}
	return nil
}
