package triggers_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// fault is what could be wrong with capture, and what TestWritersPromise says then.
type fault struct {
	name string
	// install makes it.
	install []string
	// columns, settings and exclude bring it about.
	columns  []sort
	settings []string
	exclude  []string
	want     string
}

// begins returns how a function gets a statement at its beginning.
func begins(function, statement string) string {
	return fmt.Sprintf(`do $do$
		declare
			had constant text := pg_get_functiondef('rowcast.%s'::regproc);
			has constant text := regexp_replace(had, e'\nbegin\n', %s);
		begin
			if has = had then
				raise exception 'the function has another form';
			end if;
			execute has;
		end $do$`, function, "e'\\nbegin\\n' || $fault$"+statement+"$fault$ || e'\\n'")
}

// logs returns how log rows are changed before they are appended.
func logs(body string) []string {
	return []string{
		`create function public.fault() returns trigger language plpgsql as $$ begin ` + body + ` return new; end $$`,
		`create trigger fault before insert on rowcast.log_active for each row execute function public.fault()`,
	}
}

var faults = []fault{
	{
		name:     "a writer fails under a setting",
		install:  []string{begins("fix_settings", `if current_setting('bytea_output') = 'escape' then raise exception 'seeded'; end if;`)},
		settings: []string{"set bytea_output = escape"},
		want:     "a statement fails that succeeds without triggers: P0001",
	},
	{
		name:    "a writer fails with a type",
		install: []string{begins("written", `if pg_trigger_depth() > 0 and (rowcast.base_type(type)).typtype = 'c' then raise exception 'seeded'; end if;`)},
		columns: []sort{{"kinds.pair", []string{`'(1,sad)'`}}},
		want:    "a statement fails that succeeds without triggers: P0001",
	},
	{
		name:    "a session is changed",
		install: []string{begins("capture_update", `perform pg_catalog.set_config('IntervalStyle', 'iso_8601', false);`)},
		want:    "the writer sees something else than without triggers",
	},
	{
		name:    "a change is lost",
		install: logs(`if new.op = 'd' then return null; end if;`),
		want:    feedDiffers,
	},
	{
		name: "a change is told twice",
		install: logs(`if pg_trigger_depth() < 3 and new.op = 'i' then
			insert into rowcast.log_active (begun, watched, rows, op, tenant, after) values (new.begun, new.watched, new.rows, new.op, new.tenant, new.after); end if;`),
		want: feedDiffers,
	},
	{
		name:    "a column is forgotten",
		install: logs(`new.after := array(select (i::jsonb - 'mark')::json from unnest(new.after) i); if new.op = 'd' then new.after := null; end if;`),
		want:    feedDiffers,
	},
	{
		name:    "a wrong value of before",
		install: logs(`if new.op = 'u' then new.before := new.after; end if;`),
		want:    feedDiffers,
	},
	{
		name:    "another tenant is told",
		install: logs(`new.tenant := 'U';`),
		want:    feedDiffers,
	},
	{
		name:    "an excluded column is told",
		install: logs(`if new.op = 'i' then new.after := array(select (i::jsonb || '{"c1":1}')::json from unnest(new.after) i); end if;`),
		columns: []sort{{"integer", []string{"1"}}},
		exclude: []string{"c1"},
		want:    feedDiffers,
	},
}

// findFaults proves that what is wrong is found: each fault of capture is told as what
// it is, for a table that keeps the promise without it.
func findFaults(t *testing.T, server int) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			sound, faulty := newDatabase(t, promiseKinds()...), newDatabase(t, slices.Concat(promiseKinds(), f.install)...)
			var found []string
			for seed := range 20 {
				p := f.draw(server, seed)
				broken := faulty.keep(t, p, map[string]int{})
				if broken == nil {
					continue
				}
				if broken.what != f.want {
					found = append(found, broken.what+"\n"+broken.detail)
					continue
				}
				if broken := sound.keep(t, p, map[string]int{}); broken != nil {
					t.Errorf("without the fault: %s\n%s", broken.what, broken.detail)
				}
				return
			}
			t.Errorf("it was not found, but %q", found)
		})
	}
}

// draw draws a table, with what brings the fault about.
func (f fault) draw(server, seed int) *promise {
	p := rapid.Custom(func(t *rapid.T) *promise { return drawPromise(t, server, f.columns...) }).Example(seed)
	p.exclude = f.exclude
	p.acts = nil
	for _, sql := range []string{
		"delete from §.t where mark = 2", "update §.t set mark = 7 where mark < 3", "update §.t set mark = 8",
		"insert into §.t (id, tenant_id, part, mark) values (" + p.key.values[1] + ", " + p.tenant.values[0] + ", 1, 4)", "delete from §.t",
	} {
		p.acts = append(p.acts, act{role: "promise_owner", settings: f.settings, steps: []step{{sql: sql}}})
	}
	return p
}
