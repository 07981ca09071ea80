package triggers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// feed follows one table by the numbers that its columns have.
type feed struct {
	conn                  *pgx.Conn
	key, excluded, tenant []int16
	sequence              int64
	views                 map[string]map[string]string // tenant, key, row; nil if that is not known
}

func newFeed(ctx context.Context, conn *pgx.Conn) (*feed, error) {
	f := &feed{conn: conn}
	err := conn.QueryRow(ctx, `
		select array(select unnest(i.indkey)), array(select a.attnum from pg_attribute a where a.attrelid = w.relation and a.attname = any (w.exclude)),
		       array(select a.attnum from pg_attribute a where a.attrelid = w.relation and a.attname = w.tenant_column)
		  from rowcast.watched w join pg_index i on i.indrelid = w.relation and i.indisprimary where w.active`).Scan(&f.key, &f.excluded, &f.tenant)
	if err != nil {
		return nil, fmt.Errorf("read the columns: %w", err)
	}
	for range 2 { // truncates of before may wait for the first tenant
		if _, _, err = f.catchUp(ctx, true); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// columns lists those of the table that the feed has, or all. There is no key once
// the primary key was dropped.
func (f *feed) columns(ctx context.Context, all bool) (columns, key, tenant string, names []string, err error) {
	err = f.conn.QueryRow(ctx, `
		select string_agg(format('r.%I', a.attname), ', ' order by a.attname) filter (where a.attgenerated <> 'v' and ($4 or a.attnum <> all ($2::int2[])
		           and (a.attgenerated = '' or not exists (select from pg_class c where c.oid = a.attrelid and c.relkind = 'p')))),
		       coalesce(string_agg(format('r.%I', a.attname), ', ' order by a.attnum) filter (where a.attnum = any ($1::int2[])
		           and exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary)), ''),
		       coalesce(min(format('r.%I', a.attname)) filter (where a.attnum = any ($3::int2[])), ''),
		       coalesce(array_agg(a.attname::text) filter (where a.attnum = any ($2::int2[])), '{}')
		  from pg_attribute a where a.attrelid = 'watched.t'::regclass and a.attnum > 0 and not a.attisdropped`,
		f.key, f.excluded, f.tenant, all).Scan(&columns, &key, &tenant, &names)
	return columns, key, tenant, names, err
}

// hidden lists the excluded columns that there are.
func (f *feed) hidden(ctx context.Context) (names []string, err error) {
	_, _, _, names, err = f.columns(ctx, true)
	return names, err
}

func (f *feed) differs(ctx context.Context) (differs bool, err error) {
	columns, _, _, _, err := f.columns(ctx, true)
	if err != nil {
		return false, err
	}
	const rows = `(select coalesce(string_agg(row(%[1]s)::text, e'\n' order by row(%[1]s)::text), '') from %[2]s.t r)`
	return differs, f.conn.QueryRow(ctx, "select "+fmt.Sprintf(rows, columns, "watched")+" <> "+fmt.Sprintf(rows, columns, "twin")).Scan(&differs)
}

// lost is whether drift says that the feed is not what the table is.
func (f *feed) lost(ctx context.Context) (lost bool, err error) {
	return lost, f.conn.QueryRow(ctx, `select exists (select from rowcast.trigger_drift() where lost)`).Scan(&lost)
}

// catchUp applies what is new, and answers how the views differ from the table
// then, unless that is not known. From then on they are what the table is.
func (f *feed) catchUp(ctx context.Context, unknown bool) (changes []change, diff string, err error) {
	from := f.sequence
	if err := f.conn.QueryRow(ctx, `select rowcast.seal()`).Scan(&f.sequence); err != nil {
		return nil, "", fmt.Errorf("seal: %w", explain(err))
	}
	if f.views != nil {
		if changes, err = history(ctx, f.conn, from); err != nil {
			return nil, "", err
		}
	}
	columns, key, tenant, excluded, err := f.columns(ctx, false)
	if err != nil {
		return changes, "", err
	}
	if tenant == "" || key == "" {
		f.views = nil
		return changes, "unknown", nil
	}
	known := f.views != nil && !unknown
	var wrong string
	if known {
		if known, wrong, err = f.apply(ctx, changes, key, columns, excluded); err != nil {
			return changes, "", err
		}
	}
	applied := f.views
	unique, err := f.read(ctx, tenant, key, columns)
	switch {
	case err != nil:
		return changes, "", err
	case !unique:
		f.views = nil
		return changes, "unknown", nil
	case !known:
		return changes, "unknown", nil
	case wrong != "":
		return changes, wrong, nil
	}
	return changes, cmp.Diff(lines(f.views), lines(applied)), nil
}

func lines(views map[string]map[string]string) (lines []string) {
	for _, tenant := range slices.Sorted(maps.Keys(views)) {
		for _, key := range slices.Sorted(maps.Keys(views[tenant])) {
			lines = append(lines, tenant+": "+views[tenant][key])
		}
	}
	return lines
}

func (f *feed) put(tenant, key, row string) {
	if f.views[tenant] == nil {
		f.views[tenant] = map[string]string{}
	}
	f.views[tenant][key] = row
}

// read takes the views from the table, as a client that joins each tenant. A key
// may be there twice if rows of a table that inherits are seen.
func (f *feed) read(ctx context.Context, tenant, key, columns string) (unique bool, err error) {
	rows, err := f.conn.Query(ctx, fmt.Sprintf(`
		select t.tenant, t.key, t.row, exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'watched.t'::regclass and not c.relispartition)
		  from (select concat(%s) as tenant, row(%s)::text as key, row(%s)::text as row from watched.t r) t
		 where octet_length(t.tenant) between 1 and 255`, tenant, key, columns))
	if err != nil {
		return false, fmt.Errorf("read the table: %w", err)
	}
	f.views, unique = map[string]map[string]string{}, true
	seen := map[string]bool{}
	var name, id, row string
	var twice bool
	_, err = pgx.ForEachRow(rows, []any{&name, &id, &row, &twice}, func() error {
		unique = unique && (!twice || !seen[id])
		seen[id] = true
		f.put(name, id, row)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read the table: %w", err)
	}
	if _, err := f.conn.Exec(ctx, `select rowcast.know(t) from unnest($1::text[]) t`, slices.Collect(maps.Keys(f.views))); err != nil {
		return false, fmt.Errorf("join the tenants: %w", err)
	}
	return unique, nil
}

// apply does what a client does with changes. Their rows become rows of the table
// again, and have no excluded column. It is not known what a truncated partition held,
// nor what comes of changes that are told to be unordered.
// Of what does not go on from what was told before it answers why.
func (f *feed) apply(ctx context.Context, changes []change, key, columns string, excluded []string) (known bool, wrong string, err error) {
	var images []string
	for _, c := range changes {
		if c.op == "t" && c.after != "" || c.op == "o" {
			return false, "", nil
		}
		for _, image := range []string{c.before, c.after} {
			if c.op != "t" && image != "" {
				images = append(images, image)
			}
		}
	}
	rows, err := f.conn.Query(ctx, fmt.Sprintf(`
		select u.image, row(%s)::text, row(%s)::text, exists (select from json_object_keys(u.image::json) k where k = any ($2))
		  from unnest($1::text[]) u (image) cross join lateral json_populate_record(null::watched.t, u.image::json) r`, key, columns),
		pgx.QueryExecModeExec, images, excluded) // a plan that is kept would know the table as it was
	if err != nil {
		return false, "", fmt.Errorf("make rows of what was told: %w", err)
	}
	type made struct {
		key, row string
		leaks    bool
	}
	of := map[string]made{}
	var image string
	var m made
	if _, err := pgx.ForEachRow(rows, []any{&image, &m.key, &m.row, &m.leaks}, func() error {
		of[image] = m
		return nil
	}); err != nil {
		return false, "", fmt.Errorf("make rows of what was told: %w", err)
	}
	for _, c := range changes {
		before, after, view := of[c.before], of[c.after], f.views[c.tenant]
		held, there := view[after.key]
		switch {
		case before.leaks || after.leaks:
			return true, "an excluded column is told: " + listed([]change{c}), nil
		case c.op == "t":
			delete(f.views, c.tenant)
			continue
		case c.before != "" && view[before.key] != before.row:
			return true, fmt.Sprintf("%s was told, before %s", view[before.key], listed([]change{c})), nil
		case c.after != "" && there && (c.before == "" || before.key != after.key):
			return true, fmt.Sprintf("%s was told, before %s", held, listed([]change{c})), nil
		}
		if c.before != "" {
			delete(view, before.key)
		}
		if c.after != "" {
			f.put(c.tenant, after.key, after.row)
		}
	}
	return true, "", nil
}
