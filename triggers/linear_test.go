package triggers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// explained is a node of what explain and auto_explain tell in JSON.
type explained struct {
	Rows    float64     `json:"Actual Rows"`
	Loops   float64     `json:"Actual Loops"`
	Removed float64     `json:"Rows Removed by Join Filter"`
	Other   float64     `json:"Rows Removed by Filter"`
	Hit     int         `json:"Shared Hit Blocks"`
	Read    int         `json:"Shared Read Blocks"`
	Plans   []explained `json:"Plans"`
}

// handled is how many rows the nodes have handed on or thrown away.
func (p *explained) handled() float64 {
	sum := (p.Rows + p.Removed + p.Other) * max(p.Loops, 1)
	for i := range p.Plans {
		sum += p.Plans[i].handled()
	}
	return sum
}

// sharedBlocks is how many blocks a query reads.
func sharedBlocks(t testing.TB, conn *pgx.Conn, statement string) int {
	t.Helper()
	var plans []struct{ Plan explained }
	if err := json.Unmarshal([]byte(pgtest.Query[string](t, conn, `explain (analyze, buffers, format json) `+statement)), &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.Hit + plans[0].Plan.Read
}

// server is a connection with the settings that those of a server have, which
// counts the rows that all of its statements handle, those in functions as well.
type server struct {
	*pgx.Conn
	mu   sync.Mutex
	rows float64
}

func newServer(t *testing.T, d *database) *server {
	t.Helper()
	own, err := postgres.Connect(t.Context(), d.DSN, "linear")
	if err != nil {
		t.Fatal(err)
	}
	config := own.Config()
	if err := own.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &server{}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		var found struct{ Plan explained }
		if _, text, ok := strings.Cut(n.Message, "plan:"); ok && json.Unmarshal([]byte(text), &found) == nil {
			s.mu.Lock()
			s.rows += found.Plan.handled()
			s.mu.Unlock()
		}
	}
	if s.Conn, err = pgx.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(t.Context()) })
	if _, err := s.Exec(t.Context(), `load 'auto_explain'`); err != nil {
		t.Skipf("this PostgreSQL has no auto_explain: %v", err)
	}
	pgtest.Exec(t, s.Conn, `set auto_explain.log_min_duration = 0`, `set auto_explain.log_analyze = on`, `set auto_explain.log_nested_statements = on`,
		`set auto_explain.log_format = json`, `set auto_explain.log_level = notice`, `set client_min_messages = notice`)
	return s
}

// handles is how many rows a query handles.
func (s *server) handles(t testing.TB, statement string) float64 {
	t.Helper()
	s.mu.Lock()
	s.rows = 0
	s.mu.Unlock()
	pgtest.Exec(t, s.Conn, statement)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == 0 {
		t.Fatalf("%s: no plan was logged", statement)
	}
	return s.rows
}

// What a server executes grows with what there is to do, and not faster: over its
// own connection, where the planner may not choose as it likes, at n and at 4n.
func TestFunctionsAreLinear(t *testing.T) {
	t.Parallel()
	const n = 400
	seal := `select rowcast.seal()`
	for _, test := range []struct {
		name, statement string
		// prepare makes work for one n of it.
		prepare func(n int) []string
	}{
		{"seal of one statement for many tenants", seal, func(n int) []string {
			return []string{fmt.Sprintf(`insert into docs select n, 'T' || n, 'x' from generate_series(1, %d) n`, n)}
		}},
		{"seal of many transactions", seal, func(n int) []string {
			return slices.Repeat([]string{`insert into docs select coalesce(max(id), 0) + 1, 'T', 'x' from docs`}, n/4)
		}},
		{"seal of a truncate with many known tenants", seal, func(n int) []string {
			return []string{fmt.Sprintf(`select rowcast.know('T' || n) from generate_series(1, %d) n`, n), `truncate docs`}
		}},
		{"seal of many rows of a tenant", seal, func(n int) []string {
			return []string{fmt.Sprintf(`do $$ begin for i in 1..%d loop insert into docs values (i, 'T', 'x'); end loop; end $$`, n)}
		}},
		{"looking for triggers of many tables", `select * from rowcast.trigger_drift()`, func(n int) []string {
			return []string{fmt.Sprintf(`do $$ begin for i in 1..%d loop
				execute format('create table t%%s (id int primary key, tenant_id text)', i); perform rowcast.watch(format('t%%s', i)::regclass); end loop; end $$`, n/40)}
		}},
		{"what is not sealed of a large transaction", `select count(*) from rowcast.unsealed()`, func(n int) []string {
			return append([]string{fmt.Sprintf(`do $$ begin for i in 1..%d loop insert into docs values (i, 'T', 'x'); end loop; end $$`, 15*n)},
				slices.Repeat([]string{seal}, 15*n/2000+2)...)
		}},
		{"prune", `select rowcast.prune('0')`, func(n int) []string {
			return []string{
				fmt.Sprintf(`insert into docs select n, 'T' || n, 'x' from generate_series(1, %d) n`, n), seal,
				`insert into docs values (0, 'T', 'x')`, seal,
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var handled [2]float64
			for i, size := range []int{n, 4 * n} {
				d := newDatabase(t)
				s := newServer(t, d)
				d.Exec(t, test.prepare(size)...)
				handled[i] = s.handles(t, test.statement)
			}
			t.Logf("%.0f and %.0f rows", handled[0], handled[1])
			if handled[1] > 6*handled[0] {
				t.Errorf("%.0f rows were handled for n, %.0f for 4n", handled[0], handled[1])
			}
		})
	}
}

// All the seals of a large transaction together, too.
func TestPiecesAreLinear(t *testing.T) {
	t.Parallel()
	var handled [2]float64
	for i, rows := range []int{5000, 20000} {
		d := newDatabase(t)
		s := newServer(t, d)
		large(t, d, 0, rows, 3)
		for first := true; first || pgtest.Query[bool](t, d.Conn, `select exists (select from rowcast.queue)`); first = false {
			handled[i] += s.handles(t, `select rowcast.seal()`)
		}
		if got := sealedOf(t, d, "big_1"); got != (rows+2)/3 {
			t.Errorf("%d changes of a tenant have a place; want %d", got, (rows+2)/3)
		}
	}
	t.Logf("%.0f and %.0f rows", handled[0], handled[1])
	if handled[1] > 5*handled[0] {
		t.Errorf("%.0f rows were handled for n, %.0f for 4n", handled[0], handled[1])
	}
}
