package changelog_test

import (
	"fmt"
	"math"
	"testing"

	"rowcast/internal/changelog"
	"rowcast/internal/changelog/logrow"
	"rowcast/internal/test/pgtest"
	"rowcast/sql"
)

// The oldest cursor is where the history begins, also after it was pruned.
func TestHistoryBeginsAtTheFloor(t *testing.T) {
	t.Parallel()
	d, changes := sealedDatabase(t, 8)
	history := changelog.NewHistory(d.pool, 0)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	check := func(tenant string, position int64, left int) {
		t.Helper()
		oldest, err := history.Oldest(t.Context(), tenant)
		if err != nil || oldest.Position != position || oldest.Epoch != changes[0].Epoch {
			t.Fatalf("the oldest cursor of %s is %s, %v; want position %d", tenant, oldest, err, position)
		}
		page, err := history.After(t.Context(), tenant, oldest, 10)
		if err != nil || len(page.Changes) != left || page.More {
			t.Errorf("after %s there are %d changes, %v; want %d", oldest, len(page.Changes), err, left)
		}
	}
	check("T", 0, 8)
	check("nobody", 0, 0)
	pgtest.Exec(t, admin, "update rowcast.seal set sealed_at = sealed_at - interval '1 hour' where seal <= 6", "select rowcast.prune('1 hour')")
	check("T", 4, 4)
	check("U", 2, 0)
	pgtest.Exec(t, admin, "insert into docs values (-3, 'U')", "select rowcast.seal()")
	check("U", 2, 1)
}

// A page of a long statement has the rows that were asked for, says exactly
// whether there are more, and does not read the rest.
func TestHistoryOfAStatement(t *testing.T) {
	t.Parallel()
	const rows = 3000
	d := newDatabase(t)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pgtest.Exec(t, admin, fmt.Sprintf("insert into docs select n, 'T', repeat('x', 100) from generate_series(1, %d) n", rows), "select rowcast.seal()")
	history := changelog.NewHistory(d.pool, 0)
	at, err := history.Oldest(t.Context(), "T")
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 10, 500, rows - 511 - 7, 7, 5} {
		page, err := history.After(t.Context(), "T", at, limit)
		if err != nil {
			t.Fatal(err)
		}
		want := min(limit, rows-int(at.Position))
		if len(page.Changes) != want || page.More != (int(at.Position)+want < rows) {
			t.Fatalf("after %s: %d changes, more: %t; want %d", at, len(page.Changes), page.More, want)
		}
		for i, c := range page.Changes {
			if c.Bulk || c.From != c.Position || c.Position != at.Position+int64(i)+1 || len(c.After) < 100 {
				t.Fatalf("change %d after %s: %+v", i, at, c)
			}
		}
		if want > 0 {
			at = cursorAt(page.Changes[want-1])
		}
	}
	if n := pgtest.Query[int](t, admin, "select count(*) from rowcast.sealed"); n < 6 {
		t.Fatalf("the statement has %d log rows, too few to show anything", n)
	}
	few := pgtest.Query[int](t, admin, "select count(*) from ("+sql.HistoryAfter+") page", "T", int64(100), int64(math.MaxInt64), 256, int64(111), logrow.Ordinary)
	if few != 1 {
		t.Errorf("ten rows take %d log rows", few)
	}
}
