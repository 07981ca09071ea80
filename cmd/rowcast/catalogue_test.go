package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/test/pgtest"
)

// TestEveryEventFromEveryKindOfStatement follows raw SQL to a WebSocket client
// of the tenant. Each case ends with a mark, which tells what it did not send.
// At the end the client must have seen every event of the catalogue.
func TestEveryEventFromEveryKindOfStatement(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t,
		`create table marks (id bigint generated always as identity primary key, tenant_id uuid not null, note text)`,
		`create table notes (like marks including all)`,
		`select rowcast.watch('marks', name => 'mark'), rowcast.watch('notes', name => 'note'),
		        rowcast.watch('order_items', name => 'order-item')`,
		`update skus set quantity = 50, low_stock_threshold = 10 where tenant_id = '`+inventory.AcmeID+`'`)
	url, _ := serve(t, s)
	c, joined := join(t, url, inventory.AcmeID, "")
	stream := sequence{last: message{Position: joined.Position}, seen: map[string]bool{}}
	sku := `(select id from skus where tenant_id = '` + inventory.AcmeID + `' order by sku limit 1)`
	const acme = `'` + inventory.AcmeID + `'`
	newest := `(select id from stock_movements where tenant_id = ` + acme + ` order by created_at desc limit 1)`
	movement := func(kind string, quantity int) string {
		return fmt.Sprintf(`insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
			values (%s, %s, '%s', %d, 'counted')`, acme, sku, kind, quantity)
	}
	order := func(number string) string {
		return `insert into orders (tenant_id, order_number, customer, total) values (` + acme + `, '` + number + `', 'C', 10)`
	}
	purchase := func(number string) string {
		return `insert into purchase_orders (tenant_id, po_number, supplier_id)
			select ` + acme + `, '` + number + `', id from suppliers where tenant_id = ` + acme + ` limit 1`
	}
	cases := []struct{ name, sql, want string }{
		{"single insert", movement("sale", -1), "stock-movement:created sku:updated"},
		{"adjustment", movement("adjustment", -1), "stock-movement:created stock:adjusted sku:updated"},
		{
			"multi-row", `insert into stock_movements (tenant_id, sku_id, movement_type, quantity)
			select ` + acme + `, id, 'return', 1 from skus where tenant_id = ` + acme + ` order by sku limit 3`,
			"stock-movement:created stock-movement:created stock-movement:created sku:updated sku:updated sku:updated",
		},
		{"down to the threshold", movement("sale", -39), "stock-movement:created alert:low-stock sku:updated"},
		{"below the threshold already", movement("sale", -1), "stock-movement:created sku:updated"},
		{"up again", movement("purchase", 40), "stock-movement:created sku:updated"},
		{"order", order("X1"), "order:created"},
		{"update", `update orders set total = 11 where order_number = 'X1'`, "order:updated"},
		{"status", `update orders set status = 'processing' where order_number = 'X1'`, "order:updated order:status-changed"},
		{"no-op", `update orders set status = status where order_number = 'X1'`, ""},
		{"on conflict do update", order("X1") + ` on conflict (tenant_id, order_number) do update set total = 12`, "order:updated"},
		{"on conflict do nothing", order("X1") + ` on conflict do nothing`, ""},
		{"cte", `with o as (` + order("X2") + ` returning id), p as (` + purchase("P1") + ` returning id)
			update orders set total = 13 where order_number = 'X1'`, "order:updated purchase-order:created order:created"},
		{
			"merge", `merge into orders o using (values ('X1', 14), ('X2', 0), ('X3', 15)) v (number, total)
			on o.tenant_id = ` + acme + ` and o.order_number = v.number
			when matched and v.total = 0 then delete
			when matched then update set total = v.total
			when not matched then insert (tenant_id, order_number, customer, total) values (` + acme + `, v.number, 'C', v.total)`,
			"order:created order:updated order:deleted",
		},
		{
			"prepared", `prepare p as update orders set total = $1 where order_number = 'X3'; execute p(20); execute p(21); deallocate p`,
			"order:updated order:updated",
		},
		{
			"savepoint", `begin; savepoint a; ` + order("X4") + `; release a; savepoint b; ` + order("X5") + `; rollback to b; ` + order("X6") + `; commit`,
			"order:created order:created",
		},
		{"rollback", `begin; ` + order("X7") + `; rollback`, ""},
		{"cascade", `with o as (select id from orders where order_number = 'X6'),
			s as (select id from skus where tenant_id = ` + acme + ` limit 1)
			insert into order_items (tenant_id, order_id, sku_id, quantity, unit_price) select ` + acme + `, o.id, s.id, 1, 1 from o, s;
			delete from orders where order_number = 'X6'`, "order-item:created order:deleted order-item:deleted"},
		{"purchase order sent", `update purchase_orders set status = 'sent' where po_number = 'P1'`, "purchase-order:updated purchase-order:status-changed"},
		{
			"purchase order received", `update purchase_orders set status = 'received' where po_number = 'P1'`,
			"purchase-order:updated purchase-order:status-changed purchase-order:received",
		},
		{"purchase order deleted", `delete from purchase_orders where po_number = 'P1'`, "purchase-order:deleted"},
		{
			"generic", `insert into notes (tenant_id, note) values (` + acme + `, 'a'); update notes set note = 'b'; delete from notes`,
			"note:created note:updated note:deleted",
		},
		{
			"replay", `select rowcast.replay(` + acme + `, p.position, p.position) from (
				select distinct on (w.name) s.position
				  from rowcast.sealed s join rowcast.log l using (xid, id) join rowcast.watched w on w.id = l.watched
				 where s.tenant = ` + acme + ` and l.op in ('i', 'u') and w.name in ('note', 'order', 'purchase-order', 'sku', 'stock-movement')
				 order by w.name, s.position desc) p`,
			"note:replayed order:replayed purchase-order:replayed sku:replayed stock-movement:replayed",
		},
		{"bulk", `insert into notes (tenant_id, note) select ` + acme + `, n from generate_series(1, 1001) n`, "note:bulk"},
		{
			"unordered", `begin isolation level serializable; with gone as (delete from orders where order_number = 'X3' returning *)
			insert into orders select * from gone; commit`, "order:created order:deleted order:bulk",
		},
		{"truncate", `truncate notes`, "note:truncated"},
		{"movement corrected", `update stock_movements set reason = 'miscounted' where id = ` + newest, "stock-movement:updated"},
		{"movement deleted", `delete from stock_movements where id = ` + newest, "stock-movement:deleted"},
		{
			"sku", `insert into skus (tenant_id, product_id, sku, name, price, cost) select tenant_id, id, 'NEW', 'N', 1, 1
			from products where tenant_id = ` + acme + ` limit 1; update skus set price = 2 where sku = 'NEW'; delete from skus where sku = 'NEW'`,
			"sku:created sku:updated sku:deleted",
		},
		{
			"many movements", `insert into stock_movements (tenant_id, sku_id, movement_type, quantity)
			select ` + acme + `, ` + sku + `, 'return', 1 from generate_series(1, 1001)`, "stock-movement:bulk sku:updated",
		},
		{
			"many orders", `insert into orders (tenant_id, order_number, customer) select ` + acme + `, 'B' || n, 'C' from generate_series(1, 1001) n`,
			"order:bulk",
		},
		{"many updates", `update orders set status = 'processing' where order_number like 'B%'`, "order:bulk"},
		{"many deletes", `delete from orders where order_number like 'B%'`, "order:bulk"},
		{
			"many purchase orders", `insert into purchase_orders (tenant_id, po_number, supplier_id)
			select ` + acme + `, 'B' || n, (select id from suppliers where tenant_id = ` + acme + ` limit 1) from generate_series(1, 1001) n`,
			"purchase-order:bulk",
		},
		{
			"many skus", `insert into skus (tenant_id, product_id, sku, name, price, cost) select ` + acme + `, (select id from products
			where tenant_id = ` + acme + ` limit 1), 'B' || n, 'N', 1, 1 from generate_series(1, 1001) n`, "sku:bulk",
		},
		{
			"everything truncated", `truncate stock_movements; truncate order_items; truncate orders cascade;
			truncate purchase_orders cascade; truncate skus cascade`,
			"stock-movement:truncated order-item:truncated order:truncated purchase-order:truncated " +
				"sku:truncated",
		},
	}
	for _, test := range cases {
		if strings.HasPrefix(test.sql, "merge") && before15(t, s.Conn) {
			continue
		}
		s.Exec(t, test.sql)
		s.Exec(t, `insert into marks (tenant_id) values (`+acme+`)`)
		received := stream.until(t, c, "mark:created")
		if got := strings.TrimSuffix(strings.TrimSuffix(names(received), "mark:created"), " "); !sameEvents(test.name, got, test.want) {
			t.Errorf("%s sends %q; want %q", test.name, got, test.want)
		}
	}

	if _, err := s.Conn.CopyFrom(t.Context(), pgx.Identifier{"orders"}, []string{"tenant_id", "order_number", "customer", "total"},
		pgx.CopyFromRows([][]any{{inventory.AcmeID, "C1", "C", 1}, {inventory.AcmeID, "C2", "C", 2}})); err != nil {
		t.Fatal(err)
	}
	pgtest.Psql(t, s.DSN, "-c", order("psql"), "-c", `insert into marks (tenant_id) values (`+acme+`)`)
	got := stream.until(t, c, "mark:created")
	if names(got) != "order:created order:created order:created mark:created" {
		t.Errorf("COPY and psql send %q", names(got))
	}
	if writer := got[2].Source.Writer; writer != "psql" {
		t.Errorf("the writer of psql is %q", writer)
	}
	for _, r := range mapping.Catalogue() {
		name := strings.Replace(r.Event, "<name>", "note", 1)
		if strings.HasSuffix(name, ":"+feed.UnreadableVerb) {
			continue // no statement leads to it: see TestUnreadable of internal/test/conform
		}
		if !stream.seen[name] {
			t.Errorf("nothing sent %s", name)
		}
	}
}

// sequence checks what a client receives against what it received before.
type sequence struct {
	last message
	seen map[string]bool
}

// until reads events until the named one has come, and returns those that
// stand for changes. Each continues the positions of the tenant: it has the
// next, or that of the same change, of which it is a further event.
func (s *sequence) until(t *testing.T, c *client, last string) []message {
	t.Helper()
	var got []message
	c.until(t, last, func(m message) bool {
		if m.Type != "event" {
			return false
		}
		s.seen[m.Event] = true
		if m.Event == "dashboard:stats-updated" {
			if m.Position != s.last.Position {
				t.Errorf("%s has position %d after %s at %d", m.Event, m.Position, s.last.Event, s.last.Position)
			}
			return false
		}
		sameChange := m.Position == s.last.Position && s.last.Source != nil && m.Source.Tx == s.last.Source.Tx && m.Event != s.last.Event
		if next := s.last.Position + 1; !sameChange && m.From != next && (m.From != 0 || m.Position != next) {
			t.Errorf("%s from %d to position %d follows %s at %d", m.Event, m.From, m.Position, s.last.Event, s.last.Position)
		}
		s.last = m
		got = append(got, m)
		return m.Event == last
	})
	return got
}

// sameEvents compares; MERGE and CTEs fire their triggers in an order that is
// not promised.
func sameEvents(name, got, want string) bool {
	if name != "merge" && name != "cte" {
		return got == want
	}
	for event := range strings.FieldsSeq(want) {
		if !strings.Contains(got, event) {
			return false
		}
	}
	return len(got) == len(want)
}

func before15(t *testing.T, conn *pgx.Conn) (before bool) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int < 150000").Scan(&before); err != nil {
		t.Fatal(err)
	}
	return before
}

func TestUpdateReportsWhatChanged(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table prices (id int primary key, tenant_id int not null, amount numeric, big bigint)`,
		`insert into prices values (1, 7, 12345678901234567890.12, 9007199254740993)`,
		`select rowcast.watch('prices', name => 'price')`)
	url, _ := serve(t, s)
	c, joined := join(t, url, "7", "")
	s.Exec(t, `update prices set amount = 1.10, big = 5`)
	m := c.until(t, "update", func(m message) bool { return m.Event == "price:updated" })
	if string(m.Data) != `{"id":1,"tenant_id":7,"amount":1.10,"big":5}` || strings.Join(m.Changed, " ") != "amount big" ||
		string(m.Previous) != `{"amount":"12345678901234567890.12","big":"9007199254740993"}` {
		t.Errorf("data %s, changed %v, previous %s", m.Data, m.Changed, m.Previous)
	}
	if m.Position != joined.Position+1 || m.Source.Op != "update" || m.Source.Table != "prices" {
		t.Errorf("position %d after %d, source %+v", m.Position, joined.Position, m.Source)
	}
}

func TestDashboardEventIsCoalesced(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	url, _ := serve(t, s)
	c, _ := join(t, url, inventory.AcmeID, "", "dashboard:*")
	for n := range 20 {
		s.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, order_number, customer) values ('%s', 'D%d', 'C')`, inventory.AcmeID, n))
	}
	s.Exec(t, `update skus set low_stock_threshold = 1 where tenant_id = '`+inventory.AcmeID+`'`)
	var count int
	c.until(t, "dashboard event for skus", func(m message) bool {
		if m.Event != "dashboard:stats-updated" {
			return false
		}
		count++
		var data struct{ Reasons []string }
		if err := json.Unmarshal(m.Data, &data); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(strings.Join(data.Reasons, " "), "skus")
	})
	if count > 10 {
		t.Errorf("21 changes in one burst made %d dashboard events", count)
	}
}
