package changelog_test

import (
	"fmt"
	"testing"

	"rowcast/internal/changelog"
	"rowcast/internal/test/pgtest"
)

// Servers that lead in turn, and one that comes late, publish the same.
func TestServersAgree(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	writer := pgtest.ConnectAs(t, d.DSN, "writer")
	next := 0
	write := func(n int) {
		t.Helper()
		for range n {
			next++
			pgtest.Exec(t, writer, fmt.Sprintf(`
				begin;
				insert into docs select 10 * %[1]d + n, 'T' || n %% 3, repeat('x', n) from generate_series(1, 5) n;
				update docs set version = version + 1 where id %% 10 = 1;
				delete from docs where id = 10 * %[1]d + 4;
				commit`, next))
		}
	}
	leads := func(s changelog.Status) bool { return s.Leads }
	first := d.tail(t)
	first.until(t, "leader", leads)
	second := d.tail(t)
	write(5)
	second.wait(t, "first part", func(r *recorder) bool { return len(r.changes) == 5*(5+1)+(1+2+3+4+5) })
	third := d.tail(t)
	write(5)
	first.wait(t, "second part", func(r *recorder) bool { return len(r.changes) == 10*(5+1)+55 })
	first.stop()
	write(5)
	whole := 15*(5+1) + 120
	second.wait(t, "third part", func(r *recorder) bool { return len(r.changes) == whole })
	early, late := first.snapshot(), third
	late.wait(t, "third part", func(r *recorder) bool { return len(r.changes) == whole-(5*(5+1)+15) })
	everything := second.snapshot()
	for _, test := range []struct {
		name string
		part []fault
	}{
		{"the first to lead", checkSame(everything[:len(early)], early)},
		{"the one that came late", checkSame(everything[len(everything)-len(late.snapshot()):], late.snapshot())},
		{"positions", checkPositions(everything)},
		{"transactions", checkTransactions(everything)},
	} {
		for _, f := range test.part {
			t.Errorf("%s: %s: %s", test.name, f.kind, f.what)
		}
	}
}
