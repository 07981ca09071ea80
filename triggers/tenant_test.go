package triggers_test

import (
	"fmt"
	"testing"

	"rowcast/internal/test/pgtest"

	"pgregory.net/rapid"
)

// tenantColumns are definitions of a tenant column, with tenants that something
// other than their bytes might take for equal.
var tenantColumns = []struct {
	definition string
	tenants    []string
}{
	{`text`, []string{"a", "A", "a ", "á", "a\u0301", "ß", "ss"}},
	{`text collate "C"`, []string{"a", "A", "a ", "á"}},
	{`text collate folded`, []string{"a", "A", "á", "a\u0301", "ß", "SS", "ss"}},
	{`varchar(40) collate folded`, []string{"a", "A", "a ", "Á"}},
	{`named`, []string{"a", "A", "b", "B "}},
	{`uuid`, []string{"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"}},
	{`integer`, []string{"1", "10", "-1"}},
	{`bigint`, []string{"1", "9007199254740993", "9007199254740992"}},
	{`numbered`, []string{"7", "70"}},
}

// A tenant sees no value of another's, whatever the type, the domain or the
// collation of the tenant column takes for equal: they are told apart by the
// bytes of their text, in every way that capture has.
func TestTenantsAreDistinguishedByBytes(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create sequence runs`)
	if _, err := d.Conn.Exec(t.Context(), `create collation folded (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`); err != nil {
		t.Skipf("this PostgreSQL has no ICU: %v", err)
	}
	d.Exec(t, `create domain named as text collate folded`, `create domain numbered as smallint check (value > 0)`)
	rapid.Check(t, func(rt *rapid.T) {
		drawn := rapid.SampledFrom(tenantColumns).Draw(rt, "column")
		tenant := rapid.SampledFrom(drawn.tenants)
		table := fmt.Sprintf("drawn_%d", pgtest.Query[int](t, d.Conn, `select nextval('runs')`))
		statements := []string{
			fmt.Sprintf(`create table %s (id int primary key, owner %s, body text)`, table, drawn.definition),
			fmt.Sprintf(`select rowcast.watch('%s', tenant_column => 'owner')`, table),
		}
		if rapid.Bool().Draw(rt, "replicated") {
			statements = append(statements, `set session_replication_role = replica`)
		}
		if rapid.Bool().Draw(rt, "excluded") {
			statements[1] = fmt.Sprintf(`select rowcast.watch('%s', tenant_column => 'owner', exclude => '{body}')`, table)
		}
		rows := rapid.SampledFrom([]int{1, 3, 100}).Draw(rt, "rows")
		statements = append(statements, fmt.Sprintf(`insert into %s select n, '%s', 'x' from generate_series(1, %d) n`, table, tenant.Draw(rt, "first"), rows))
		for range rapid.IntRange(1, 4).Draw(rt, "moves") {
			to, body := tenant.Draw(rt, "to"), rapid.StringMatching("[a-z]{1,3}").Draw(rt, "body")
			where := rapid.SampledFrom([]string{"true", "id = 1", "id % 2 = 0"}).Draw(rt, "where")
			statements = append(statements, fmt.Sprintf(`update %s set owner = '%s', body = body || '%s' where %s`, table, to, body, where))
		}
		statements = append(statements, `reset session_replication_role`)
		d.Exec(t, statements...)
		wrong := pgtest.Column[string](t, d.Conn, fmt.Sprintf(`
			select l.op::text || ' of ' || l.tenant || ' has ' || i.image::text
			  from rowcast.log l join rowcast.watched w on w.id = l.watched and w.table_name = '%s'
			 cross join lateral unnest(coalesce(l.after, '{}') || coalesce(l.before, '{}')) i (image)
			 where convert_to(i.image ->> 'owner', 'UTF8') <> convert_to(l.tenant, 'UTF8')`, table))
		if len(wrong) > 0 {
			rt.Fatalf("%d images are of another tenant, the first: %s", len(wrong), wrong[0])
		}
		// Nothing is left out either: what a tenant was told is what it has.
		differs := pgtest.Column[string](t, d.Conn, fmt.Sprintf(`
			select coalesce(f.row, '') || ' and ' || coalesce(r.row, '')
			  from (select distinct on (l.tenant, (i.image ->> 'id')) l.tenant || ' ' || (i.image ->> 'id') as row, l.op
			          from rowcast.log l join rowcast.watched w on w.id = l.watched and w.table_name = '%[1]s'
			         cross join lateral unnest(coalesce(l.after, l.before)) with ordinality i (image, n)
			         order by l.tenant, (i.image ->> 'id'), l.begun desc, l.part desc, l.op = 'i' desc, l.id desc) f
			  full join (select (t.owner::text collate "C") || ' ' || t.id as row from %[1]s t) r on r.row = f.row
			 where f.row is null and r.row is not null or r.row is null and f.op <> 'd' or r.row is not null and f.op = 'd'`, table))
		if len(differs) > 0 {
			rt.Fatalf("the log and the table differ: %v", differs)
		}
		d.Exec(t, `select rowcast.unwatch('`+table+`')`, `drop table `+table)
	})
}
