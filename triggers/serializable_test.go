package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
)

// TestSerializableWritersDoNotFail has two serializable sessions write by turns, to
// tables and tenants of their own. Nothing that they do themselves conflicts; so
// nothing may that capture does for them, whatever way it has to take.
func TestSerializableWritersDoNotFail(t *testing.T) {
	t.Parallel()
	const turns = 3
	for name, write := range map[string]string{ // § is the table, %d a number that is new
		"one row":           `insert into § values (%d, 'T', 'x')`,
		"nested":            `insert into nested_§ values (%d, 'T', 'x')`,
		"many statements":   `do $$ begin for n in 1..1500 loop insert into § values (%d * 10000 + n, 'T', 'x'); end loop; end $$`,
		"many rows":         `insert into § select %d * 10000 + n, 'T' || n %% 2, 'x' from generate_series(1, 2000) n`,
		"truncate":          `truncate §; insert into § values (%d, 'T', 'x')`,
		"one part":          `truncate part_§_1; insert into part_§ values (%d, 'T', 'x')`,
		"delete and insert": `with gone as (delete from nested_§ returning *) insert into nested_§ select id + %d, tenant_id, body from gone`,
		"many rows, nested": `insert into nested_§ select %d * 10000 + n, 'T' || n %% 2, 'x' from generate_series(1, 200) n`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			for _, table := range []string{"a", "b"} {
				for _, statement := range []string{
					`create table § (id int primary key, tenant_id text, body text)`, `select rowcast.watch('§')`,
					`create table part_§ (id int primary key, tenant_id text, body text) partition by range (id)`,
					`create table part_§_1 partition of part_§ default`, `select rowcast.watch('part_§')`,
					`create table nested_§ (id int primary key, tenant_id text, body text)`, `select rowcast.watch('nested_§')`,
					`create function again_§() returns trigger language plpgsql as $$ begin
						if pg_trigger_depth() < 2 then update nested_§ set body = 'again' where id = new.id; end if; return null; end $$`,
					`create trigger again after insert on nested_§ for each row execute function again_§()`,
					`insert into nested_§ values (1, 'T', 'x')`,
				} {
					d.Exec(t, strings.ReplaceAll(statement, "§", table))
				}
			}
			f, err := follow(t.Context(), d.Conn)
			if err != nil {
				t.Fatal(err)
			}
			writers := map[string]*pgx.Conn{"a": d.Connect(t), "b": d.Connect(t)}
			for _, table := range []string{"a", "b"} {
				pgtest.Exec(t, writers[table], `begin isolation level serializable`, `select 1`)
			}
			for turn := range turns {
				for _, table := range []string{"a", "b"} {
					pgtest.Exec(t, writers[table], fmt.Sprintf(strings.ReplaceAll(write, "§", table), turn+2))
				}
			}
			pgtest.Exec(t, writers["a"], `commit`)
			pgtest.Exec(t, writers["b"], `commit`)
			for more := true; more; more = pgtest.Query[bool](t, d.Conn, `select exists (select from rowcast.queue)`) {
				d.seal(t)
			}
			if _, diff, err := f.catchUp(t.Context()); err != nil || diff != "" {
				t.Errorf("the clients hold something else (-table +client), %v:\n%s", err, diff)
			}
		})
	}
}
