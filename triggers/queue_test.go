package triggers_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// large writes a transaction of n log rows for the tenants big_0 to big_<m-1>.
func large(t testing.TB, d *database, from, n, m int) {
	t.Helper()
	d.Exec(t, fmt.Sprintf(`do $$ begin for i in 1..%d loop insert into docs values (%d + i, 'big_' || i %% %d, 'x'); end loop; end $$`, n, from, m))
}

// sealedOf is how many changes of a tenant have got their place.
func sealedOf(t testing.TB, d *database, tenant string) int {
	t.Helper()
	return pgtest.Query[int](t, d.Conn, `select coalesce(max(position), 0)::int from rowcast.sealed where tenant = $1`, tenant)
}

// A transaction that is too large for one seal holds up its own tenants, and
// nobody else. In the end everybody is told in the order of the commits.
func TestOthersPassByALargeTransaction(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	const rows, tenants = 9000, 3
	large(t, d, 0, rows, tenants)
	d.Exec(t, `insert into docs values (100001, 'small', 'first')`, `insert into docs values (100002, 'big_0', 'after')`)
	for seals, id := 0, 100010; ; seals++ {
		if seals > 200 {
			t.Fatal("200 seals were not enough")
		}
		d.seal(t)
		if seals == 1 {
			if got := sealedOf(t, d, "small"); got < 1 {
				t.Errorf("after two seals the small tenant has %d changes", got)
			}
		}
		if got, want := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.unsealed()`), pgtest.Query[int](t, d.Conn, `
			select count(*) from (select xid, id from rowcast.log except select xid, id from rowcast.sealed) l`); got != want {
			t.Fatalf("%d log rows are said to be without a place; want %d", got, want)
		}
		if !pgtest.Query[bool](t, d.Conn, `select exists (select from rowcast.queue)`) {
			break
		}
		// What comes meanwhile passes by with the next seal, and waits if it
		// touches a tenant of one that waits.
		before := sealedOf(t, d, "small")
		d.Exec(t, fmt.Sprintf(`insert into docs values (%d, 'small', 'next')`, id))
		if seals == 3 {
			d.Exec(t, `insert into docs values (100003, 'big_1', 'waits'), (100004, 'follower', 'waits as well')`,
				`insert into docs values (100005, 'follower', 'waits behind it')`)
		}
		if seals > 1 {
			d.seal(t)
			if got := sealedOf(t, d, "small"); got != before+1 {
				t.Fatalf("the small tenant waits: it has %d changes, and had %d", got, before)
			}
		}
		id++
	}
	d.seal(t)
	for tenant, want := range map[string]int{"big_0": rows/tenants + 1, "big_1": rows/tenants + 1, "big_2": rows / tenants, "follower": 2} {
		if got := sealedOf(t, d, tenant); got != want {
			t.Errorf("tenant %s has %d changes; want %d", tenant, got, want)
		}
	}
	if wrong := pgtest.Column[string](t, d.Conn, `
		select s.tenant || ' ' || s.position
		  from (select s.*, lag(s.position, 1, 0::bigint) over (partition by s.tenant order by s.position) as last,
		               lag(s.place, 1, 0::bigint) over (order by s.place) as last_place,
		               lag((l.after[1] ->> 'id')::int, 1, 0) over (partition by s.tenant order by s.position) as last_id,
		               (l.after[1] ->> 'id')::int as row_id
		          from rowcast.sealed s join rowcast.log l using (xid, id)) s
		 where s.position <> s.last + s.rows or s.place <> s.last_place + 1 or s.row_id <= s.last_id`); len(wrong) > 0 {
		t.Errorf("%d are out of order, the first is %s", len(wrong), wrong[0])
	}
	if left := pgtest.Query[int](t, d.Conn, `select (select count(*) from rowcast.queue_row) + (select count(*) from rowcast.queue_tenant)`); left != 0 {
		t.Errorf("%d rows are left in the queue", left)
	}
}

// A server that comes while there is a queue, and nothing new, goes on with it.
func TestQueueOutlivesItsSealer(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	large(t, d, 0, 5000, 2)
	d.seal(t)
	for range 50 {
		if !pgtest.Query[bool](t, d.Conn, `select exists (select from rowcast.queue)`) {
			break
		}
		pgtest.Exec(t, d.Connect(t), `select rowcast.seal()`) // each by a session of its own
	}
	if got := sealedOf(t, d, "big_0"); got != 2500 {
		t.Errorf("tenant big_0 has %d changes; want 2500", got)
	}
}

// A large transaction with statements of many rows, nested writes and a truncate
// is told as a small one would be.
func TestLargeTransactionIsSentLikeASmallOne(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table notes (id int primary key, tenant_id text, body text)`, `select rowcast.watch('notes')`,
		`create function note() returns trigger language plpgsql as $$ begin
			insert into notes values (new.id, new.tenant_id, new.body);
			return null; end $$`,
		`create trigger note after insert on docs for each row execute function note()`)
	d.Exec(t, `select rowcast.know('known')`, `begin`,
		`insert into docs select n, 'T' || n % 2, repeat('x', 300) from generate_series(1, 3000) n`,
		`update docs set body = 'y' || id where id <= 10`,
		`truncate notes`,
		`update docs set tenant_id = 'V' where id <= 20`,
		`do $$ begin for i in 1..2000 loop update docs set body = 'z' || i where id = 30; end loop; end $$`,
		`delete from docs where id > 40`)
	d.Exec(t, `commit`)
	for range 100 {
		d.seal(t)
		if !pgtest.Query[bool](t, d.Conn, `select exists (select from rowcast.queue)`) {
			break
		}
	}
	if got := sealedOf(t, d, "known"); got != 1 {
		t.Errorf("a tenant without changes was told %d; want the truncate", got)
	}
	// The same with all of it in one seal.
	d.Exec(t, `create temporary table queued as select tenant, position, xid, id, rows, statement_rows, statement_from from rowcast.sealed`,
		`truncate rowcast.sealed, rowcast.tenant`, `select rowcast.know('known')`,
		`select rowcast.seal_rows(1000000, 0, 0, pg_current_snapshot(), array_agg(distinct ((xid::text::bigint - 1)::text)::xid8),
			array_agg(distinct ((xid::text::bigint + 1)::text)::xid8), '{0}') from rowcast.log`)
	if differ := pgtest.Query[int](t, d.Conn, `
		select count(*) from (select tenant, position, xid, id, rows, statement_rows, statement_from from rowcast.sealed) s full join queued q
		    on (s.tenant, s.position, s.xid, s.id, s.rows, s.statement_rows, s.statement_from)
		     = (q.tenant, q.position, q.xid, q.id, q.rows, q.statement_rows, q.statement_from) where s.xid is null or q.xid is null`); differ != 0 {
		t.Errorf("%d log rows got something else in pieces than at once", differ)
	}
}

// A large transaction notes its tenants while it is written, so that others wait no
// longer for one of many rows than for one of few.
func TestLargeTransactionNotesItsTenants(t *testing.T) {
	t.Parallel()
	blocks := map[int]int{}
	for _, rows := range []int{8000, 32000} {
		d := newDatabase(t)
		d.seal(t)
		large(t, d, 0, rows, 5)
		blocks[rows] = sharedBlocks(t, d.Conn, `select rowcast.seal()`)
		if got := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.queue q join rowcast.queue_tenant using (xid) where q.known`); got != 5 {
			t.Errorf("%d tenants are known of a transaction of %d rows; want 5", got, rows)
		}
	}
	if blocks[32000] > blocks[8000]*3/2+200 {
		t.Errorf("the first seal reads %d blocks for 32000 rows, and %d for 8000", blocks[32000], blocks[8000])
	}
}

// Exactly the tenants are noted that a transaction has touched and not taken back,
// wherever it sets back to a savepoint, and however many rows its statements have.
func TestExactlyTheTouchedTenantsAreNoted(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	rapid.Check(t, func(drawn *rapid.T) {
		touched := map[string]bool{}
		var saved []map[string]bool
		id := pgtest.Query[int](t, d.Conn, `select coalesce(max(id), 0) + 1 from docs`)
		d.Exec(t, `begin`)
		for range rapid.IntRange(3, 7).Draw(drawn, "steps") {
			tenant := fmt.Sprint("tenant ", rapid.IntRange(0, 30).Draw(drawn, "tenant"))
			switch step := rapid.IntRange(0, 5).Draw(drawn, "step"); {
			case step == 0:
				d.Exec(t, fmt.Sprint(`savepoint s`, len(saved)))
				saved = append(saved, maps.Clone(touched))
			case step == 1 && len(saved) > 0:
				to := rapid.IntRange(0, len(saved)-1).Draw(drawn, "savepoint")
				d.Exec(t, fmt.Sprint(`rollback to s`, to))
				touched = maps.Clone(saved[to])
				saved = saved[:to+1]
			case step == 2:
				n := rapid.IntRange(1, 1500).Draw(drawn, "rows")
				d.Exec(t, fmt.Sprintf(`insert into docs select %d + n, '%s of many ' || n %% 1500, 'x' from generate_series(1, %d) n`, id, tenant, n))
				for i := 1; i <= n; i++ {
					touched[fmt.Sprint(tenant, " of many ", i%1500)] = true
				}
				id += n + 1
			default:
				n := rapid.IntRange(1, 700).Draw(drawn, "statements")
				d.Exec(t, fmt.Sprintf(`do $$ begin for i in 1..%d loop insert into docs values (%d + i, '%s', 'x'); end loop; end $$`, n, id, tenant))
				touched[tenant] = true
				id += n + 1
			}
		}
		d.Exec(t, `select rowcast.note_rows(pg_current_xact_id(), coalesce((select id from rowcast.noted where xid = pg_current_xact_id()), 0))`)
		got := pgtest.Column[string](t, d.Conn, `select tenant from rowcast.queue_tenant where xid = pg_current_xact_id() order by tenant collate "C"`)
		d.Exec(t, `rollback`)
		if want := slices.Sorted(maps.Keys(touched)); !slices.Equal(got, want) {
			drawn.Fatalf("noted %q; want %q", got, want)
		}
	})
}

// What a transaction that is still open has appended costs a seal nothing, also
// if the planner's figures are from now, when they call the log empty.
func TestOpenTransactionCostsNothing(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	other := d.Connect(t)
	blocks := func(analyzed string) {
		conn, err := postgres.Connect(t.Context(), d.DSN, "seals")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		for _, statement := range []string{`select rowcast.seal()`, `select count(*) from rowcast.unsealed()`, `select rowcast.much_to_seal()`} {
			for n := range 4 {
				d.Exec(t, `insert into docs select coalesce(max(id), 0) + 1, 'small', 'x' from docs`)
				got := sharedBlocks(t, conn, statement)
				if n > 0 && got > 300 { // the first reads the catalogue
					t.Errorf("%s reads %d blocks, figures of the planner: %q", statement, got, analyzed)
				}
			}
		}
	}
	blocks("none")
	pgtest.Exec(t, other, `begin`, `do $$ begin for i in 1..20000 loop insert into docs values (100000 + i, 'big', 'x'); end loop; end $$`)
	blocks("old")
	d.Exec(t, `analyze rowcast.log_active`)
	blocks("new")
	d.Exec(t, `vacuum rowcast.log_active`)
	blocks("vacuumed")
	pgtest.Exec(t, other, `rollback`)
}
