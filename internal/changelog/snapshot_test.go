package changelog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

const readOnly = `begin isolation level repeatable read read only`

// doing is what a step of a drawn interleaving does.
type doing int

const (
	write doing = iota
	begin
	savepoint
	undo
	commit
	rollback
	prepare
	commitPrepared
	rollbackPrepared
	seal
	startLoad
	loadRows
	loadCursor
	compare
)

// interleaved is one step: what, by which writer or reader, and a number that decides the rest.
type interleaved struct {
	do     doing
	who, n int
}

// interleavings draws steps of four writers and two readers.
func interleavings() *rapid.Generator[[]interleaved] {
	often := []doing{
		write, write, write, write, write, begin, begin, savepoint, undo, commit, commit, rollback, prepare, commitPrepared, rollbackPrepared,
		seal, startLoad, loadRows, loadCursor, loadRows, loadCursor, compare,
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) interleaved {
		return interleaved{rapid.SampledFrom(often).Draw(t, "do"), rapid.IntRange(0, 3).Draw(t, "who"), rapid.IntRange(0, 1<<20).Draw(t, "n")}
	}), 20, 80)
}

// mistake is what a client does wrong.
type mistake int

const (
	noMistake mistake = iota
	cursorAfterRows
	snapshotIgnored
)

// reader loads the rows of a tenant, in a transaction that stays open while others write.
type reader struct {
	*pgx.Conn
	open         bool
	tenant       string
	rows         map[string]string
	cursor, snap string
}

// loaded is what a client has after it has loaded: rows by their keys, and a counter of
// them, which may count nothing twice.
type loaded struct {
	tenant string
	rows   map[string]string
	count  int
	cursor feed.Cursor
	snap   shown
}

// shown is a pg_snapshot.
type shown struct {
	xmax    uint64
	running map[uint64]bool
}

func (s shown) shows(tx uint64) bool { return tx < s.xmax && !s.running[tx] }

// world is a database with its writers and readers.
type world struct {
	*database
	t        *testing.T
	history  *changelog.History
	writers  [4]*pgx.Conn
	prepared [4]bool
	readers  [2]*reader
	mistake  mistake
	gid      string
	clients  []*loaded
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{database: newDatabase(t), t: t}
	w.Exec(t, `alter table docs alter body set default 'x'`, `select rowcast.know('T')`, `select rowcast.know('U')`)
	w.history = changelog.NewHistory(pgtest.Pool(t, w.DSN, "history", 2), 0)
	w.gid = pgtest.Query[string](t, w.Conn, `select current_database()`)
	for i := range w.writers {
		w.writers[i] = w.Connect(t)
		pgtest.Exec(t, w.writers[i], `set lock_timeout = '1ms'`)
	}
	for i := range w.readers {
		w.readers[i] = &reader{Conn: w.Connect(t)}
		pgtest.Exec(t, w.readers[i], `set lock_timeout = '1ms'`)
	}
	return w
}

func (w *world) seal() { w.Exec(w.t, `select rowcast.seal()`) }

// try executes what may be refused, because another transaction is in the way or there is
// none to end: then nothing has happened but that the transaction is gone.
func (w *world) try(i int, statement string) bool {
	if _, err := w.writers[i].Exec(w.t.Context(), statement); err != nil {
		_, _ = w.writers[i].Exec(w.t.Context(), `rollback`)
		return false
	}
	return true
}

// again begins anew, with an empty table.
func (w *world) again() {
	for i := range w.writers {
		_ = w.try(i, `rollback`)
		if w.prepared[i] {
			pgtest.Exec(w.t, w.Conn, fmt.Sprintf(`rollback prepared '%s-%d'`, w.gid, i))
			w.prepared[i] = false
		}
	}
	for _, r := range w.readers {
		pgtest.Exec(w.t, r, `rollback`)
		r.open = false
	}
	w.clients = nil
	w.Exec(w.t, `truncate docs`, `insert into docs select n, case when n % 3 = 0 then 'U' else 'T' end, 'first' from generate_series(1, 9) n`)
}

func (w *world) statement(s interleaved) string {
	id, other := s.n%12+1, s.n/12%12+1
	tenant := []string{"'T'", "'T'", "'U'", "null"}[s.n/144%4]
	switch s.n / 600 % 9 {
	case 0, 1:
		return fmt.Sprintf(`insert into docs values (%d, %s, 'b%d') on conflict (id) do update set body = excluded.body`, id, tenant, s.n)
	case 2, 3:
		return fmt.Sprintf(`update docs set body = 'u%d' where id = %d`, s.n, id)
	case 4:
		return fmt.Sprintf(`update docs set id = %d where id = %d`, other+12, id)
	case 5:
		return fmt.Sprintf(`update docs set tenant_id = %s where id in (%d, %d)`, tenant, id, other)
	case 6:
		return fmt.Sprintf(`delete from docs where id in (%d, %d)`, id, other)
	case 7:
		return fmt.Sprintf(`update docs set body = body || 's' where id > %d`, id)
	}
	return `truncate docs`
}

// run does the steps, and says how a client that keeps up differs from the table.
func (w *world) run(steps []interleaved) (differs string) {
	w.again()
	for _, s := range steps {
		i, r := s.who, w.readers[s.who%2]
		switch s.do {
		case write:
			_ = w.try(i, w.statement(s))
		case begin:
			_ = w.try(i, `begin`)
		case savepoint:
			_ = w.try(i, `savepoint a`)
		case undo:
			_ = w.try(i, `rollback to a`)
		case commit:
			_ = w.try(i, `commit`)
		case rollback:
			_ = w.try(i, `rollback`)
		case prepare:
			w.prepared[i] = w.prepared[i] || w.writers[i].PgConn().TxStatus() == 'T' && w.try(i, fmt.Sprintf(`prepare transaction '%s-%d'`, w.gid, i))
		case commitPrepared, rollbackPrepared:
			verb := map[doing]string{commitPrepared: "commit", rollbackPrepared: "rollback"}[s.do]
			if w.prepared[i] {
				pgtest.Exec(w.t, w.Conn, fmt.Sprintf(`%s prepared '%s-%d'`, verb, w.gid, i))
				w.prepared[i] = false
			}
		case seal:
			w.seal()
		case startLoad:
			w.start(r, []string{"T", "U"}[s.n%2])
		case loadRows, loadCursor:
			w.load(r, s.do)
		case compare:
			if differs := w.compare(); differs != "" {
				return differs
			}
		}
	}
	return w.compare()
}

func (w *world) start(r *reader, tenant string) {
	if !r.open {
		pgtest.Exec(w.t, r, readOnly, `select count(*) from rowcast.feed`)
		*r = reader{Conn: r.Conn, open: true, tenant: tenant}
	}
}

// load does a part of a load, in any order; with both it is whole.
func (w *world) load(r *reader, part doing) {
	switch {
	case !r.open:
		return
	case part == loadRows && r.rows == nil:
		rows, ok := w.rows(r, r.tenant)
		if !ok { // a truncate has the table
			pgtest.Exec(w.t, r, `rollback`)
			r.open = false
			return
		}
		r.rows = rows
	case part == loadCursor && r.cursor == "":
		if w.mistake == cursorAfterRows && r.rows != nil {
			pgtest.Exec(w.t, r, `commit`, readOnly)
		}
		if err := r.QueryRow(w.t.Context(), `select cursor, snapshot::text from rowcast.cursor($1)`, r.tenant).Scan(&r.cursor, &r.snap); err != nil {
			w.t.Fatal(err)
		}
	}
	if r.rows == nil || r.cursor == "" {
		return
	}
	pgtest.Exec(w.t, r, `commit`)
	r.open = false
	at, err := feed.ParseCursor(r.cursor)
	if err != nil {
		w.t.Fatalf("%s: %v", r.cursor, err)
	}
	w.clients = append(w.clients, &loaded{r.tenant, r.rows, len(r.rows), at, readSnapshot(w.t, w.Conn, r.snap)})
}

func readSnapshot(t *testing.T, conn *pgx.Conn, text string) (s shown) {
	t.Helper()
	s.running = map[uint64]bool{}
	if err := conn.QueryRow(t.Context(), `select pg_snapshot_xmax($1::text::pg_snapshot)::text::bigint`, text).Scan(&s.xmax); err != nil {
		t.Fatal(err)
	}
	for _, tx := range pgtest.Column[int64](t, conn, `select x::text::bigint from pg_snapshot_xip($1::text::pg_snapshot) x`, text) {
		s.running[uint64(tx)] = true //nolint:gosec // a number of a transaction
	}
	return s
}

// rows are those of a tenant by their keys, as a session sees them.
func (w *world) rows(db pgtest.Querier, tenant string) (found map[string]string, ok bool) {
	rows, err := db.Query(w.t.Context(), `select id::text, row_to_json(d)::text from docs d where tenant_id = $1`, tenant)
	if err != nil {
		return nil, false
	}
	found = map[string]string{}
	var key, text string
	_, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error { found[key] = text; return nil })
	return found, err == nil
}

// compare seals, has each client take what follows, and compares it with the table, if
// that can be looked at.
func (w *world) compare() string {
	w.seal()
	pgtest.Exec(w.t, w.Conn, `set lock_timeout = '1ms'`)
	defer pgtest.Exec(w.t, w.Conn, `reset lock_timeout`)
	for _, c := range w.clients {
		w.follow(c)
		want, ok := w.rows(w.Conn, c.tenant)
		if ok && (!maps.Equal(c.rows, want) || c.count != len(want)) {
			return fmt.Sprintf("tenant %s\nclient %v, counted %d\ntable  %v", c.tenant, c.rows, c.count, want)
		}
	}
	return ""
}

// follow takes what follows the cursor of a client.
func (w *world) follow(c *loaded) {
	for {
		page, err := w.history.After(context.Background(), c.tenant, c.cursor, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		for i := range page.Changes {
			change := &page.Changes[i]
			c.cursor = feed.Cursor{Epoch: change.Epoch, Position: change.Position, Nonce: change.Nonce}
			if w.mistake != snapshotIgnored && c.snap.shows(change.Tx) {
				continue
			}
			c.apply(w, change)
		}
		if !page.More {
			return
		}
	}
}

func (c *loaded) apply(w *world, change *feed.Change) {
	key := func(image []byte) string {
		var row struct{ ID *int }
		if err := json.Unmarshal(image, &row); err != nil {
			w.t.Fatal(err)
		}
		if row.ID == nil { // as in the new row
			return ""
		}
		return strconv.Itoa(*row.ID)
	}
	switch {
	case change.Op == feed.Truncate:
		clear(c.rows)
		c.count = 0
	case change.Bulk:
		w.t.Fatalf("a statement whose order nobody knows: %+v", change)
	default:
		if change.Before != nil {
			delete(c.rows, key(change.Before))
			c.count--
		}
		if change.After != nil {
			c.rows[key(change.After)] = string(change.After)
			c.count++
		}
	}
}

// TestCursorOfASnapshot draws interleavings of transactions, open, prepared and with
// savepoints, of seals and of loads. The rows of a snapshot, with the events after its
// cursor that it does not show, are the table each time that nothing waits to be sealed.
// A client that takes the cursor after the rows, or does not look at the snapshot, is found out.
func TestCursorOfASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		if differs := w.run(interleavings().Draw(rt, "steps")); differs != "" {
			rt.Fatal(differs)
		}
	})
	for _, wrong := range []mistake{cursorAfterRows, snapshotIgnored} {
		w.mistake = wrong
		found := slices.ContainsFunc(slices.Collect(seq(400)), func(seed int) bool {
			return w.run(interleavings().Example(seed)) != ""
		})
		if !found {
			t.Errorf("mistake %d is not found", wrong)
		}
	}
}

func seq(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
