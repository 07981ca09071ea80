package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/migrations"
	"rowcast/triggers"
)

// installedFormat is the body of the function rowcast.program, which says what the
// last migration has installed. The catalogue shows it to every role. Earlier
// versions made none.
const installedFormat = "select 'version %d functions %16s'"

// Questions is a connection or a transaction.
type Questions interface {
	QueryRow(ctx context.Context, question string, args ...any) pgx.Row
}

// Functions distinguishes the functions of this program from those of another.
func Functions() (string, error) {
	sum := sha256.New()
	for _, name := range triggers.Functions() {
		text, err := fs.ReadFile(triggers.FS, name)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", name, err)
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), nil
}

// inscribe writes down which program has installed the schema.
func (m *Migrator) inscribe(ctx context.Context, conn *pgx.Conn) error {
	functions, err := Functions()
	if err != nil {
		return err
	}
	err = m.retry(ctx, conn, fmt.Sprintf(`
		do $do$ begin
			if not exists (select from pg_proc p where p.oid = to_regprocedure('rowcast.program()') and p.prosrc = $body$%[1]s$body$) then
				create or replace function rowcast.program() returns text language sql immutable set search_path = pg_catalog, pg_temp as $body$%[1]s$body$;
				revoke execute on function rowcast.program() from public;
				perform rowcast.hand_over(n.nspowner::regrole) from pg_namespace n where n.nspname = 'rowcast';
			end if;
		end $do$`, fmt.Sprintf(installedFormat, migrations.Newest(), functions)))
	if err != nil {
		return fmt.Errorf("write down which program has installed the schema: %w", err)
	}
	return nil
}

// CheckSchema compares schema rowcast with this program, without any right on it. It
// returns [ErrNotMigrated] or [ErrOutdated], or says in words what else is different.
func CheckSchema(ctx context.Context, conn Questions) (note string, err error) {
	var body *string
	err = conn.QueryRow(ctx, programQuery).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNotMigrated
	}
	if err != nil {
		return "", fmt.Errorf("ask for the version of schema rowcast: %w", err)
	}
	own, err := Functions()
	if err != nil {
		return "", err
	}
	var (
		version   int64
		functions string
		known     = migrations.Newest()
	)
	if body == nil {
		return "", fmt.Errorf("%w (it does not say its version, this program knows %d)", ErrOutdated, known)
	}
	if _, err := fmt.Sscanf(*body, installedFormat, &version, &functions); err != nil {
		return "", fmt.Errorf("%w (rowcast.program says %q, this program knows version %d)", ErrOutdated, *body, known)
	}
	switch {
	case version < known:
		return "", fmt.Errorf("%w (version %d, this program knows %d)", ErrOutdated, version, known)
	case version > known:
		return fmt.Sprintf("schema rowcast has version %d, this program knows %d: replace it by the one that migrated the database", version, known), nil
	case functions != own:
		return fmt.Sprintf("the functions of schema rowcast (%s) are those of another build than this program (%s)", functions, own), nil
	}
	return "", nil
}

// Judge says of an error, if it is one of a statement that the database did not
// understand, that the schema is too old for this program, where it is.
func Judge(ctx context.Context, conn Questions, err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok && !errors.Is(err, ErrNotMigrated) || ok && !strings.HasPrefix(pg.Code, "42") && pg.Code != "3F000" {
		return err
	}
	if _, known := CheckSchema(ctx, conn); errors.Is(known, ErrOutdated) {
		return fmt.Errorf("%w: %v", known, err) //nolint:errorlint // it is no other kind of error
	}
	return err
}
