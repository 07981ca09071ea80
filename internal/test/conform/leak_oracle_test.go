package conform_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The reference: PostgreSQL evaluates the SQL form of the rules on each image, and the
// words of the contract make events of that.

// verdict is what one viewer may have of a change.
type verdict struct {
	// Old and New are the columns that it sees of the rows, nil if it does not see the row,
	// "*" for all.
	Old, New []string
	// Was and Is say whether its filter matches what it sees.
	Was, Is bool
}

// judged is what the rules say of a change.
type judged struct {
	// happens says which events of the policy happen.
	happens []bool
	of      []verdict
}

// judge asks PostgreSQL about all changes.
func (w *written) judge(t *testing.T, r *rules, viewers []*viewer) []judged {
	t.Helper()
	var seen, verdicts []string
	for i, s := range viewers {
		match := func(alias string) string {
			if s.wish == nil {
				return "true"
			}
			return s.wish.sql(alias, fmt.Sprintf("v.%s%d", alias, i))
		}
		seen = append(seen, fmt.Sprintf("%s as o%d, %s as n%d", w.seen(r, s, "o"), i, w.seen(r, s, "n"), i))
		verdicts = append(verdicts, fmt.Sprintf("jsonb_build_object('Old', v.o%[1]d, 'New', v.n%[1]d, 'Was', v.o%[1]d is not null and %[2]s, 'Is', v.n%[1]d is not null and %[3]s)",
			i, match("o"), match("n")))
	}
	happens := []string{"null::boolean"}
	if r != nil {
		for _, o := range r.own {
			switch {
			case !w.has(o.when):
				happens = append(happens, "false")
			case o.when == nil:
				happens = append(happens, "true")
			default:
				happens = append(happens, o.when.sql("a", "o", nil)+" is true")
			}
		}
	}
	query := fmt.Sprintf(`select array[%s], jsonb_build_array(%s)::text
		from unnest($1::text[], $2::text[]) with ordinality as c (old, new, k)
		cross join lateral (select c.old::jsonb as oi, c.new::jsonb as ni, coalesce(c.new, c.old)::jsonb as ai) i
		cross join lateral jsonb_populate_record(null::%[3]s, oi) o
		cross join lateral jsonb_populate_record(null::%[3]s, ni) n
		cross join lateral jsonb_populate_record(null::%[3]s, ai) a
		cross join lateral (select %[4]s) v order by c.k`,
		strings.Join(happens, ", "), strings.Join(verdicts, ", "), w.name, strings.Join(seen, ", "))
	old, now := make([]*string, len(w.changes)), make([]*string, len(w.changes))
	for i := range w.changes {
		old[i], now[i] = w.changes[i].before.text(), w.changes[i].after.text()
	}
	rows, err := w.db.Query(t.Context(), query, old, now)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var all []judged
	var happen []*bool
	var of string
	_, err = pgx.ForEachRow(rows, []any{&happen, &of}, func() error {
		var j judged
		for _, h := range happen[1:] {
			j.happens = append(j.happens, *h)
		}
		all = append(all, j)
		return json.Unmarshal([]byte(of), &all[len(all)-1].of)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

func (i image) text() *string {
	if i == nil {
		return nil
	}
	s := text(i)
	return &s
}

// seen is the SQL of the columns that a viewer sees of a row, null if it does not see it.
func (w *written) seen(r *rules, s *viewer, alias string) string {
	readable := alias + "i is not null"
	if w.audType != "" {
		is := fmt.Sprintf("%s.col_reader is null", alias)
		if s.subject != "" {
			is += fmt.Sprintf(" or %s.col_reader = '%s'::%s", alias, s.subject, w.audType)
		}
		readable += fmt.Sprintf(" and %si ? 'col_reader' and (%s)", alias, is)
	}
	given, all := r.grants(w.table, s)
	if all {
		return "case when " + readable + " then '{*}'::text[] end"
	}
	parts := []string{"'{}'::text[]"}
	for _, g := range given {
		condition := "true"
		if g.rows != nil {
			condition = g.rows.sql(alias, "", s) + " is true"
		}
		parts = append(parts, fmt.Sprintf("case when %s then '{%s}'::text[] else '{}' end", condition, strings.Join(g.columns, ",")))
	}
	return fmt.Sprintf("case when %s then nullif(array(select distinct u from unnest(%s) u order by u), '{}') end", readable, strings.Join(parts, " || "))
}

// expected is an event as a viewer gets it.
type expected struct {
	text  string
	group int
	// at says that the position is known, and so the order.
	at bool
}

func has(columns []string, name string) bool {
	return slices.Contains(columns, "*") || slices.Contains(columns, name)
}

// masked is what is left of a row.
func (i image) masked(columns []string) map[string]any {
	left := map[string]any{}
	for name, value := range i {
		if has(columns, name) {
			left[name] = plain(value)
		}
	}
	return left
}

// plain is a value with numbers as their digits, however they are told.
func plain(value json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("%s: %v", value, err))
	}
	return digits(v)
}

func digits(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = digits(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = digits(v[name])
		}
	}
	return v
}

// rowEvent is an event in words that can be compared.
type rowEvent struct {
	Event, Match string
	Data         any
	Changed      []string
	Previous     map[string]any
	From, At     int64
}

func (e rowEvent) String() string {
	slices.Sort(e.Changed)
	if len(e.Changed) == 0 {
		e.Changed, e.Previous = nil, nil
	}
	return strings.ReplaceAll(text(e), moved, "")
}

// moved ends the name of a table that was renamed. It may be told or not: the table is
// watched under its former name until somebody looks at it.
const moved = "_moved"

// expect are the events that a viewer is told of, from a change on. whole is the history,
// which has every row of bulk statements.
func (w *written) expect(r *rules, viewers []*viewer, i int, all []judged, first int, whole bool) (list []expected) {
	s := viewers[i]
	given, everything := r.grants(w.table, s)
	for k := first; k < len(w.changes); k++ {
		c := &w.changes[k]
		lone := (k == 0 || w.changes[k-1].group != c.group) && (k+1 == len(w.changes) || w.changes[k+1].group != c.group)
		add := func(e rowEvent) {
			if s.events != nil && !strings.HasPrefix(e.Event, strings.TrimSuffix(s.events[0], "*")) {
				return
			}
			at := lone || strings.HasSuffix(e.Event, ":bulk")
			if at {
				e.At = c.position
			}
			list = append(list, expected{e.String(), c.group, at})
		}
		switch {
		case c.truncated:
			if everything || given != nil {
				add(rowEvent{Event: c.stem + ":truncated", Data: map[string]any{"table": c.table}})
			}
		case c.bulk && !whole:
			if k+1 < len(w.changes) && w.changes[k+1].group == c.group || !everything && given == nil {
				continue // it is told of the last row
			}
			e := rowEvent{Event: c.stem + ":bulk", Data: map[string]any{"operation": c.op(), "table": c.table}}
			if everything {
				n := int64(0)
				for ; k-int(n) >= 0 && w.changes[k-int(n)].group == c.group; n++ {
				}
				e.From = c.position - n + 1
				e.Data = map[string]any{
					"operation": c.op(), "table": c.table, "count": fmt.Sprint(n), "from": fmt.Sprint(e.From), "to": fmt.Sprint(c.position),
				}
			}
			add(e)
		default:
			v := all[k].of[i]
			if s.wish != nil && s.wish.stem != c.stem {
				v.Was, v.Is = v.Old != nil, v.New != nil // the filter is not about it
			}
			for _, e := range w.rowEvents(r, c, v, all[k].happens) {
				add(e)
			}
		}
	}
	return list
}

// rowEvents are the events of a row to a viewer.
func (w *written) rowEvents(r *rules, c *edit, v verdict, happens []bool) []rowEvent {
	op := c.op()
	if !v.Was && !v.Is {
		return nil
	}
	e := rowEvent{Event: c.stem + ":updated"}
	derived := true
	var changed []string
	previous := map[string]any{}
	switch op {
	case "replay":
		return []rowEvent{{Event: c.stem + ":replayed", Data: c.after.masked(v.New)}}
	case "insert":
		e.Event, e.Data = c.stem+":created", c.after.masked(v.New)
	case "delete":
		e.Event, e.Data = c.stem+":deleted", c.before.masked(v.Old)
	default:
		derived = v.Old != nil && v.New != nil
		both := v.New
		if !slices.Equal(v.Old, v.New) {
			both = w.keys()
		}
		differs := false
		for name, value := range c.before {
			if text(value) != text(c.after[name]) {
				differs = true
				if has(both, name) {
					changed = append(changed, name)
					previous[name] = plain(value)
				}
			}
		}
		switch {
		case !v.Was:
			e.Match, e.Data = "entered", c.after.masked(v.New)
		case !v.Is:
			e.Match, e.Data = "left", c.before.masked(v.Old)
		case differs && changed == nil && slices.Equal(v.Old, v.New):
			return nil // nothing of it shows
		default:
			e.Data, e.Changed, e.Previous = c.after.masked(v.New), changed, previous
		}
	}
	list := []rowEvent{e}
	if !derived {
		return list
	}
	sees := func(names []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			return op != "delete" && !has(v.New, name) || op != "insert" && !has(v.Old, name)
		})
	}
	more := func(e rowEvent, named []string, first bool) {
		if op == "update" {
			e.Changed, e.Previous = slices.Clone(changed), previous
		}
		switch {
		case !sees(named):
		case first:
			list = append([]rowEvent{e}, list...)
		default:
			list = append(list, e)
		}
	}
	w.derive(c, v, more)
	about, columns := c.after, v.New
	if op == "delete" {
		about, columns = c.before, v.Old
	}
	if r != nil {
		for i := range r.own {
			o := &r.own[i]
			if o.on != op || !happens[i] {
				continue
			}
			e := rowEvent{Event: o.name, Data: about.masked(columns)}
			if o.data != nil {
				members := map[string]any{}
				for _, name := range o.data {
					members[name] = about.value(name)
				}
				e.Data = members
			}
			more(e, o.names(), false)
		}
	}
	return list
}

// value is that of a column, null if there is none.
func (i image) value(name string) any {
	if v, there := i[name]; there {
		return plain(v)
	}
	return nil
}

// derive gives the events that the catalogue derives from a change.
func (w *written) derive(c *edit, v verdict, more func(e rowEvent, named []string, first bool)) {
	old, now := c.before, c.after
	switch op := c.op(); {
	case c.stem == "stock-movement" && op == "insert" && now.value("movement_type") == "adjustment":
		more(rowEvent{Event: "stock:adjusted", Data: map[string]any{
			"skuId": now.value("sku_id"), "movementId": now.value("id"), "quantity": now.value("quantity"),
			"reason": now.value("reason"), "movement": now.masked(v.New),
		}}, present(now, "sku_id", "id", "quantity", "reason", "movement_type"), false)
	case c.stem == "sku" && op == "update" && falls(old, now):
		more(rowEvent{Event: "alert:low-stock", Data: map[string]any{
			"skuId": now.value("id"), "sku": now.value("sku"), "quantity": now.value("quantity"), "threshold": now.value("low_stock_threshold"),
		}}, present(now, "id", "sku", "quantity", "low_stock_threshold"), true)
	case op != "update" || text(old["status"]) == text(now["status"]):
	case c.stem == "order" || c.stem == "purchase-order":
		id, nested := "orderId", "order"
		if c.stem == "purchase-order" {
			id, nested = "purchaseOrderId", "purchaseOrder"
		}
		more(rowEvent{Event: c.stem + ":status-changed", Data: map[string]any{
			id: now.value("id"), "status": now.value("status"), "previousStatus": old.value("status"), nested: now.masked(v.New),
		}}, present(now, "id", "status"), false)
		if c.stem == "purchase-order" && now.value("status") == "received" {
			more(rowEvent{Event: "purchase-order:received", Data: now.masked(v.New)}, []string{"status"}, false)
		}
	}
}

// present are the names of columns that a row has.
func present(row image, names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { _, there := row[name]; return !there })
}

// falls says whether the quantity goes from above its threshold to at or below it.
func falls(old, now image) bool {
	number := func(i image, name string) (n int64, ok bool) {
		ok = json.Unmarshal(i[name], &n) == nil && string(i[name]) != "null" && i[name] != nil
		return n, ok
	}
	a, ok1 := number(old, "quantity")
	b, ok2 := number(old, "low_stock_threshold")
	x, ok3 := number(now, "quantity")
	y, ok4 := number(now, "low_stock_threshold")
	return ok1 && ok2 && ok3 && ok4 && a > b && x <= y
}
