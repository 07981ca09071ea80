package conform_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// script commits some of everything for a tenant, one transaction after the
// other, but for two that are open at the same time.
func (l *line) script(t *testing.T) {
	t.Helper()
	l.Exec(t, insertOrder, nextStatus, raiseTotal)
	ctx := t.Context()
	l.atOnce(t, func(one, two pgx.Tx) error {
		for _, step := range []struct {
			tx  pgx.Tx
			sql string
		}{
			{one, `insert into orders (tenant_id, customer, order_number) values ($1, 'C', 'one-1')`},
			{two, `insert into orders (tenant_id, customer, order_number) values ($1, 'C', 'two-1')`},
			{one, `insert into orders (tenant_id, customer, order_number) values ($1, 'C', 'one-2')`},
			{two, `update orders set status = 'cancelled' where tenant_id = $1 and order_number = 'two-1'`},
			{one, `update orders set status = 'cancelled' where tenant_id = $1 and order_number = 'one-1'`},
		} {
			if _, err := step.tx.Exec(ctx, step.sql, l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	l.Exec(t,
		`insert into orders (tenant_id, customer) select $1, 'B' from generate_series(1, 1001)`,
		`delete from orders where tenant_id = $1 and order_number = 'one-2'`,
		`update orders set total = total where tenant_id = $1`, // no event
		insertOrder)
}

// scripted are the events of script.
var scripted = []string{
	"order:created@1", "order:updated@2", "order:status-changed@2", "order:updated@3",
	"order:created@4", "order:updated@5", "order:status-changed@5",
	"order:created@6", "order:created@7", "order:updated@8", "order:status-changed@8",
	"order:bulk@9-1009", "order:deleted@1010", "order:created@1011",
}

// continues says which of them are of the transaction of the one before.
var continues = map[int]bool{2: true, 5: true, 6: true, 8: true, 9: true, 10: true}

// atOnce commits two transactions that were open at the same time, the second
// first.
func (l *line) atOnce(t *testing.T, f func(one, two pgx.Tx) error) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), l.shared.DB, func(one pgx.Tx) error {
		return pgx.BeginFunc(context.WithoutCancel(t.Context()), l.shared.DB, func(two pgx.Tx) error { return f(one, two) })
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOrder follows the script to two clients, one of which joined before.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		servers := l.servers()
		first := l.join(t, servers[0])
		l.script(t)
		live := first.events(t, len(scripted))
		late := l.join(t, servers[1], from(first.joined.Cursor)).events(t, len(scripted))
		for who, events := range map[string][]message{"live": live, "late": late} {
			for i, m := range events {
				if m.String() != scripted[i] || m.TenantID != l.ID {
					t.Fatalf("%s: received %s of %s; want %s", who, m, m.TenantID, scripted[i])
				}
				if i > 0 && (m.Source.Tx == events[i-1].Source.Tx) != continues[i] {
					t.Errorf("%s: %s is of transaction %s, after one of %s", who, m, m.Source.Tx, events[i-1].Source.Tx)
				}
				if string(m.Data) != string(live[i].Data) {
					t.Errorf("%s: %s has other data than live: %s, %s", who, m, m.Data, live[i].Data)
				}
			}
		}
	})
}

// TestFilter has a client take one kind of event: the numbers have holes, and
// progress says how far the stream is.
func TestFilter(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		servers := l.servers()
		only := func(q *request) { q.events = []string{"order:created", "order:status-*"} }
		if _, err := l.tryJoin(t, servers[0], only); err == nil {
			t.Error("a pattern that is none is taken")
		}
		only = func(q *request) { q.events = []string{"order:created", "order:status-changed"} }
		f := l.join(t, servers[0], only)
		l.Exec(t, insertOrder, raiseTotal, nextStatus, insertOrder, raiseTotal)
		// The last statement is of two rows.
		f.receives(t, "order:created@1", "order:status-changed@3", "order:created@4")
		m := f.until(t, "progress", func(m message) bool { return m.Type != "event" || m.Position == 6 })
		if m.Type != "progress" || m.Position != 6 || m.TenantID != l.ID {
			t.Fatalf("received %+v; want progress at 6", m)
		}
		f.cut()
		l.Exec(t, raiseTotal, insertOrder)
		f = l.join(t, servers[1], only, from(f.cursor))
		f.receives(t, "order:created@9")
	})
}
