package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/migrations"
)

// A schema says its version to every role, and a program says what is different: an
// older one is refused, a newer one or other functions are told.
func TestSchemaIsCompared(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	conn := pgtest.Connect(t, m.URL)
	if _, err := postgres.CheckSchema(t.Context(), conn); !errors.Is(err, postgres.ErrNotMigrated) {
		t.Errorf("without a schema: %v", err)
	}
	up(t, m)
	own := pgtest.Column[string](t, conn, `select prosrc from pg_proc where oid = 'rowcast.program()'::regprocedure`)[0]
	if want, err := postgres.Functions(); err != nil || own != fmt.Sprintf("select 'version %d functions %s'", migrations.Newest(), want) {
		t.Errorf("installed is %s; want %s, %v", own, want, err)
	}
	pgtest.Exec(t, conn, `create role compares_nobody`)
	defer pgtest.Exec(t, conn, `reset role`, `drop role compares_nobody`)
	for _, test := range []struct {
		body, note string
		err        error
	}{
		{own, "", nil},
		{`select 'version 3 functions 0123456789abcdef'`, "", postgres.ErrOutdated},
		{`select 'something'`, "", postgres.ErrOutdated},
		{`select 'version 999 functions 0123456789abcdef'`, "version 999, this program knows", nil},
		{fmt.Sprintf("select 'version %d functions 0123456789abcdef'", migrations.Newest()), "another build", nil},
		{"", "", postgres.ErrOutdated},
	} {
		pgtest.Exec(t, conn, `drop function if exists rowcast.program()`)
		if test.body != "" {
			pgtest.Exec(t, conn, `create function rowcast.program() returns text language sql as $$`+test.body+`$$`)
		}
		pgtest.Exec(t, conn, `set role compares_nobody`)
		note, err := postgres.CheckSchema(t.Context(), conn)
		pgtest.Exec(t, conn, `reset role`)
		if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) || !strings.Contains(note, test.note) || (note == "") != (test.note == "") {
			t.Errorf("%q: %q, %v; want %q, %v", test.body, note, err, test.note, test.err)
		}
	}
	// What the database does not understand, because it is older, is said to be that.
	_, err := conn.Exec(t.Context(), `select * from rowcast.of_a_newer_version`)
	if judged := postgres.Judge(t.Context(), conn, postgres.Explain(err)); !errors.Is(judged, postgres.ErrOutdated) || errors.Is(judged, postgres.ErrNotMigrated) {
		t.Errorf("a table that is missing is judged as %v", judged)
	}
	up(t, m)
	if note, err := postgres.CheckSchema(t.Context(), conn); note != "" || err != nil {
		t.Errorf("migrated: %q, %v", note, err)
	}
	_, err = conn.Exec(t.Context(), `select * from rowcast.of_a_newer_version`)
	if judged := postgres.Judge(t.Context(), conn, err); !errors.Is(judged, err) || errors.Is(judged, postgres.ErrOutdated) {
		t.Errorf("migrated, a table that is missing is judged as %v", judged)
	}
}
