package changelog_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog/logrow"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/sql"
)

// A page of the log costs a few blocks a row, however long the log is and
// whatever the planner knows of it, on connections of every kind.
func TestPagesAreLookedUp(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	for segment := range 4 {
		pgtest.Exec(t, admin, fmt.Sprintf(`
			do $$ begin for n in 1..3000 loop insert into docs values (%d + n, 'T' || n %% 3); end loop; end $$`, 3000*segment),
			"select rowcast.seal()", "select rowcast.rotate('0', 0)")
	}
	own, err := postgres.Connect(t.Context(), d.DSN, "plan")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close(t.Context()) }()
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			pgtest.Exec(t, admin, "vacuum analyze")
		}
		for name, conn := range map[string]*pgx.Conn{"own settings": own, "settings of a pooler": admin} {
			for range 7 { // a generic plan comes after five
				blocks(t, conn, fmt.Sprint(name, ", analyzed: ", analyzed, ", by sequence"), sql.SealedAfter, 100, 1000, 256, logrow.Ordinary)
				blocks(t, conn, fmt.Sprint(name, ", analyzed: ", analyzed, ", by position"), sql.HistoryAfter, "T1", 100, 1000, 256, int64(math.MaxInt64), logrow.Ordinary)
				blocks(t, conn, fmt.Sprint(name, ", analyzed: ", analyzed, ", up to a position"), sql.HistoryAfter, "T1", 100, int64(math.MaxInt64), 1000, 356, logrow.Ordinary)
			}
		}
	}
}

// Rows of a segment cost the same however many segments the log has, also those
// that are not in the active one.
func TestPagesLookIntoNoOtherSegment(t *testing.T) {
	t.Parallel()
	var found [2]int
	for i, segments := range []int{4, 16} {
		d := newDatabase(t)
		admin := pgtest.ConnectAs(t, d.DSN, "admin")
		for segment := range segments {
			pgtest.Exec(t, admin, fmt.Sprintf("do $$ begin for n in 1..300 loop insert into docs values (%d + n, 'T'); end loop; end $$", 300*segment),
				"select rowcast.seal()", "select rowcast.rotate('0', 0)")
		}
		own, err := postgres.Connect(t.Context(), d.DSN, "plan")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = own.Close(t.Context()) }()
		page := `with page as (
			select s.segment, array_agg(s.xid) as xids, array_agg(s.id) as ids from rowcast.sealed s where s.position <= 256 group by s.segment)
			select l.id from page p cross join lateral rowcast.log_rows(p.segment, p.xids, p.ids, array_fill(true, array[cardinality(p.ids)])) l`
		for range 3 { // the first one fills the caches of the session
			found[i] = pageBlocks(t, own, page)
		}
	}
	if found[1] > found[0]+64 {
		t.Errorf("a page takes %d blocks with 4 segments and %d with 16", found[0], found[1])
	}
}

// blocks fails if a page of 256 rows takes more than 20 blocks a row.
func blocks(t *testing.T, conn *pgx.Conn, name, statement string, args ...any) {
	t.Helper()
	if total := pageBlocks(t, conn, statement, args...); total > 20*256 {
		t.Errorf("%s: 256 rows take %d blocks", name, total)
	}
}

// pageBlocks is how many blocks a page of 256 rows takes.
func pageBlocks(t *testing.T, conn *pgx.Conn, statement string, args ...any) int {
	t.Helper()
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Actual Rows"` // with decimals since PostgreSQL 18
			Hit  int     `json:"Shared Hit Blocks"`
			Read int     `json:"Shared Read Blocks"`
		}
	}
	text := pgtest.Query[string](t, conn, "explain (analyze, buffers, format json) "+statement, args...)
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	p := plans[0].Plan
	if p.Rows != 256 {
		t.Errorf("a page has %.0f rows; want 256:\n%s", p.Rows, text)
	}
	return p.Hit + p.Read
}
