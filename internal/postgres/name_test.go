package postgres_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/test/pgtest"
)

// People watch a name. In each way in which it comes to mean another table, drift
// says so, and migrate follows the name with the same settings, or ends with why not.
func TestNamesThatMeanAnotherTable(t *testing.T) {
	t.Parallel()
	const copied = `create table fresh (like orders including all)`
	for _, test := range []struct {
		name string
		make []string
		// drift is what is said of changes that are lost, "" for nothing; does, of migrate.
		drift, does string
		// fails is why migrate does not follow.
		fails string
		// captured are the tables that are captured in the end, by the names of events.
		captured []string
	}{
		{"replaced by a copy", []string{copied, `begin`, `alter table orders rename to orders_old`, `alter table fresh rename to orders`, `commit`}, "orders is another table now; the one that is watched is orders_old", "public.orders: watched in place of public.orders_old, which had the name", "", []string{"orders sale", "other other"}},
		{"replaced by a partitioned copy", []string{`create table fresh (like orders including all) partition by list (id)`, `create table fresh_1 partition of fresh default`, `alter table orders rename to orders_old`, `alter table fresh rename to orders`}, "orders is another table now", "watched in place of public.orders_old", "", []string{"orders sale", "other other"}},
		{"schema replaced", []string{`create schema next`, `create table next.orders (like orders including all)`, `alter schema public rename to gone`, `alter schema next rename to public`}, "orders is another table now; the one that is watched is gone.orders", "watched in place of gone.orders", "", []string{"gone.other other", "orders sale"}},
		{"moved to another schema and made anew", []string{`create schema archive`, copied, `alter table orders set schema archive`, `alter table fresh rename to orders`}, "the one that is watched is archive.orders", "watched in place of archive.orders", "", []string{"orders sale", "other other"}},
		{"dropped and made anew", []string{`drop table orders`, `create table orders (id int primary key, tenant_id text, secret text)`}, "the table was dropped", "watched in place of the table that had the name and was dropped", "", []string{"orders sale", "other other"}},
		{"two have changed places", []string{`alter table orders rename to x`, `alter table other rename to orders`, `alter table x rename to other`}, "orders is another table now; the one that is watched is other", "public.orders: watched in place of public.other", "", []string{"orders sale", "other other"}},
		{"renamed and nothing else", []string{`alter table orders rename to sales`}, "", "", "", []string{"other other", "sales sale"}},
		{"behind a view of it", []string{`alter table orders rename to orders_data`, `create view orders as select * from orders_data`}, "", "", "", []string{"orders_data sale", "other other"}},
		{"behind a view of another", []string{`alter table orders rename to orders_data`, `create view orders as select 1 as id`}, "orders is another table now", "", "public.orders is not a table", []string{"orders_data sale", "other other"}},
		{"replaced by one without the excluded column", []string{`alter table orders rename to orders_old`, `create table orders (id int primary key, tenant_id text, hidden text)`}, "orders is another table now", "", "public.orders has no column secret", []string{"orders_old sale", "other other"}},
		{"replaced by one without a key", []string{`alter table orders rename to orders_old`, `create table orders (id int, tenant_id text, secret text)`}, "orders is another table now", "", "public.orders has no primary key", []string{"orders_old sale", "other other"}},
		{"unwatched and made anew", []string{`select rowcast.unwatch('orders')`, `drop table orders`, `create table orders (id int primary key, tenant_id text, secret text)`}, "", "orders: left alone: one of this name was unwatched", "", []string{"other other"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Database(t)
			conn := pgtest.Connect(t, dsn)
			pgtest.Exec(t, conn, `create table orders (id int primary key, tenant_id text, secret text)`, `create table other (id int primary key, tenant_id text, secret text)`)
			up(t, migrator(t, dsn))
			pgtest.Exec(t, conn, `select rowcast.watch('orders', name => 'sale', exclude => '{secret}'), rowcast.watch('other', exclude => '{secret}')`)
			pgtest.Exec(t, conn, test.make...)
			drift := strings.Join(pgtest.Column[string](t, conn, `select detail from rowcast.trigger_drift() where lost order by 1`), "; ")
			if (test.drift == "") != (drift == "") || !strings.Contains(drift, test.drift) {
				t.Errorf("drift says %q; want %q", drift, test.drift)
			}
			steps, err := migrator(t, dsn).Up(t.Context())
			if (test.fails != "") != (err != nil) || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("migrate ends with %v; want %q", err, test.fails)
			}
			if did := strings.Join(tables(steps), "; "); !strings.Contains(did, test.does) {
				t.Errorf("migrate did %s; want %s", did, test.does)
			}
			drift = strings.Join(pgtest.Column[string](t, conn, `select detail from rowcast.trigger_drift() order by 1`), "; ")
			if (test.fails == "") != (drift == "") {
				t.Errorf("after that drift says %s", drift)
			}
			var captured []string
			for _, table := range pgtest.Column[string](t, conn, `select oid::regclass::text from pg_class c where relkind in ('r', 'p') and not relispartition
				and relnamespace::regnamespace::text in ('public', 'gone', 'archive') and exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id') order by 1`) {
				pgtest.Exec(t, conn, `delete from rowcast.log`, `insert into `+table+` values (1, 'T', 'secret value')`)
				for _, name := range pgtest.Column[string](t, conn, `select w.name from rowcast.log l join rowcast.watched w on w.id = l.watched`) {
					captured = append(captured, table+" "+name)
				}
				if leaked := pgtest.Column[string](t, conn, `select l::text from rowcast.log l where l::text ~ 'secret value'`); len(leaked) > 0 {
					t.Errorf("the log has what is excluded: %v", leaked)
				}
			}
			if diff := cmp.Diff(test.captured, captured); diff != "" {
				t.Errorf("captured are (-want +got):\n%s", diff)
			}
		})
	}
}
