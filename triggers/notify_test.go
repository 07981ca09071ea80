package triggers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// notifications returns the payloads that the statements sent, in order.
func notifications(t *testing.T, d *database, listener *pgx.Conn, statements ...string) []map[string]any {
	t.Helper()
	d.Exec(t, statements...)
	d.Exec(t, `notify rowcast, 'end'`)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	var payloads []map[string]any
	for {
		n, err := listener.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n.Payload == "end" {
			return payloads
		}
		var payload map[string]any
		if err := json.Unmarshal([]byte(n.Payload), &payload); err != nil || len(n.Payload) > 7999 {
			t.Fatalf("payload %q: %v", n.Payload, err)
		}
		payloads = append(payloads, payload)
	}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	listener, sleeper := d.Connect(t), d.Connect(t)
	pgtest.Exec(t, listener, `listen rowcast`)
	if got := notifications(t, d, listener, `insert into docs values (0, 'T', 'silent')`); len(got) != 0 {
		t.Errorf("a writer rang while the reader is awake: %v", got)
	}
	pgtest.Exec(t, sleeper, `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
	var many []any
	for i := range 150 {
		many = append(many, fmt.Sprintf("%036d", i))
	}
	for _, test := range []struct {
		statements []string
		want       []map[string]any
	}{
		{[]string{`insert into docs values (1, 'T', 'one')`}, []map[string]any{notification("insert", 1, "T")}},
		{[]string{`insert into docs values (2, 'T', 'two'), (3, 'T', 'three')`}, []map[string]any{notification("insert", 2, "T")}},
		{[]string{`insert into docs values (4, 'T', 'four'), (5, 'U', 'five'), (6, null, 'six')`}, []map[string]any{notification("insert", 2, "T", "U")}},
		{[]string{`insert into docs values (7, 'T', '7'), (8, 'U', '8'), (9, 'T', '9')`}, []map[string]any{notification("insert", 3, "T", "U")}},
		{[]string{`update docs set body = 'uno' where id = 1`}, []map[string]any{notification("update", 1, "T")}},
		{[]string{`update docs set body = 'x' where id in (1, 2, 5)`}, []map[string]any{notification("update", 3, "T", "U")}},
		{[]string{`update docs set tenant_id = 'U' where id = 1`}, []map[string]any{notification("update", 2, "T", "U")}},
		{[]string{`delete from docs where id = 1`}, []map[string]any{notification("delete", 1, "U")}},
		{[]string{`update docs set body = body`, `delete from docs where id = 99`, `delete from docs where id = 6`}, nil},
		{[]string{`begin`, `insert into docs values (1, 'T', 'one')`, `rollback`}, nil},
		{[]string{`begin`, `insert into docs values (11, 'T', 'one')`, `insert into docs values (12, 'T', 'two')`, `commit`}, []map[string]any{notification("insert", 1, "T")}},
		{[]string{`set session_replication_role = replica`, `insert into docs values (13, 'T', 'one')`, `reset session_replication_role`}, []map[string]any{notification("insert", 1, "T")}},
		{[]string{`insert into docs select 1000 + n, lpad(n::text, 36, '0'), '' from generate_series(0, 149) n`}, []map[string]any{notification("insert", 150, many...)}},
		// Too long for a payload: it means any tenant.
		{[]string{`insert into docs select 2000 + n, lpad(n::text, 36, '0'), '' from generate_series(0, 299) n`}, []map[string]any{notification("insert", 300)}},
		{[]string{`insert into docs select 5000 + n, n::text, '' from generate_series(1, 3000) n`}, []map[string]any{notification("insert", 3000)}},
		{[]string{`truncate docs`}, []map[string]any{notification("truncate", 1)}},
	} {
		got := notifications(t, d, listener, test.statements...)
		for _, payload := range got {
			if ids, ok := payload["tenant_ids"].([]any); ok {
				slices.SortFunc(ids, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s rang otherwise (-want +got):\n%s", strings.Join(test.statements, "; "), diff)
		}
	}
}

func notification(op string, n float64, tenants ...any) map[string]any {
	payload := map[string]any{"v": 1.0, "table": "docs", "op": op, "n": n}
	switch len(tenants) {
	case 0:
	case 1:
		payload["tenant_id"] = tenants[0]
	default:
		payload["tenant_ids"] = tenants
	}
	return payload
}

// The one that wants to sleep waits for the writers that saw it awake; those
// that come after it asked notify. So no wake-up is lost.
func TestSleeperWaitsForSilentWriters(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	silent, sleeper, listener := d.Connect(t), d.Connect(t), d.Connect(t)
	pgtest.Exec(t, listener, `listen rowcast`)
	pgtest.Exec(t, silent, `begin`, `insert into docs values (1, 'T', 'one')`)
	granted := make(chan error, 1)
	go func() {
		_, err := sleeper.Exec(t.Context(), `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
		granted <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	for pgtest.Query[int](t, d.Conn, `select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`) == 0 {
		if ctx.Err() != nil {
			t.Fatal("nobody waits for the sleep lock")
		}
	}
	if got := notifications(t, d, listener, `insert into docs values (2, 'T', 'two')`); len(got) != 1 {
		t.Errorf("a writer behind the request rang %d times; want once", len(got))
	}
	select {
	case err := <-granted:
		t.Fatalf("the sleep lock was granted while a silent writer is open: %v", err)
	default:
	}
	pgtest.Exec(t, silent, `commit`)
	if err := <-granted; err != nil {
		t.Fatal(err)
	}
	d.wantSealed(t, "T 1 i", "T 2 i")
}
