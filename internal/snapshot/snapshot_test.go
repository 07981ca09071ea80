package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"rowcast/internal/postgres"
	"rowcast/internal/snapshot"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/where"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// source is one over a pool, which pooled says may lead through a transaction pooler.
func source(t *testing.T, dsn string, pooled bool) *snapshot.Source {
	t.Helper()
	s := &snapshot.Source{Most: 1000, Time: time.Minute}
	if !pooled {
		s.Pool = pgtest.Pool(t, dsn, "rows", 3)
		return s
	}
	pool, err := postgres.OpenPooled(t.Context(), dsn, "rows", 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s.Pool = pool
	return s
}

// rows are those of a tenant, sorted.
func rows(ctx context.Context, s *snapshot.Source, tenant, stem string, want snapshot.Want) (found []string, shot *snapshot.Snapshot, err error) {
	shot, err = s.Open(ctx, tenant, stem)
	if err != nil {
		return nil, shot, err
	}
	defer shot.Close(ctx)
	err = shot.Rows(ctx, want, func(row []byte) error { found = append(found, string(row)); return nil })
	slices.Sort(found)
	return found, shot, err
}

// kinds are columns with values that sessions show in their own way, or that PostgreSQL
// has more than one way to write.
var kinds = []struct {
	definition string
	values     []string
}{
	{"boolean", []string{"true", "null"}},
	{"bigint", []string{"9007199254740993", "-1", "null"}},
	{"numeric", []string{"1.10", "'NaN'", "12345678901234567890.123", "null"}},
	{"real", []string{"0.1", "'-infinity'"}},
	{"float8", []string{"0.30000000000000004", "1e300"}},
	{"money", []string{"'1234.5'"}},
	{"text", []string{`'a "b" \ é'`, "E'\\n\\t'", "''", "null"}},
	{"char(4)", []string{"'a'", "'abcd'"}},
	{"kinds.mood", []string{"'sad'", `'so "so"'`}},
	{"kinds.word", []string{"'w'", "null"}},
	{"kinds.pair", []string{"row(1, 'x')", "row(null, null)", "null"}},
	{"kinds.pair[]", []string{"array[row(1, 'x')::kinds.pair]", "'{}'"}},
	{"timestamptz", []string{"'2020-02-29 23:59:59.999999+05:45'", "'infinity'", "'0044-03-15 BC'"}},
	{"timestamp", []string{"'2021-01-02 03:04:05.1'"}},
	{"date", []string{"'2021-01-02'", "'-infinity'"}},
	{"interval", []string{"'-1 day -1 s'"}},
	{"bytea", []string{`'\x00ff'`}},
	{"json", []string{"E'{\"a\" :\\n [1.0, null]}'", "'null'"}},
	{"jsonb", []string{`'{"b":1,"a":"é"}'`}},
	{"int4range", []string{"'[1,5)'", "'empty'"}},
	{"regclass", []string{"'pg_catalog.pg_class'", "'kinds.\"odd T\"'"}},
	{"inet", []string{"'10.0.0.1/8'"}},
	{"text[]", []string{`'{a,"b c",null}'`}},
}

func setUp() []string {
	return []string{
		`create schema kinds`, `create type kinds.mood as enum ('sad', 'so "so"')`, `create domain kinds.word as varchar(9)`,
		`create type kinds.pair as (a int, b text)`, `create table kinds."odd T" ()`,
	}
}

// TestRowsAreThoseOfTheLog draws tables of any types, with excluded columns, with virtual
// and partitioned parts, and reads their rows on either kind of connection, whatever is set
// for the role. They are those that the log has, byte for byte.
func TestRowsAreThoseOfTheLog(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, setUp()...)
	database := pgtest.Query[string](t, e.Conn, `select current_database()`)
	e.Exec(t, `alter database `+database+` set datestyle = 'sql, dmy'`, `alter database `+database+` set timezone = 'Asia/Kathmandu'`,
		`alter database `+database+` set extra_float_digits = -3`, `alter database `+database+` set lc_monetary = 'C'`)
	sources := []*snapshot.Source{source(t, e.DSN, false), source(t, e.DSN, true)}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		table := fmt.Sprintf("t%d", n)
		columns := []string{"id int", "tenant_id " + rapid.SampledFrom([]string{"text", "uuid", "bigint", "kinds.word"}).Draw(rt, "tenant")}
		tenant := map[string]string{"text": "T", "uuid": "0e37df36-f698-11e6-8dd4-cb9ced3df976", "bigint": "7", "kinds.word": "w"}[columns[1][len("tenant_id "):]]
		drawn := rapid.SliceOfNDistinct(rapid.IntRange(0, len(kinds)-1), 1, 6, rapid.ID[int]).Draw(rt, "columns")
		for i, k := range drawn {
			columns = append(columns, fmt.Sprintf("c%d %s", i, kinds[k].definition))
		}
		exclude := rapid.SampledFrom([]string{"{}", "{}", "{c0}"}).Draw(rt, "exclude")
		part := rapid.SampledFrom([]string{"", "", " partition by hash (id)"}).Draw(rt, "part")
		statements := []string{fmt.Sprintf(`create table %s (%s, primary key (id))%s`, table, strings.Join(columns, ", "), part)}
		if part != "" {
			statements = append(statements, fmt.Sprintf(`create table %s_0 partition of %[1]s for values with (modulus 2, remainder 0)`, table),
				fmt.Sprintf(`create table %s_1 partition of %[1]s for values with (modulus 2, remainder 1)`, table))
		}
		pgtest.Exec(t, e.Conn, append(statements, fmt.Sprintf(`select rowcast.watch('%s', exclude => '%s', readable => true)`, table, exclude))...)
		for id := range rapid.IntRange(0, 4).Draw(rt, "rows") {
			values := []string{fmt.Sprint(id), "'" + tenant + "'"}
			for _, k := range drawn {
				values = append(values, rapid.SampledFrom(kinds[k].values).Draw(rt, "value"))
			}
			pgtest.Exec(t, e.Conn, fmt.Sprintf(`insert into %s values (%s)`, table, strings.Join(values, ", ")))
		}
		want := pgtest.Column[string](t, e.Conn, `select i::text from rowcast.log l join rowcast.watched w on w.id = l.watched cross join unnest(l.after) i where w.name = $1`, table)
		slices.Sort(want)
		for i, s := range sources {
			got, shot, err := rows(t.Context(), s, tenant, table, snapshot.Want{})
			if err != nil || !slices.Equal(got, want) {
				rt.Fatalf("connection %d of %s: %v\n got %q\nwant %q", i, statements[0], err, got, want)
			}
			if shot.Key[0] != "id" || shot.Columns[0] != (snapshot.Column{Name: "id", Type: "integer"}) || len(shot.Columns) != len(columns)-strings.Count(exclude, "c0") {
				rt.Fatalf("table %+v", shot.Table)
			}
			if none, _, err := rows(t.Context(), s, "no tenant of any type", table, snapshot.Want{}); err != nil || len(none) != 0 {
				rt.Fatalf("of another tenant: %q, %v", none, err)
			}
		}
		pgtest.Exec(t, e.Conn, fmt.Sprintf(`select rowcast.unwatch('%s')`, table), `drop table `+table)
	})
}

// TestFilteredRows: a filter, and the subjects, only leave out rows that do not match. The
// bound counts what is left.
func TestFilteredRows(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create table notes (id int primary key, tenant_id text, reader uuid, body text)`,
		`select rowcast.watch('notes', name => 'note', audience => 'reader', readable => true)`,
		`insert into notes select n, 'T', case n % 3 when 0 then null when 1 then '0e37df36-f698-11e6-8dd4-cb9ced3df976'::uuid else gen_random_uuid() end, 'b' || n % 5 from generate_series(1, 3000) n`)
	s := source(t, e.DSN, false)
	filter, err := where.Parse([]byte(`{"note":{"body":{"in":["b1","b2"]},"id":{"lte":"1500"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	ann := []string{"0E37DF36-f698-11e6-8dd4-cb9ced3df976", "0e37df36-f698-11e6-8dd4-cb9ced3df976", "x"}
	for _, c := range []struct {
		want snapshot.Want
		rows int
		err  error
	}{
		{snapshot.Want{Filter: filter}, 200, nil},
		{snapshot.Want{Filter: filter, Subjects: ann}, 400, nil},
		{snapshot.Want{}, 1000, nil},
		{snapshot.Want{Subjects: ann}, 1000, snapshot.ErrTooMany},
	} {
		got, _, err := rows(t.Context(), s, "T", "note", c.want)
		if len(got) != c.rows || !errors.Is(err, c.err) {
			t.Errorf("%+v: %d rows, %v; want %d", c.want, len(got), err, c.rows)
		}
	}
}

// TestRowSecurity: rows that are hidden from the role of the server are an error, also if
// that began after the table was opened. Where a policy covers the table they are read.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create table secured (id int primary key, tenant_id text)`, `select rowcast.watch('secured', readable => true)`, `insert into secured values (1, 'T')`)
	database := pgtest.Query[string](t, e.Conn, `select current_database()`)
	role := "server_of_" + database
	e.Exec(t, `create role `+role+` login`, `select rowcast.grant_service('`+role+`')`)
	defer func() { e.Exec(t, `drop owned by `+role, `drop role `+role) }()
	s := source(t, strings.Replace(e.DSN, "user=postgres", "user="+role, 1), false)
	if got := pgtest.Query[string](t, s.Pool, `select current_user::text`); got != role {
		t.Fatalf("the server is %s", got)
	}
	refused := func(what, says string) {
		t.Helper()
		got, _, err := rows(t.Context(), s, "T", "secured", snapshot.Want{})
		if why, ok := errors.AsType[snapshot.Refused](err); !ok || !strings.Contains(string(why), says) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	allowed := func() {
		t.Helper()
		if got, _, err := rows(t.Context(), s, "T", "secured", snapshot.Want{}); err != nil || len(got) != 1 {
			t.Errorf("%q, %v", got, err)
		}
	}
	allowed()
	e.Exec(t, `alter table secured enable row level security`)
	refused("without a policy", "no policy covers it")
	e.Exec(t, `insert into rowcast.policy (document, resolved, watched, relations, state) select 'x', 'x', array[w.id], array[w.relation], 'active' from rowcast.watched w`)
	refused("with a policy", "alter role "+role+" bypassrls")
	e.Exec(t, `alter role `+role+` bypassrls`)
	allowed()
	e.Exec(t, `revoke select on secured from `+role)
	refused("without the right", "may not select id, tenant_id of public.secured")
	e.Exec(t, `select rowcast.watch('secured', readable => false)`)
	refused("closed", "rowcast watch public.secured --readable")
	if _, err := s.Open(t.Context(), "T", "other"); !errors.Is(err, snapshot.ErrNoTable) {
		t.Errorf("a table that there is not: %v", err)
	}
}

// rewriting is a pool in whose transactions a table is rewritten once the snapshot is taken.
type rewriting struct {
	postgres.Pool
	rewrite func()
	times   int
}

func (r *rewriting) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := r.Pool.Begin(ctx)
	return &rewritingTx{Tx: tx, pool: r}, err
}

type rewritingTx struct {
	pgx.Tx
	pool *rewriting
	n    int
}

// Exec counts statements: the third, after the isolation and the settings, locks the table.
func (r *rewritingTx) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	if r.n++; r.n == 3 && r.pool.times > 0 {
		r.pool.times--
		r.pool.rewrite()
	}
	return r.Tx.Exec(ctx, query, args...)
}

// TestRewrittenTable: where the table is truncated or rewritten between the snapshot and
// the lock, the snapshot would show no rows. Another is taken, a few times.
func TestRewrittenTable(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create table docs (id int primary key, tenant_id text, body text)`, `select rowcast.watch('docs', name => 'doc', readable => true)`,
		`insert into docs values (1, 'T', '7')`)
	for _, rewrite := range []string{`alter table docs alter body type int using body::int`, `alter table docs alter body type text using body::text`, `vacuum full docs`, `cluster docs using docs_pkey`} {
		s := source(t, e.DSN, false)
		pool := &rewriting{Pool: s.Pool, rewrite: func() { e.Exec(t, rewrite) }, times: 1}
		s.Pool = pool
		if got, _, err := rows(t.Context(), s, "T", "doc", snapshot.Want{}); err != nil || len(got) != 1 {
			t.Errorf("%s: %q, %v", rewrite, got, err)
		}
		if pool.times != 0 {
			t.Errorf("%s was not done", rewrite)
		}
	}
	s := source(t, e.DSN, false)
	s.Pool = &rewriting{Pool: s.Pool, rewrite: func() { e.Exec(t, `vacuum full docs`) }, times: 99}
	if got, _, err := rows(t.Context(), s, "T", "doc", snapshot.Want{}); err == nil {
		t.Errorf("a table that is rewritten each time has %q", got)
	}
}

// TestTenantInAnotherEncoding: a tenant that the database cannot write has no rows, and that
// is said; those of others are read.
func TestTenantInAnotherEncoding(t *testing.T) {
	t.Parallel()
	pg := pgtest.Server(t)
	pgtest.Admin(t, pg, `create database rows_latin1 encoding latin1 locale 'C' template template0`)
	t.Cleanup(func() { pgtest.Admin(t, pg, `drop database rows_latin1 with (force)`) })
	dsn := pg.SocketDSN("rows_latin1")
	pgtest.Migrate(t, dsn)
	pgtest.Open(t, dsn, `set client_encoding = 'UTF8'`, `create table notes (id int primary key, tenant_id text)`, `select rowcast.watch('notes', name => 'note', readable => true)`, `insert into notes values (1, 'é')`)
	s := source(t, dsn, false)
	if _, _, err := rows(t.Context(), s, "語", "note", snapshot.Want{}); !errors.Is(err, snapshot.ErrNoTenant) {
		t.Errorf("a tenant that cannot be written: %v", err)
	}
	if got, _, err := rows(t.Context(), s, "é", "note", snapshot.Want{}); err != nil || len(got) != 1 || got[0] != `{"id":1,"tenant_id":"é"}` {
		t.Errorf("%q, %v", got, err)
	}
}
