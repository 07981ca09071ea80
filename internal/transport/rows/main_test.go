package rows_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/access/auth"
	"rowcast/internal/snapshot"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/rows"
	"rowcast/internal/view"
	"rowcast/internal/view/bind"
	"rowcast/internal/view/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// database is a migrated one with the table notes, which is opened, and a pool for servers.
type database struct {
	*pgtest.Env
	pool *pgxpool.Pool
	// viewer, if not nil, sees less.
	viewer *policy.Viewer
}

// views binds filters, as the viewer sees them.
func (d *database) views() transport.Binder { return seen{bind.New(d.pool), d} }

type seen struct {
	transport.Binder
	of *database
}

func (s seen) Bind(ctx context.Context, filter []byte) (*view.View, error) {
	v, err := s.Binder.Bind(ctx, filter)
	if err != nil {
		return nil, err //nolint:wrapcheck // that of the binder
	}
	return v.For(s.of.viewer), nil
}

func newDatabase(t *testing.T, notes int) *database {
	t.Helper()
	e := pgtest.Migrated(t, `create table notes (id int primary key, tenant_id text, reader text, body text)`,
		`select rowcast.watch('notes', name => 'note', audience => 'reader', readable => true)`,
		`create table closed (id int primary key, tenant_id text)`, `select rowcast.watch('closed')`)
	pgtest.ExecWith(t, e.Conn, `insert into notes select n, 'T', null, repeat('x', 1000) from generate_series(1, $1::int) n`, notes)
	return &database{Env: e, pool: pgtest.Pool(t, e.DSN, "rows", 8)}
}

// server serves a database. Tokens are subject@tenant, or subject@tenant/seconds.
type server struct {
	*rows.Handler
	*httptest.Server
	draining, revoked atomic.Bool
	// ends is when the last token ends that says so.
	ends time.Time
}

func (d *database) serve(t *testing.T, change func(*rows.Options)) *server {
	t.Helper()
	s := &server{}
	gate := servetest.Gate(t, transport.GateOptions{
		Draining: s.draining.Load, Revoked: func(*auth.Identity) bool { return s.revoked.Load() }, Views: d.views(),
		Verify: func(_ context.Context, token string) (auth.Identity, error) {
			who, life, short := strings.Cut(token, "/")
			subject, tenant, _ := strings.Cut(who, "@")
			id := auth.Identity{Subject: subject, Tenants: []string{tenant}, Expires: time.Now().Add(time.Hour)}
			if short {
				lasts, err := time.ParseDuration(life)
				if err != nil {
					return auth.Identity{}, fmt.Errorf("%w: %w", auth.ErrInvalid, err)
				}
				id.Expires = time.Now().Add(lasts)
				s.ends = id.Expires
			}
			return id, nil
		},
	})
	o := rows.Options{
		Source: &snapshot.Source{Pool: d.pool, Most: rows.MaxRows, Time: rows.MaxTime}, Gate: gate, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Take: func(context.Context, int64) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	h, err := rows.NewHandler(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler, s.Server = h, httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// open asks for rows.
func (s *server) open(ctx context.Context, t *testing.T, token string, query url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/rows?"+query.Encode(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// line is one of an answer, or a problem document.
type line struct {
	Type, Code, Message, Detail, TenantID, Table, Cursor, Snapshot string
	Rows                                                           *int
	Row                                                            json.RawMessage
	Key                                                            []string
	Columns                                                        []snapshot.Column
}

// read reads an answer to its end.
func read(t *testing.T, from io.Reader) (lines []line) {
	t.Helper()
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := in.ReadBytes('\n')
		if len(text) == 0 && err != nil {
			return lines
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		lines = append(lines, l)
	}
}

// ask reads a whole answer.
func (s *server) ask(t *testing.T, token string, query url.Values) (*http.Response, []line) {
	t.Helper()
	response := s.open(t.Context(), t, token, query)
	defer response.Body.Close()
	return response, read(t, response.Body)
}

func note() url.Values { return url.Values{"table": {"note"}} }

// narrow is a connection to the server with a small buffer, so that a client that does not
// read is noticed. It asks for notes and reads nothing.
func (s *server) narrow(t *testing.T) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET /rows?table=note HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann@T\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}

// reading is how many sessions of the server read rows of notes now.
func (d *database) reading(t *testing.T) int {
	t.Helper()
	return pgtest.Query[int](t, d.Conn, `select count(*)::int from pg_stat_activity where datname = current_database() and application_name = 'rows' and state = 'active' and query like '%notes r where%'`)
}
