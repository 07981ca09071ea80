package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/raw"
)

// report is what /status shows. What may be missing is a pointer.
type report struct {
	Version              string
	Problem              string
	Head                 *int64
	Servers              *int64 `json:"replicas"`
	Sequence             int64  `json:"place"`
	Connections, Tenants int64
	NotifyQueueUsage     *float64
	Lag                  struct {
		Sequences *int64 `json:"places"`
		Seconds   *float64
	}
	Triggers []watchedTable
	Pauses   []struct {
		Role, Application, Reason string
		Active                    bool
	}
	Tail struct{ Live, Listening bool }
	Hub  struct{ Subscriptions int64 }
}

type watchedTable struct {
	Table, Name, TenantColumn, Detail string
	OK                                bool
}

func (r running) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	return raw.Do(t, nil, http.MethodGet, r.admin+path, "", nil)
}

func (r running) status(t *testing.T) report {
	t.Helper()
	code, body := r.get(t, "/status")
	var got report
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != http.StatusOK {
		t.Fatalf("/status: %d %s", code, body)
	}
	return got
}

// eventually asks until the answer is the one that is waited for.
func eventually[T any](t *testing.T, what string, ask func() T, right func(T) bool) T {
	t.Helper()
	for deadline := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		answer := ask()
		if right(answer) {
			return answer
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %+v", what, answer)
		}
	}
}

func (r running) ready(t *testing.T, what string, want int) string {
	t.Helper()
	var body string
	eventually(t, what, func() (code int) { code, body = r.get(t, "/readyz"); return code }, func(code int) bool { return code == want })
	return body
}

func TestStatusShowsTheDatabase(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table invoices (id int primary key, account text)`,
		`select rowcast.watch('invoices', tenant_column => 'account', name => 'invoice')`)
	r := start(t, s)
	start(t, s)
	c, joined := join(t, r.url, inventory.AcmeID, "")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'S1', 'C')`)
	if m := c.events(t, "order:created")[0]; m.Position != joined.Position+1 {
		t.Errorf("the order has position %d after %d", m.Position, joined.Position)
	}
	got := eventually(t, "both servers", func() report { return r.status(t) }, func(got report) bool {
		return got.Servers != nil && *got.Servers == 2 && got.Tail.Listening
	})
	var head int64
	if err := s.Conn.QueryRow(t.Context(), "select max(place) from rowcast.sealed").Scan(&head); err != nil {
		t.Fatal(err)
	}
	if got.Problem != "" || got.Head == nil || *got.Head != head || got.Sequence != head || *got.Lag.Sequences != 0 ||
		*got.Lag.Seconds < 0 || *got.Lag.Seconds > 5 || got.Connections != 1 || got.Tenants != 1 || got.Hub.Subscriptions != 1 ||
		got.NotifyQueueUsage == nil || *got.NotifyQueueUsage < 0 || *got.NotifyQueueUsage >= 1 || !got.Tail.Live || got.Version == "" {
		t.Errorf("at sequence %d: %+v", head, got)
	}
	want := []watchedTable{
		{Table: "invoices", Name: "invoice", TenantColumn: "account", OK: true},
		{Table: "orders", Name: "order", TenantColumn: "tenant_id", OK: true},
		{Table: "purchase_orders", Name: "purchase-order", TenantColumn: "tenant_id", OK: true},
		{Table: "skus", Name: "sku", TenantColumn: "tenant_id", OK: true},
		{Table: "stock_movements", Name: "stock-movement", TenantColumn: "tenant_id", OK: true},
	}
	if diff := cmp.Diff(want, got.Triggers); diff != "" {
		t.Errorf("triggers (-want +got):\n%s", diff)
	}
	s.Exec(t, `select rowcast.pause('one')`, `select rowcast.resume()`, `select rowcast.pause('two')`)
	pauses := r.status(t).Pauses
	if len(pauses) != 2 || pauses[0].Reason != "two" || !pauses[0].Active || pauses[1].Reason != "one" || pauses[1].Active || pauses[1].Role != "postgres" {
		t.Errorf("pauses: %+v", pauses)
	}
}

// TestStatusFindsEveryBrokenTrigger breaks each trigger that there is, on the
// watched table and on a partition.
func TestStatusFindsEveryBrokenTrigger(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table readings (id int, tenant_id int, primary key (id)) partition by range (id)`,
		`create table readings_1 partition of readings for values from (0) to (10)`,
		`select rowcast.watch('readings'), rowcast.unwatch('orders'), rowcast.unwatch('skus'),
		        rowcast.unwatch('purchase_orders')`)
	r := start(t, s)
	readings := func() watchedTable {
		t.Helper()
		got := r.status(t).Triggers
		if len(got) != 2 || got[0].Table != "readings" || got[1].Table != "stock_movements" || !got[1].OK {
			t.Fatalf("triggers: %+v", got)
		}
		return got[0]
	}
	rows, err := s.Conn.Query(t.Context(), `
		select g.tgname::text, g.tgrelid::regclass::text, case g.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end
		  from pg_trigger g where g.tgrelid in ('readings'::regclass, 'readings_1'::regclass)`)
	if err != nil {
		t.Fatal(err)
	}
	triggers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Table, Enabled string }])
	if err != nil || len(triggers) != 9+9 {
		t.Fatalf("%d triggers, %v", len(triggers), err)
	}
	for _, trigger := range triggers {
		// Without "only" the row trigger of the partition goes along.
		s.Exec(t, fmt.Sprintf("alter table only %s disable trigger %s", trigger.Table, trigger.Name))
		kind, _, _ := strings.Cut(trigger.Name, "replicated_") // the number of a partitioned table follows
		if kind != trigger.Name {
			kind += "replicated"
		}
		detail := "1 trigger is missing or disabled: " + kind + " on " + trigger.Table
		if strings.Contains(trigger.Name, "begin") || strings.Contains(trigger.Name, "close") { // nothing is missed without it
			detail = "1 trigger is not as installed: " + kind + " on " + trigger.Table
		}
		if got := readings(); got.OK || !strings.HasSuffix(got.Detail, detail) {
			t.Errorf("%+v; want %s", got, detail)
		}
		s.Exec(t, fmt.Sprintf("alter table %s enable %s trigger %s", trigger.Table, trigger.Enabled, trigger.Name))
		if got := readings(); !got.OK || got.Detail != "" {
			t.Errorf("as installed: %+v", got)
		}
	}
	s.Exec(t, "drop trigger rowcast_insert on readings")
	if got := readings(); got.OK || !strings.HasSuffix(got.Detail, "rowcast_insert on readings") {
		t.Errorf("without a trigger: %+v", got)
	}
	code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + s.DSN}, "migrate")
	if got := readings(); code != program.ExitOK || !got.OK {
		t.Errorf("repaired: %+v; migrate: %s %s", got, stdout, stderr)
	}
	s.Exec(t, `create table readings_2 partition of readings for values from (10) to (20)`)
	if got := readings(); got.OK || !strings.Contains(got.Detail, "8 triggers are missing or disabled: ") {
		t.Errorf("with a new partition: %+v", got)
	}
	s.Exec(t, `drop table readings`)
	got := eventually(t, "the dropped table", func() []watchedTable { return r.status(t).Triggers }, func(got []watchedTable) bool { return len(got) == 2 })
	if got[0].Table != "public.readings" || got[0].OK || !strings.HasPrefix(got[0].Detail, "the table was dropped; rowcast migrate") {
		t.Errorf("dropped: %+v", got)
	}
}

// TestReadinessFollowsTheDatabase throws everybody out of the database and lets
// nobody in for a while.
func TestReadinessFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	r := start(t, s)
	c, _ := join(t, r.url, inventory.AcmeID, "")
	if body := r.ready(t, "ready", http.StatusOK); body != `{"problems":[],"status":"ok"}`+"\n" {
		t.Errorf("/readyz: %s", body)
	}
	var database string
	if err := s.Conn.QueryRow(t.Context(), "select current_database()").Scan(&database); err != nil {
		t.Fatal(err)
	}
	pgtest.Admin(t, pgtest.Server(t), "alter database "+database+" allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+database+"'")
	if body := r.ready(t, "red", http.StatusServiceUnavailable); !strings.Contains(body, `"code":"tail-not-live"`) {
		t.Errorf("/readyz: %s", body)
	}
	got := r.status(t)
	if got.Head != nil || got.Triggers != nil || !strings.Contains(got.Problem, "ask the database") ||
		got.Tail.Live || got.Lag.Sequences != nil || got.Lag.Seconds == nil || got.Connections != 1 || got.Sequence == 0 {
		t.Errorf("without its database: %+v", got)
	}
	pgtest.Admin(t, pgtest.Server(t), "alter database "+database+" allow_connections true")
	r.ready(t, "ready again", http.StatusOK)
	eventually(t, "the part of the database", func() report { return r.status(t) },
		func(got report) bool { return got.Problem == "" && got.Head != nil })
	pgtest.Psql(t, s.DSN, "-c", `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'R1', 'C')`)
	c.events(t, "order:created")
}

// refuseSessions returns a way to the server of dsn that refuses the sessions
// that are named so.
func refuseSessions(t *testing.T, dsn, name string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := pgtest.Dir(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	var sessions sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		sessions.Wait()
	})
	forward := func(client net.Conn) {
		defer client.Close()
		header := make([]byte, 4)
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		startup := make([]byte, binary.BigEndian.Uint32(header)-4)
		if _, err := io.ReadFull(client, startup); err != nil || bytes.Contains(startup, []byte(name)) {
			return
		}
		server, err := new(net.Dialer).DialContext(context.Background(), "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port))
		if err != nil {
			return
		}
		defer server.Close()
		sessions.Go(func() {
			defer client.Close()
			_, _ = io.Copy(client, server)
		})
		_, _ = server.Write(append(header, startup...))
		_, _ = io.Copy(server, client)
	}
	sessions.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() { forward(client) })
		}
	})
	return fmt.Sprintf("host=%s port=5432 user=%s dbname=%s", dir, config.User, config.Database)
}

// TestReadyWithoutListen has no way to LISTEN: events come all the same.
func TestReadyWithoutListen(t *testing.T) {
	t.Parallel()
	for _, notify := range []string{"auto", "never"} {
		t.Run(notify, func(t *testing.T) {
			t.Parallel()
			s := newEnv(t)
			deaf := refuseSessions(t, s.DSN, "rowcast listen")
			r := start(t, s, "ROWCAST_NOTIFY="+notify, "DATABASE_URL="+deaf)
			c, _ := join(t, r.url, inventory.AcmeID, "")
			r.ready(t, "ready", http.StatusOK)
			s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'L1', 'C')`)
			c.events(t, "order:created")
			if got := r.status(t); got.Tail.Listening || !got.Tail.Live || got.Problem != "" {
				t.Errorf("status: %+v", got)
			}
			if code, body := r.get(t, "/readyz"); code != http.StatusOK {
				t.Errorf("readyz: %d %s", code, body)
			}
		})
	}
}

// TestStatusDoesNotWaitForTheDatabase locks what the status is read from.
func TestStatusDoesNotWaitForTheDatabase(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	r := start(t, s)
	r.ready(t, "ready", http.StatusOK)
	s.Exec(t, "begin", "lock table rowcast.watched in access exclusive mode")
	if got := r.status(t); !strings.Contains(got.Problem, "ask the database") || !got.Tail.Live {
		t.Errorf("locked: %+v", got)
	}
	s.Exec(t, "rollback")
	if got := r.status(t); got.Problem != "" {
		t.Errorf("unlocked: %+v", got)
	}
}
