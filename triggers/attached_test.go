package triggers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// Tables that are watched by themselves are attached to one that is watched, and to
// one that is watched only then. What their owners do works, drift says until the
// next migration that it is captured otherwise, and then each change is told
// once, as one of the whole, in every role.
func TestWatchedTableBecomesAPartition(t *testing.T) {
	t.Parallel()
	const columns = `(id int primary key, tenant_id text, secret text)`
	attach := []string{
		`alter table whole attach partition leaf for values from (0) to (100)`,
		`alter table whole attach partition branch for values from (100) to (200)`,
	}
	for _, first := range []string{"whole is watched", "whole is not watched"} {
		for _, before := range []string{"by number", "by an earlier version"} {
			t.Run(first+", "+before, func(t *testing.T) {
				t.Parallel()
				d := newDatabase(t, `delete from rowcast.log`, `create table whole `+columns+` partition by range (id)`,
					`create table leaf `+columns, `create table branch `+columns+` partition by range (id)`,
					`create table twig partition of branch for values from (100) to (150)`, `create table bud `+columns,
					`select rowcast.watch('leaf', exclude => '{secret}'), rowcast.watch('branch', exclude => '{secret}'), rowcast.watch('bud', exclude => '{secret}')`)
				watchWhole := `select rowcast.watch('whole', exclude => '{secret}')`
				if first == "whole is watched" {
					d.Exec(t, watchWhole)
				}
				if before == "by an earlier version" { // which named all row triggers alike
					d.Exec(t, `do $$ declare g record; begin
						for g in select tgname, tgrelid::regclass as part from pg_trigger where tgname ~ '^rowcast_replicated_' and tgparentid = 0 loop
							execute format('alter trigger %I on %s rename to rowcast_replicated', g.tgname, g.part);
						end loop; end $$`)
					d.migrate(t)
				}
				d.Exec(t, attach...)
				d.Exec(t, `alter table branch attach partition bud for values from (150) to (200)`)
				drift := strings.Join(pgtest.Column[string](t, d.Conn, `select table_name || ': ' || detail from rowcast.trigger_drift() where lost`), "\n")
				for part, above := range map[string]string{"leaf": "whole", "branch": "whole", "bud": "branch"} {
					want := part + ": the table has become a partition of public." + above + "; rowcast migrate captures it as part of that"
					if first != "whole is watched" && above == "whole" {
						want = part + ": the table has become a partition of public.whole; what is written through that is not captured: rowcast watch public.whole"
					}
					if !strings.Contains(drift, want) {
						t.Errorf("drift says %s; want %s", drift, want)
					}
				}
				if first == "whole is watched" {
					steps := d.migrate(t)
					if step := (postgres.Step{What: "table public.bud", Did: "no longer watched by itself: it is a partition of public.whole"}); !slices.Contains(steps, step) {
						t.Errorf("migrate did %v", steps)
					}
				} else {
					d.Exec(t, watchWhole)
				}
				if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(drift) > 0 {
					t.Errorf("after that drift says %v", drift)
				}
				if watched := pgtest.Column[string](t, d.Conn, `select name from rowcast.watched where active order by 1`); !slices.Equal(watched, []string{"doc", "whole"}) {
					t.Errorf("watched are %v", watched)
				}
				if n := pgtest.Query[int](t, d.Conn, `select count(*) from pg_trigger where tgrelid in (select relid from pg_partition_tree('whole')) and tgname ~ '^rowcast'`); n != 5*9 {
					t.Errorf("the whole has %d triggers; want %d", n, 5*9)
				}
				var want []string
				for _, role := range []string{"origin", "replica"} {
					d.Exec(t, `set session_replication_role = `+role)
					for id, table := range []string{"whole", "leaf", "branch", "twig", "bud"} {
						id := []int{1, 2, 101, 102, 151}[id]
						d.Exec(t, fmt.Sprintf(`insert into %s values (%d, 'T', 'hidden')`, table, id), fmt.Sprintf(`update %s set tenant_id = 'U' where id = %d`, table, id),
							fmt.Sprintf(`delete from %s where id = %d`, table, id))
						want = append(want, fmt.Sprintf(`i T (%d,T)`, id), fmt.Sprintf(`d T <(%d,T)`, id), fmt.Sprintf(`i U (%d,U)`, id), fmt.Sprintf(`d U <(%d,U)`, id))
					}
				}
				d.Exec(t, `reset session_replication_role`)
				d.wantLog(t, want...)
				if names := pgtest.Column[string](t, d.Conn, `select distinct w.name from rowcast.log l join rowcast.watched w on w.id = l.watched`); !slices.Equal(names, []string{"whole"}) {
					t.Errorf("captured as %v", names)
				}
				if steps := d.migrate(t); slices.ContainsFunc(steps, func(s postgres.Step) bool { return strings.Contains(s.Did, "repaired") }) {
					t.Errorf("migrate repaired once more: %v", steps)
				}
			})
		}
	}
}

// migrate brings the schema up to date.
func (d *database) migrate(t *testing.T) []postgres.Step {
	t.Helper()
	steps, err := (&postgres.Migrator{URL: d.DSN, Log: logger(t)}).Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return steps
}
