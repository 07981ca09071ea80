package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// order is what the examples of the guide select.
type order struct {
	ID     int
	Status string
}

// load returns the orders of a tenant, the cursor and the snapshot.
func load(ctx context.Context, pool *pgxpool.Pool, tenant string) (orders []order, cursor, snapshot string, err error) {
	if _, err = pool.Exec(ctx, "select rowcast.know($1)", tenant); err != nil {
		return nil, "", "", err
	}
	read := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, pool, read, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, "select id, status from orders where tenant_id = $1", tenant)
		if orders, err = pgx.CollectRows(rows, pgx.RowToStructByPos[order]); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "select cursor, snapshot::text from rowcast.cursor($1)", tenant).Scan(&cursor, &snapshot)
	})
	return orders, cursor, snapshot, err
}

// shows says whether the rows of a snapshot have the transaction of an event.
func shows(snapshot, tx string) bool {
	parts := strings.Split(snapshot, ":")
	end, _ := strconv.ParseUint(parts[1], 10, 64)
	number, _ := strconv.ParseUint(tx, 10, 64)
	return number < end && !slices.Contains(strings.Split(parts[2], ","), tx)
}

// examples are the blocks of a language in the section of the guide.
func examples(t *testing.T, language string) string {
	t.Helper()
	guide, err := os.ReadFile("../../../cmd/rowcast/CLIENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "\n## Start with your own select\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(section, -1)
	if !found || len(blocks) != 1 {
		t.Fatalf("the guide has %d examples in %s", len(blocks), language)
	}
	return blocks[0][1]
}

// loaded is what an example has loaded: orders with their status, and where it stands.
type loaded struct {
	rows   map[int]string
	cursor string
	shows  func(tx string) bool
}

// TestOwnSelect runs the examples of the guide as they are written. A transaction is open
// meanwhile, and others commit before and after. What was loaded, with the events that
// follow and are not shown, is the table.
func TestOwnSelect(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create table orders (id int primary key, tenant_id text not null, status text)`, `select rowcast.watch('orders')`)
	database := pgtest.Query[string](t, e.Conn, `select current_database()`)
	host := e.Conn.Config().Host
	server := servetest.Start(t, e.DSN)
	pool := pgtest.Pool(t, e.DSN, "example", 2)
	if own, err := os.ReadFile("select_test.go"); err != nil || !strings.Contains(string(own), examples(t, "go")) {
		t.Errorf("the example in Go is not the one that is tested here, %v", err)
	}
	ways := map[string]func(t *testing.T) loaded{
		"go": func(t *testing.T) loaded {
			t.Helper()
			orders, cursor, snapshot, err := load(t.Context(), pool, "acme")
			if err != nil {
				t.Fatal(err)
			}
			l := loaded{map[int]string{}, cursor, func(tx string) bool { return shows(snapshot, tx) }}
			for _, o := range orders {
				l.rows[o.ID] = o.Status
			}
			return l
		},
		"sql": func(t *testing.T) loaded {
			t.Helper()
			file := filepath.Join(t.TempDir(), "example.sql")
			if err := os.WriteFile(file, []byte(examples(t, "sql")), 0o600); err != nil {
				t.Fatal(err)
			}
			l := loaded{rows: map[int]string{}}
			for line := range strings.Lines(pgtest.Psql(t, e.DSN, "-Atq", "-f", file)) {
				left, right, pair := strings.Cut(strings.TrimSpace(line), "|")
				if id, err := strconv.Atoi(left); err == nil {
					l.rows[id] = right
				} else if pair {
					l.cursor, l.shows = left, func(tx string) bool { return shows(right, tx) }
				}
			}
			return l
		},
		"js": func(t *testing.T) loaded {
			t.Helper()
			module := filepath.Join(t.TempDir(), "example.mjs")
			if err := os.WriteFile(module, []byte(examples(t, "js")), 0o600); err != nil {
				t.Fatal(err)
			}
			n := start(t, "select.cjs", "MODULE="+module)
			n.do(t, "load", host, "postgres", database, "acme")
			var found struct {
				Rows   []order
				Cursor string
			}
			if err := json.Unmarshal(n.until(t, "loaded").Message.Data, &found); err != nil {
				t.Fatal(err)
			}
			l := loaded{map[int]string{}, found.Cursor, func(tx string) bool {
				n.do(t, "shows", tx)
				return n.until(t, "shows").Active
			}}
			for _, o := range found.Rows {
				l.rows[o.ID] = o.Status
			}
			return l
		},
	}
	for i, way := range slices.Sorted(maps.Keys(ways)) {
		t.Run(way, func(t *testing.T) {
			id := 10 * i
			writer := e.Connect(t)
			insert := func(db pgtest.Executor, n int) {
				pgtest.Exec(t, db, fmt.Sprintf(`insert into orders values (%d, 'acme', 'new')`, id+n))
			}
			// What is sealed last is behind the open transaction, and may be so at the load.
			insert(e.Conn, 1)
			pgtest.Exec(t, writer, `begin`)
			insert(writer, 2)
			insert(e.Conn, 3)
			l := ways[way](t)
			if _, early := l.rows[id+2]; early || l.rows[id+3] != "new" || l.cursor == "" || l.shows == nil {
				t.Fatalf("loaded %+v", l)
			}
			pgtest.Exec(t, writer, fmt.Sprintf(`update orders set status = 'paid' where id = %d`, id+1), `commit`)
			insert(e.Conn, 4)
			pgtest.Exec(t, e.Conn, fmt.Sprintf(`delete from orders where id = %d`, id+3))
			want := map[int]string{}
			for _, o := range pgtest.Column[string](t, e.Conn, `select id || ' ' || status from orders`) {
				left, status, _ := strings.Cut(o, " ")
				n, err := strconv.Atoi(left)
				if err != nil {
					t.Fatal(err)
				}
				want[n] = status
			}
			servetest.Eventually(t, "the events", func() bool {
				got := maps.Clone(l.rows)
				follow(t, server, got, l)
				return maps.Equal(got, want)
			})
		})
	}
}

// follow applies the events after the cursor that are not shown.
func follow(t *testing.T, server *servetest.Server, rows map[int]string, l loaded) {
	t.Helper()
	query := url.Values{"after": {l.cursor}, "limit": {"1000"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Address()+"/history?"+query.Encode(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+servetest.Token(t, "acme"))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page struct {
		Events []struct {
			Event  string
			Data   order
			Source struct{ Tx string }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", response.StatusCode, err)
	}
	for _, event := range page.Events {
		switch {
		case l.shows(event.Source.Tx):
		case event.Event == "order:deleted":
			delete(rows, event.Data.ID)
		case event.Event == "order:created" || event.Event == "order:updated":
			rows[event.Data.ID] = event.Data.Status
		}
	}
}
