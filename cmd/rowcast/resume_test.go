package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestClientsThatComeBackMissNothing has writers on hot rows of two tenants,
// two servers on one database, backends of the servers killed at random, and
// clients that are cut off again and again and continue from their cursor on
// either server. At the end every client must have received every position of
// its tenant once and in order, and every row in the order of its versions.
func TestClientsThatComeBackMissNothing(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table hot (id int primary key, tenant_id text not null, version int not null default 0)`,
		`insert into hot select n, 'tenant' || n % 2 from generate_series(1, 6) n`,
		`select rowcast.watch('hot', name => 'hot')`)
	first, _ := serve(t, s)
	second, _ := serve(t, s)
	urls := []string{first, second}

	const writers, transactions = 4, 120
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var clients []*wanderer
	for n := range 6 {
		clients = append(clients, &wanderer{
			urls: urls, tenant: fmt.Sprintf("tenant%d", n%2), token: token(t, fmt.Sprintf("tenant%d", n%2)),
			rng: rand.New(rand.NewPCG(seed, uint64(n))),
		})
	}
	var following sync.WaitGroup
	for _, w := range clients {
		if err := w.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		following.Go(func() { w.err = w.follow(t.Context()) })
	}
	var writing sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			if err := write(t.Context(), s.DSN, transactions, rand.New(rand.NewPCG(seed, uint64(100+n)))); err != nil {
				t.Errorf("writer: %v", err)
			}
		})
	}
	writing.Wait()
	s.Exec(t, `insert into hot values (1000, 'tenant0', -1), (1001, 'tenant1', -1)`)
	following.Wait()
	var final int64
	if err := s.Conn.QueryRow(t.Context(), "select sum(version) from hot where version > 0").Scan(&final); err != nil {
		t.Fatal(err)
	}
	for n, w := range clients {
		if w.err != nil {
			t.Errorf("client %d of %s, after %d connections: %v", n, w.tenant, w.connections, w.err)
		}
	}
	if got := clients[0].updates + clients[1].updates; got != final {
		t.Errorf("the clients of both tenants received %d updates; there were %d", got, final)
	}
}

// write commits transactions on the hot rows, and now and then kills a backend
// of the servers.
func write(ctx context.Context, dsn string, transactions int, rng *rand.Rand) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for n := range transactions {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// One row lock at a time, in order, so that writers do not deadlock.
			from := 1 + rng.IntN(6)
			for id := from; id <= min(6, from+rng.IntN(3)); id++ {
				if _, err := tx.Exec(ctx, "update hot set version = version + 1 where id = $1", id); err != nil {
					return err
				}
			}
			if rng.IntN(5) == 0 {
				_, err := tx.Exec(ctx, "savepoint s; update hot set version = version + 1000 where id = 6; rollback to s")
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n%20 == 7 {
			_, err := conn.Exec(ctx, `
				select pg_terminate_backend(pid) from pg_stat_activity
				 where datname = current_database() and application_name in ('rowcast tail', 'rowcast listen', 'rowcast history')
				 order by random() limit 1`)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// wanderer is a client that loses its connection and comes back elsewhere.
type wanderer struct {
	urls          []string
	tenant, token string
	rng           *rand.Rand

	client      *client
	connections int
	cursor      string
	joined      bool
	position    int64
	versions    map[int]int
	updates     int64
	err         error
}

func (w *wanderer) connect(ctx context.Context) error {
	var err error
	w.connections++
	w.client, err = dialFeed(ctx, w.urls[w.rng.IntN(len(w.urls))], w.token)
	if err != nil {
		return err
	}
	join := map[string]any{"type": "join-tenant", "tenantId": w.tenant}
	if w.cursor != "" {
		join["cursor"] = w.cursor
	}
	if err := w.client.conn.WriteJSON(join); err != nil {
		return err
	}
	if w.joined {
		return nil
	}
	// The first time, nothing may be written before the client has joined.
	for {
		m, err := w.client.next()
		if err != nil {
			return err
		}
		if m.Type == "joined" {
			w.joined, w.position, w.cursor, w.versions = true, m.Position, m.Cursor, map[int]int{}
			return nil
		}
	}
}

func (w *wanderer) follow(ctx context.Context) error {
	defer func() { _ = w.client.conn.Close() }()
	for left := 1 + w.rng.IntN(60); ; left-- {
		if left == 0 {
			_ = w.client.conn.Close()
			if err := w.connect(ctx); err != nil {
				return err
			}
			left = 1 + w.rng.IntN(60)
		}
		m, err := w.client.next()
		if err != nil {
			return fmt.Errorf("after position %d: %w", w.position, err)
		}
		switch {
		case m.Type == "reset" || m.Type == "error":
			return fmt.Errorf("after position %d: %+v", w.position, m)
		case m.Type != "event":
			continue
		}
		w.cursor = m.Cursor
		if m.Event == "dashboard:stats-updated" {
			continue
		}
		done, err := w.take(m)
		if err != nil || done {
			return err
		}
	}
}

// take checks an event against those before it.
func (w *wanderer) take(m message) (done bool, err error) {
	if m.Position != w.position+1 {
		return false, fmt.Errorf("position %d follows %d", m.Position, w.position)
	}
	w.position = m.Position
	if strings.HasSuffix(m.Event, ":created") {
		return true, nil
	}
	var id, version int
	if _, err := fmt.Sscanf(string(m.Data), `{"id":%d,"tenant_id":"`+w.tenant+`","version":%d}`, &id, &version); err != nil {
		return false, fmt.Errorf("decode %s: %w", m.Data, err)
	}
	if version != w.versions[id]+1 {
		return false, fmt.Errorf("row %d has version %d after %d", id, version, w.versions[id])
	}
	w.versions[id] = version
	w.updates++
	return false, nil
}
