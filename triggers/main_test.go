package triggers_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/test/pgtest"
)

// usualSeed is what drawn tests begin with unless they are told otherwise, or to
// go on for longer than usual: a run of all tests is the same each time.
const usualSeed = "7"

func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" && *orderRounds == usualRounds && *promiseChecks == usualChecks {
		if err := flag.Set("rapid.seed", usualSeed); err != nil {
			panic(err)
		}
	}
	pgtest.Main(m)
}

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

// template is a migrated database with one watched table, docs. The tests work
// on copies of it.
var template struct {
	once sync.Once
	n    atomic.Int64
}

// database is a copy of the template with a session of a writer.
type database struct{ *pgtest.Env }

func newDatabase(t testing.TB, setup ...string) *database {
	t.Helper()
	pg := pgtest.Server(t)
	template.once.Do(func() {
		pgtest.Admin(t, pg, "create database migrated")
		dsn := pg.SocketDSN("migrated")
		pgtest.Migrate(t, dsn)
		e := pgtest.Open(t, dsn, pgtest.Docs()...)
		if err := e.Conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	name := fmt.Sprintf("copy_%d", template.n.Add(1))
	pgtest.Admin(t, pg, "create database "+name+" template migrated")
	t.Cleanup(func() { pgtest.Admin(t, pg, "drop database "+name+" with (force)") })
	d := &database{pgtest.Open(t, pg.SocketDSN(name), `update rowcast.feed set identity = rowcast.identity()`)}
	d.Exec(t, setup...)
	return d
}

// refused executes a statement that must fail and returns its error.
func refused(t testing.TB, conn *pgx.Conn, statement string) *pgconn.PgError {
	t.Helper()
	_, err := conn.Exec(t.Context(), statement)
	pg, ok := explain(err).(*pgconn.PgError) //nolint:errorlint // explain unwraps
	if !ok {
		t.Fatalf("%s: error is %v; want a refusal", statement, err)
	}
	return pg
}

// seal gives sequences to what is new.
func (d *database) seal(t testing.TB) int64 {
	t.Helper()
	sequence := pgtest.Query[*int64](t, d.Conn, "select rowcast.seal()")
	if sequence == nil {
		t.Fatal("another session is sealing")
	}
	return *sequence
}

// wantLog compares the whole log with lines such as
//
//	i T (1,T,one)(2,T,two)
//	u T (1,T,uno)<(1,T,one)
//	d T <(2,T,two)
//	t
//
// and checks that the number of rows is right in each.
func (d *database) wantLog(t testing.TB, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(d.log(t), "\n")); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
	wrong := pgtest.Column[string](t, d.Conn, `
		select format('%s of %s rows has %s after and %s before', op, rows, cardinality(after), cardinality(before))
		  from rowcast.log
		 where rows is distinct from coalesce(cardinality(after), cardinality(before), 1)
		    or cardinality(after) <> cardinality(before) or op <> 't' and (after is null) <> (op = 'd') or (before is null) <> (op in ('i', 't'))`)
	for _, w := range wrong {
		t.Error(w)
	}
}

func (d *database) log(t testing.TB) []string {
	t.Helper()
	return logOf(t, d.Conn)
}

func logOf(t testing.TB, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select op::text, coalesce(' ' || tenant, ''), after::text[], before::text[] from rowcast.log order by id`)
	if err != nil {
		t.Fatal(err)
	}
	var (
		op, tenant    string
		after, before []string
		lines         []string
	)
	_, err = pgx.ForEachRow(rows, []any{&op, &tenant, &after, &before}, func() error {
		line := op + tenant
		if op == "t" && after != nil {
			line, after = "t of a partition", nil
		}
		if after != nil {
			line += " " + brief(t, after)
		}
		if before != nil && after == nil {
			line += " "
		}
		if before != nil {
			line += "<" + brief(t, before)
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// wantSealed seals, and compares the whole order with lines such as
//
//	T 1-2 i
//	T 3 u
func (d *database) wantSealed(t testing.TB, want ...string) {
	t.Helper()
	d.seal(t)
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(d.sealed(t), "\n")); diff != "" {
		t.Errorf("the order differs (-want +got):\n%s", diff)
	}
}

func (d *database) sealed(t testing.TB) []string {
	t.Helper()
	return pgtest.Column[string](t, d.Conn, `
		select s.tenant || ' ' || case s.rows when 1 then '' else s.position - s.rows + 1 || '-' end || s.position || ' ' || l.op::text
		  from rowcast.sealed s join rowcast.log l on l.xid = s.xid and l.id = s.id
		 order by s.place`)
}

// wantSealedRows is wantSealed with the rows.
func (d *database) wantSealedRows(t testing.TB, want ...string) {
	t.Helper()
	d.seal(t)
	rows, err := d.Conn.Query(t.Context(), `
		select format('%s %s %s ', s.tenant, s.position, l.op), coalesce(l.after, l.before)::text[]
		  from rowcast.sealed s join rowcast.log l on l.xid = s.xid and l.id = s.id
		 order by s.place`)
	if err != nil {
		t.Fatal(err)
	}
	var (
		got    []string
		line   string
		images []string
	)
	if _, err := pgx.ForEachRow(rows, []any{&line, &images}, func() error {
		got = append(got, line+brief(t, images))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("the order differs (-want +got):\n%s", diff)
	}
}

// brief writes the values of rows without their names.
func brief(t testing.TB, images []string) string {
	t.Helper()
	var line strings.Builder
	for _, image := range images {
		var values []string
		list, err := fields(image)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			var text string
			if json.Unmarshal([]byte(f.value), &text) != nil || f.value == "null" {
				text = f.value
			}
			values = append(values, text)
		}
		line.WriteString("(" + strings.Join(values, ",") + ")")
	}
	return line.String()
}

type field struct{ name, value string }

// fields takes an object apart and leaves the values as they are written.
func fields(object string) (list []field, err error) {
	decoder := json.NewDecoder(strings.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("%s: %w", object, err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", object, err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("%s: %w", object, err)
		}
		list = append(list, field{name.(string), string(value)})
	}
	return list, nil
}

// lockTimeout says that a lock was not granted in time.
func lockTimeout(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}

// explain strips what the client put around an error of the server and adds
// where it came from.
func explain(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg
	}
	return err
}

func logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
