package triggers_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// foreign is why the log does not belong to the database.
func (d *database) foreign(t testing.TB) string {
	t.Helper()
	return pgtest.Query[string](t, d.Conn, `select coalesce(rowcast.foreign_log(), '')`)
}

// A log that came with a dump, a template or an upgrade is told from one that
// was written here, and is not sealed where its transactions mean nothing.
func TestForeignLogIsReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, statement, want string }{
		{"written here", `select 1`, ""},
		{"another cluster", `update rowcast.feed set identity = '1234567890123456789' || substr(identity, strpos(identity, '/'))`, "it was written in database 1234567890123456789/"},
		{"another database of the cluster", `update rowcast.feed set identity = identity || '0'`, "it was written in database "},
		{"transactions of the future", `update rowcast.seal set snapshot = '9000000000:9000000000:'`, "it knows transaction 9000000000"},
		{"dumped without data", `truncate rowcast.seal, rowcast.feed`, "rowcast.feed is empty"},
		{"dumped without the seals", `truncate rowcast.seal`, "rowcast.seal is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, `insert into docs values (1, 'T', 'one')`)
			d.seal(t)
			d.Exec(t, test.statement)
			if got := d.foreign(t); !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("the log is foreign because %q; want %q", got, test.want)
			}
			if test.name == "transactions of the future" {
				if err := refused(t, d.Conn, `select rowcast.seal()`); !strings.Contains(err.Hint, "rowcast migrate --new-feed") {
					t.Errorf("seal says %v, hint %q", err, err.Hint)
				}
			}
		})
	}
}

// A new feed begins with position 1, and no change of a transaction that goes on
// over it is lost.
func TestNewFeed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'U', 'two')`)
	d.seal(t)
	d.rotate(t, true)
	d.Exec(t, `insert into docs values (3, 'T', 'not sealed')`)
	before := pgtest.Query[string](t, d.Conn, `select id from rowcast.feed`)
	d.Exec(t, `update rowcast.feed set identity = 'elsewhere/1'`, `update rowcast.seal set snapshot = '9000000000:9000000000:'`)
	open := d.Connect(t)
	pgtest.Exec(t, open, `begin`, `select pg_current_xact_id()`)
	if err := refused(t, d.Conn, `begin; insert into docs values (4, 'T', 'four'); select rowcast.new_feed()`); err.Code != "25001" {
		t.Errorf("a feed begun after a change: %v", err)
	}
	d.Exec(t, `rollback`)
	id := pgtest.Query[string](t, d.Conn, `select rowcast.new_feed()`)
	if id == before || id != pgtest.Query[string](t, d.Conn, `select id from rowcast.feed`) || d.foreign(t) != "" {
		t.Errorf("feed %s became %s, foreign because %q", before, id, d.foreign(t))
	}
	d.wantLog(t)
	d.wantSealed(t)
	pgtest.Exec(t, open, `insert into docs values (5, 'U', 'five')`, `commit`)
	d.Exec(t, `update docs set body = 'uno' where id = 1`)
	d.wantSealed(t, "U 1 i", "T 1 u")
	d.rotate(t, true)
	d.Exec(t, `insert into docs values (6, 'T', 'six')`)
	d.wantSealed(t, "U 1 i", "T 1 u", "T 2 i")
}
