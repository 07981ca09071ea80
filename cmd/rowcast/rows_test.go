package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
	"rowcast/internal/web/npm"
)

// TestListsAreTheTable: the lists of a client are what select gives, after writers whose
// transactions overlap, cuts, and a change of the server, and with the client as the
// server gives it.
func TestListsAreTheTable(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	npm.Install(t, "../../internal/web")
	s := pgtest.Migrated(t, `create table invoices (id bigint primary key, tenant_id text not null, status text not null, n numeric)`,
		`insert into invoices select i, 'T', 'open', i from generate_series(1, 500) i`, `select rowcast.watch('invoices', name => 'invoice', readable => true)`)
	const bulk = "ROWCAST_BULK_ROWS=20"
	first, second := start(t, s, bulk), start(t, s, bulk)
	proxy := servetest.NewProxy(t, address(first.url))
	response, err := http.Get("http://" + proxy.Address() + "/client/rowcast.js")
	if err != nil {
		t.Fatal(err)
	}
	module, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(module), "createFeed") {
		t.Fatalf("%d %v %s", response.StatusCode, err, module)
	}

	var listing []*lister
	for _, wire := range []string{"ws", "sse"} {
		listing = append(listing, list(t, "http://"+proxy.Address(), wire))
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	for round := range 4 {
		var writers sync.WaitGroup
		for n := range 4 {
			writers.Go(func() {
				// What many rows at once lead to, another load, would mend what is wrong.
				churn(t, s.DSN, round < 2, rand.New(rand.NewPCG(seed, uint64(round*4+n)))) //nolint:gosec // a draw that can be repeated
			})
		}
		for _, l := range listing {
			l.awaitReady(t) // in the first round the writers are at work meanwhile
		}
		switch round {
		case 1:
			proxy.Cut()
		case 2:
			proxy.Lead(address(second.url))
			proxy.Cut()
		}
		writers.Wait()
		var tx string
		if err := pgx.BeginFunc(t.Context(), s.Conn, func(tr pgx.Tx) error {
			return tr.QueryRow(t.Context(), `insert into invoices values (-$1::int, 'T', 'held', 0) returning pg_current_xact_id()::text`, round+1).Scan(&tx)
		}); err != nil {
			t.Fatal(err)
		}
		for _, l := range listing {
			have := l.after(t, tx)
			for name, where := range map[string]string{"all": "true", "open": "status in ('open', 'held')"} {
				want := decode(t, pgtest.Query[string](t, s.Conn, `select coalesce(json_agg(i order by id), '[]')::text from invoices i where tenant_id = 'T' and `+where))
				if diff := cmp.Diff(want, have[name]); diff != "" {
					t.Errorf("round %d, %s, %s (-table +list):\n%s", round, l.wire, name, diff)
				}
			}
		}
	}
}

// address is where a server listens.
func address(wsURL string) string {
	return strings.TrimSuffix(strings.TrimPrefix(wsURL, "ws://"), "/ws")
}

func decode(t *testing.T, text string) (rows []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// churn has transactions of all kinds, some of which fail because of others.
func churn(t *testing.T, dsn string, many bool, random *rand.Rand) {
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	status := func() string { return []string{"open", "held", "done"}[random.IntN(3)] }
	for range 40 {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			for range 1 + random.IntN(4) {
				id := random.IntN(600) + 1
				var statement string
				acts := 18
				if many {
					acts = 20
				}
				switch act := random.IntN(acts); {
				case act < 6:
					statement = fmt.Sprintf("insert into invoices values (%d, 'T', '%s', 0) on conflict do nothing", id, status())
				case act < 12:
					statement = fmt.Sprintf("update invoices set status = '%s', n = n + 1 where id = %d", status(), id)
				case act < 14:
					statement = fmt.Sprintf("update invoices set id = id + 10000 where id = %d and not exists (select from invoices where id = %d)", id, id+10000)
				case act < 15:
					statement = fmt.Sprintf("update invoices set tenant_id = case tenant_id when 'T' then 'U' else 'T' end where id = %d", id)
				case act < 18:
					statement = fmt.Sprintf("delete from invoices where id = %d", id)
				case act < 19:
					statement = fmt.Sprintf("update invoices set n = n + 1, status = '%s' where id between %d and %d", status(), id, id+60)
				case random.IntN(10) == 0:
					statement = "truncate invoices"
				default:
					statement = fmt.Sprintf("insert into invoices select i, 'T', '%s', i from generate_series(%d, %d) i on conflict do nothing", status(), id, id+60)
				}
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			if random.IntN(5) == 0 {
				return pgx.ErrTxClosed // rolled back
			}
			return nil
		})
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if err != nil && !errors.Is(err, pgx.ErrTxClosed) && (!ok || pg.Code != "40P01" && pg.Code != "23505") { // a deadlock, or a key that is taken
			t.Error(err)
			return
		}
	}
}

// lister is a client that lists rows.
type lister struct {
	wire  string
	in    io.Writer
	lines chan string
	ready bool
}

func list(t *testing.T, url, wire string) *lister {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "testdata/rows.mjs", url, token(t, "T"), wire) //nolint:gosec // of this test
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &lister{wire: wire, in: in, lines: make(chan string)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(l.lines)
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, 16<<20)
		for scan.Scan() {
			select {
			case l.lines <- scan.Text():
			case <-t.Context().Done():
			}
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-ended
	})
	return l
}

// line is the next line that it writes.
func (l *lister) line(t *testing.T) string {
	t.Helper()
	select {
	case text, ok := <-l.lines:
		if !ok {
			t.Fatalf("the client over %s has ended", l.wire)
		}
		return text
	case <-time.After(timeout):
		t.Fatalf("the client over %s says nothing", l.wire)
		return ""
	}
}

func (l *lister) awaitReady(t *testing.T) {
	t.Helper()
	if !l.ready {
		if text := l.line(t); text != "ready" {
			t.Fatal(text)
		}
		l.ready = true
	}
}

// after is what the lists have when they have a transaction.
func (l *lister) after(t *testing.T, tx string) (have map[string][]map[string]any) {
	t.Helper()
	if _, err := fmt.Fprintln(l.in, tx); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(l.line(t)), &have); err != nil {
		t.Fatal(err)
	}
	return have
}
