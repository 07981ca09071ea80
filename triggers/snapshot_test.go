package triggers_test

import (
	"strconv"
	"testing"

	"rowcast/internal/test/pgtest"
)

const readOnly = `begin isolation level repeatable read read only`

// TestCursorRefuses: what the cursor promises does not hold in any transaction, and it
// says in which.
func TestCursorRefuses(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.Exec(t, `select rowcast.know('T')`, `insert into rowcast.tenant (tenant, seen_at) values ('old', now() - interval '13 hours')`)
	const ask, write = `select * from rowcast.cursor('T')`, `insert into docs values (1, 'T', 'one')`
	for name, c := range map[string]struct {
		before              []string
		ask, code, say, and string
	}{
		"no transaction": {
			nil, ask, "25001", "a cursor belongs to the rows of one snapshot, and this transaction is at READ COMMITTED",
			"Begin with: begin isolation level repeatable read read only. Select the rows in the same transaction.",
		},
		"own writes": {
			[]string{`begin isolation level serializable`, write},
			ask, "25001", "this transaction has written, and its snapshot does not say so",
			"Commit first. Then ask in another transaction, which only reads.",
		},
		"undone writes": {
			[]string{`begin isolation level repeatable read`, `savepoint a`, write, `rollback to a`},
			ask, "25001",
			"this transaction has written, and its snapshot does not say so", "Commit first. Then ask in another transaction, which only reads.",
		},
		"unknown": {
			[]string{readOnly},
			`select * from rowcast.cursor('U''s')`, "22023", "unknown-tenant: nobody has heard of tenant 'U''s' before this transaction began",
			"Run select rowcast.know('U''s'), and commit it. Then begin again. Tenants are spelled as their column writes them.",
		},
		"about to be forgotten": {
			[]string{readOnly},
			`select * from rowcast.cursor('old')`, "22023", "unknown-tenant: nobody has heard of tenant 'old' before this transaction began",
			"Run select rowcast.know('old'), and commit it. Then begin again. Tenants are spelled as their column writes them.",
		},
		"no tenant": {[]string{readOnly}, `select * from rowcast.cursor(null)`, "22023", "which tenant?", "Give it as tokens name it: 1 to 255 bytes."},
	} {
		d.Exec(t, c.before...)
		err := refused(t, d.Conn, c.ask)
		if err.Code != c.code || err.Message != c.say || err.Hint != c.and {
			t.Errorf("%s: %s %q %q", name, err.Code, err.Message, err.Hint)
		}
		d.Exec(t, `rollback`)
	}
	// Who is not known in the snapshot is not known, whatever was committed since.
	d.Exec(t, readOnly, `select 1`)
	pgtest.Exec(t, d.Connect(t), `select rowcast.know('V')`)
	if err := refused(t, d.Conn, `select * from rowcast.cursor('V')`); err.Code != "22023" {
		t.Error(err)
	}
	d.Exec(t, `rollback`, `begin isolation level serializable read only deferrable`, `select * from rowcast.cursor('V')`, `rollback`)
	d.Exec(t, `update rowcast.feed set identity = 'another/1'`, readOnly)
	if err := refused(t, d.Conn, ask); err.Code != "55000" {
		t.Error(err)
	}
	d.Exec(t, `rollback`)
}

// TestBase36: numbers are written as the server reads them.
func TestBase36(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	numbers := []int64{0, 1, 35, 36, 1<<63 - 1}
	for n := int64(1); n < 1<<62; n = n*7 + 3 {
		numbers = append(numbers, n)
	}
	texts := pgtest.Column[string](t, d.Conn, `select rowcast.base36(n) from unnest($1::bigint[]) with ordinality u (n, i) order by i`, numbers)
	for i, n := range numbers {
		if want := strconv.FormatInt(n, 36); texts[i] != want {
			t.Errorf("%d is %s; want %s", n, texts[i], want)
		}
	}
}
