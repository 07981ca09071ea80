package write_test

import (
	"encoding/json"
	"runtime"
	"slices"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/test/pgtest"
)

// TestEveryRowIsAccounted runs both shapes; a run compares what its writers
// committed with the table and with what the reader received. What it counted
// is then compared with what Rowcast knows: the rows that were captured.
func TestEveryRowIsAccounted(t *testing.T) {
	t.Parallel()
	// More than fits into the pages that PostgreSQL adds to the log ahead of need
	// when writers queue for one, 20 for each.
	for table, rows := range map[string]int{"orders": 10_000, "narrow": 50_000} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			d := pgtest.Migrated(t)
			o := short()
			o.Table, o.Rows = table, rows
			report := new(bench.Report)
			if err := run(t.Context(), t, d, o, report); err != nil {
				t.Fatal(err)
			}
			clean(t, d)
			if n := pgtest.Query[int](t, d.Conn, `select coalesce(sum(rows), 0) from rowcast.sealed`); n < o.Rows+2 {
				t.Errorf("%d rows were captured and sealed; want at least those of COPY and two loads", n)
			}
			if n := len(find(t, report, "transactions").Rows); n != 6 {
				t.Errorf("%d rows about transactions; want 6", n)
			}
			if n := len(find(t, report, "copy").Rows); n != 3 {
				t.Errorf("%d rows about COPY; want 3", n)
			}
			figures(t, report)
		})
	}
}

// figures checks that everything that can be known here is known and above zero.
func figures(t *testing.T, report *bench.Report) {
	t.Helper()
	text, err := json.Marshal(report.Tables)
	if err != nil {
		t.Fatal(err)
	}
	var tables []struct{ Rows []map[string]any }
	if err := json.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	mayBeZero := map[string]bool{ // a tick of the clock, and no reader or log
		"serverCpuMicrosecondsPerRow": true, "readerCpuMicrosecondsPerRow": true, "logMegabytes": true, "logOfTable": true,
	}
	// A ratio of times of no tick has no value.
	mayBeUnknown := map[string]bool{"serverCpuOfNone": true}
	for _, table := range tables {
		for _, row := range table.Rows {
			for name, v := range row {
				figure, isFigure := v.(float64)
				switch {
				case v == nil && (mayBeUnknown[name] || runtime.GOOS != "linux"):
				case v == nil:
					t.Errorf("%s is unknown in %v", name, row)
				case isFigure && (figure < 0 || figure == 0 && !mayBeZero[name] && !mayBeUnknown[name]):
					t.Errorf("%s is %v in %v", name, figure, row)
				}
			}
			if row["triggers"] == "rowcast" && row["logMegabytes"] == 0.0 {
				t.Error("COPY into a watched table left nothing in the log")
			}
		}
	}
}

// TestForeignRowIsNoticed has a trigger write a row that no writer knows of.
func TestForeignRowIsNoticed(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"narrow_none", "narrow_rowcast", "narrow_notify"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			d := pgtest.Migrated(t)
			o := short()
			o.Table, o.Rows, o.Writers, o.Rounds = "narrow", 0, []int{1}, 100
			s := start(t, d, o)
			until(t, d, s, `select to_regclass('rowcast_bench.narrow_notify') is not null`)
			d.Exec(t, `create function rowcast_bench.sneak() returns trigger language plpgsql as $$ begin
					insert into rowcast_bench.`+table+` values (-1, 'rowcast-bench-1', 'foreign') on conflict do nothing; return null; end $$;
				create trigger sneak after insert on rowcast_bench.`+table+`
					for each row when (new.id > 0) execute function rowcast_bench.sneak()`)
			if err := <-s.done; !contains(err, " rows, but ") {
				t.Errorf("the run ended with %v", err)
			}
			clean(t, d)
		})
	}
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	d := pgtest.Migrated(t)
	before := pgtest.Query[string](t, d.Conn, everything)
	o := short()
	o.Writers, o.Rows = []int{2}, 100
	if err := run(t.Context(), t, d, o, new(bench.Report)); err != nil {
		t.Fatal(err)
	}
	clean(t, d)
	if after := pgtest.Query[string](t, d.Conn, everything); after != before {
		t.Errorf("the database has\n%s\nand had\n%s", after, before)
	}
}

// everything lists the schemas, relations, functions and triggers.
const everything = `select string_agg(what, e'\n' order by what) from (
	select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_'
	union all select c.relkind::text || ' ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_'
	union all select 'function ' || oid::regprocedure from pg_proc
	union all select 'trigger ' || tgname || ' ' || tgrelid::regclass from pg_trigger) as x (what)`

// TestInterruptLeavesNothing ends runs in the midst of what they do.
func TestInterruptLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		rows int
		is   string
	}{
		"schema":  {0, `select to_regnamespace('rowcast_bench') is not null`},
		"none":    {0, `select count(*) > 0 from rowcast_bench.orders_none`},
		"rowcast": {0, `select count(*) > 0 from rowcast_bench.orders_rowcast`},
		"notify":  {0, `select count(*) > 0 from rowcast_bench.orders_notify`},
		"copy":    {2_000_000, `select count(*) > 0 from pg_stat_activity where query ~ '^copy rowcast_bench' and datname = current_database()`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := pgtest.Migrated(t)
			o := short()
			o.Writers, o.Rows, o.Duration = []int{2}, at.rows, 10*time.Second
			switch name {
			case "rowcast", "notify":
				o.Duration = 200 * time.Millisecond
				o.Rounds = 100
			case "copy":
				o.Duration = 10 * time.Millisecond
			}
			s := start(t, d, o)
			until(t, d, s, `select to_regclass('rowcast_bench.orders_notify') is not null`)
			until(t, d, s, at.is)
			s.canceled(t)
			clean(t, d)
		})
	}
}

func TestSecondRunIsRefused(t *testing.T) {
	t.Parallel()
	d := pgtest.Migrated(t)
	o := short()
	o.Duration = 30 * time.Second
	first := start(t, d, o)
	until(t, d, first, `select to_regclass('rowcast_bench.orders_notify') is not null`)
	if err := run(t.Context(), t, d, o, new(bench.Report)); !contains(err, "another benchmark is running") {
		t.Errorf("the second run: %v", err)
	}
	if !pgtest.Query[bool](t, d.Conn, `select to_regclass('rowcast_bench.orders_notify') is not null`) {
		t.Error("the second run removed the tables of the first")
	}
	first.canceled(t)
	clean(t, d)
}

// TestOnlyItsOwnTenants looks for changes that concern other tenants, as a
// TRUNCATE would.
func TestOnlyItsOwnTenants(t *testing.T) {
	t.Parallel()
	d := pgtest.Migrated(t)
	d.Exec(t, `create table docs (id int primary key, tenant_id text); select rowcast.watch('docs'); insert into docs values (1, 'acme')`)
	o := short()
	if err := run(t.Context(), t, d, o, new(bench.Report)); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.sealed where tenant = 'acme'`); n != 1 {
		t.Errorf("the tenant of somebody else has %d changes; want its own", n)
	}
	foreign := `select count(*) from rowcast.sealed where tenant <> 'acme' and tenant !~ '^0be9c000-0000-4000-8000-0000000000[0-5][0-9]$'`
	if n := pgtest.Query[int](t, d.Conn, foreign); n != 0 {
		t.Errorf("%d changes are those of other tenants", n)
	}
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.sealed where tenant <> 'acme'`); n == 0 {
		t.Error("the run captured nothing")
	}
}

func TestCommitDelay(t *testing.T) {
	t.Parallel()
	d := pgtest.Migrated(t)
	o := short()
	o.Writers, o.Rows, o.CommitDelay = []int{1}, 0, 2*time.Millisecond
	report := new(bench.Report)
	if err := run(t.Context(), t, d, o, report); err != nil {
		t.Fatal(err)
	}
	if got := report.Environment.Settings; !slices.Contains(got, "commit_delay=2000") {
		t.Errorf("the writers had %q; want commit_delay=2000", got)
	}
}

func TestCommitDelayIsRefused(t *testing.T) {
	t.Parallel()
	d := pgtest.Migrated(t)
	pgtest.Admin(t, pgtest.Server(t), `create role plain login`)
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), `drop role plain`) })
	o := short()
	o.CommitDelay = time.Millisecond
	plain := *d
	plain.DSN += "&options=" + "-c%20role%3Dplain"
	err := run(t.Context(), t, &plain, o, new(bench.Report))
	if !contains(err, "grant set on parameter commit_delay") || !contains(err, "permission denied") {
		t.Errorf("a role that may not set commit_delay: %v", err)
	}
	clean(t, d)
}
