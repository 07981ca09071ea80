package history_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/changelog"
	"rowcast/internal/mapping"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/history"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// gate lets in tokens that are names of tenants, divided by commas.
func gate(t testing.TB) *transport.Gate {
	t.Helper()
	return servetest.Gate(t, transport.GateOptions{
		Origin: origin.Origins{}.Allowed,
		Verify: func(_ context.Context, token string) (auth.Identity, error) {
			if token == "forged" {
				return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
			}
			return auth.Identity{Tenants: strings.Split(token, "+"), Expires: time.Now().Add(time.Hour)}, nil
		},
		Redeem: func(ticket string) (auth.Identity, bool) {
			return auth.Identity{Tenants: []string{"T"}}, ticket == "ticket"
		},
	})
}

// server is one over a source, for requests of the tenant T.
type server struct{ http.Handler }

func serve(t *testing.T, source history.Source, change func(*history.Options)) server {
	t.Helper()
	o := history.Options{Source: source, Map: mapping.Append, Gate: gate(t), Rate: 1e6, Burst: 1e6, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if change != nil {
		change(&o)
	}
	h, err := history.NewHandler(o)
	if err != nil {
		t.Fatal(err)
	}
	return server{h}
}

func (s server) ask(t *testing.T, token, query string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/history"+query, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// answer is a page as a client reads it.
type answer struct {
	Events []event
	Cursor string
	More   bool
}

type event struct {
	Type, Event, TenantID, Cursor string
	From, Position                int64
	Data                          json.RawMessage
}

// page asks for a page after a cursor.
func (s server) page(t *testing.T, after string, limit int, more ...string) answer {
	t.Helper()
	query := url.Values{"limit": {strconv.Itoa(limit)}, "events": more}
	if after != "" {
		query.Set("after", after)
	}
	w := s.ask(t, "T", "?"+query.Encode())
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("after %s: %d %v %s", after, w.Code, w.Header(), w.Body)
	}
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.Events == nil || a.Cursor == "" {
		t.Fatalf("after %s: %s, %v", after, w.Body, err)
	}
	if len(a.Events) > limit {
		t.Fatalf("%d events, the limit is %d", len(a.Events), limit)
	}
	return a
}

// all reads page after page until there is no more, and says where that is.
func (s server) all(t *testing.T, after string, limit int, more ...string) (events []event, pages int, end string) {
	t.Helper()
	for {
		a := s.page(t, after, limit, more...)
		pages++
		events = append(events, a.Events...)
		if !a.More {
			return events, pages, a.Cursor
		}
		if a.Cursor == after {
			t.Fatalf("the page after %s ends where it began", after)
		}
		after = a.Cursor
	}
}

// brief writes events, one a line.
func brief(events []event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%d-%d %s %s %s\n", e.From, e.Position, e.Event, e.Cursor, e.Data)
	}
	return b.String()
}

// database is a migrated one with the watched table moves, whose adjustments
// make two events each.
type database struct {
	*pgtest.Env
	pool *pgxpool.Pool
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	e := pgtest.Migrated(t, `create table moves (id int primary key, tenant_id text, sku_id int, movement_type text, quantity int, reason text)`,
		`select rowcast.watch('moves', name => 'stock-movement')`)
	pool := pgtest.Pool(t, e.DSN, "history", 4)
	return &database{e, pool}
}

// copyRows copies adjustments of the tenant T, with these ids.
func (d *database) copyRows(t *testing.T, from, to int) {
	t.Helper()
	var rows strings.Builder
	for id := from; id <= to; id++ {
		fmt.Fprintf(&rows, "%d\tT\t1\tadjustment\t-1\tdamaged\n", id)
	}
	_, err := d.Conn.PgConn().CopyFrom(t.Context(), io.Reader(strings.NewReader(rows.String())), "copy moves from stdin")
	if err != nil {
		t.Fatal(err)
	}
}

// source tells every row.
func (d *database) source() *changelog.History { return changelog.NewHistory(d.pool, 0) }
