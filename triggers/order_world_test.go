package triggers_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// world is where the transactions are done: what is done to the tables, and what
// the session is set to.
type world struct {
	name, tables, session string
	// blind: the tables cannot be looked into, so that clients may be told to read
	// them again. unordered: nothing is put in order.
	blind, unordered bool
}

// String names the world.
func (w world) String() string { return w.name }

// TestUnorderedIsReported inserts rows of which a trigger has deleted the keys. Where the
// table cannot be looked into, nothing tells which came last, and clients are told to
// read it again; with that forgotten they hold something else.
func TestUnorderedIsReported(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"world_owner": "login", "world_other": "login"})
	at := slices.IndexFunc(partitions(), func(l leading) bool { return l.name == "a partitioned table, before insert, delete the key" })
	test := partitions()[at]
	for _, w := range worlds("world_owner", "world_other") {
		for forgotten, seeded := range map[string]string{"": "", " forgotten": `
			do $$ begin execute replace(pg_get_functiondef('rowcast.put_in_order'::regproc), 'not o.sure', 'false');
				execute replace(pg_get_functiondef('rowcast.tell_unordered'::regproc), 'on a.own', 'on false and a.own'); end $$`} {
			t.Run(w.name+forgotten, func(t *testing.T) {
				t.Parallel()
				changes, diff := test.do(t, "world_owner", w.tables+";"+seeded, w.session)
				unordered := slices.ContainsFunc(changes, func(c change) bool { return c.op == "o" })
				if unordered != (w.blind && forgotten == "") {
					t.Errorf("the clients are told to read again: %t", unordered)
				}
				if (diff != "") != (w.blind && forgotten != "") {
					t.Errorf("the clients hold something else (-table +client):\n%s\nthe order:\n%s", diff, strings.Join(written(t, changes), "\n"))
				}
			})
		}
	}
}

// ofTables runs a statement for each table of the plan, %s.
func ofTables(statement, where string) string {
	return strings.NewReplacer("STATEMENT", statement, "WHERE", where).Replace(`
		do $$ declare s text; begin
			for s in select format('STATEMENT', c.oid::regclass) from pg_class c
				where c.relnamespace in (to_regnamespace('s'), 'public'::regnamespace) and c.relkind in ('r', 'p') and WHERE
			loop execute s; end loop;
		end $$`)
}

// worlds are the places where statements are put in order, with the tables of a role
// and those of another one.
func worlds(owner, other string) []world {
	return []world{
		{name: "read committed"},
		{name: "repeatable read", session: `set default_transaction_isolation = 'repeatable read'`},
		{name: "serializable", session: `set default_transaction_isolation = 'serializable'`, blind: true, unordered: true},
		{name: "policies for everybody", tables: ofTables("create policy everything on %1$s using (true); alter table %1$s enable row level security, force row level security", "not c.relrowsecurity"), blind: true},
		{name: "owners without a function", blind: true, tables: `
			do $$ declare s text; begin
				for s in select format('drop function %s', p.oid::regprocedure) from pg_proc p where p.proname like 'look\_as\_%' loop execute s; end loop;
			end $$`},
		{name: "partitions of others", blind: true, tables: ofTables("alter table %s owner to "+other, "c.relispartition") + `;
			do $$ declare s text; begin
				for s in select format('grant usage on schema %1$I to ROLES; grant all on all tables in schema %1$I to ROLES; grant all on all sequences in schema %1$I to ROLES', n.nspname)
					from pg_namespace n where n.nspname in ('public', 's')
				loop execute replace(s, 'ROLES', '` + owner + `, ` + other + `'); end loop;
			end $$`},
	}
}

func drawWorld(t *rapid.T) world {
	return rapid.SampledFrom(worlds("drawn_owner", "drawn_other")).Draw(t, "world")
}
