package triggers_test

import (
	"strings"
	"testing"
)

// foreign is why the log does not belong to the database.
func (d *database) foreign(t testing.TB) string {
	t.Helper()
	return query[string](t, d.Conn, `select coalesce(rowcast.foreign_log(), '')`)
}

// A log that came with a dump, a template or an upgrade is told from one that
// was written here, and is not sealed where its transactions mean nothing.
func TestForeignLogIsTold(t *testing.T) {
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
			d.exec(t, test.statement)
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
	d.exec(t, `insert into docs values (3, 'T', 'not sealed')`)
	before := query[string](t, d.Conn, `select id from rowcast.feed`)
	d.exec(t, `update rowcast.feed set identity = 'elsewhere/1'`, `update rowcast.seal set snapshot = '9000000000:9000000000:'`)
	open := d.connect(t)
	exec(t, open, `begin`, `select pg_current_xact_id()`)
	if err := refused(t, d.Conn, `begin; insert into docs values (4, 'T', 'four'); select rowcast.new_feed()`); err.Code != "25001" {
		t.Errorf("a feed begun after a change: %v", err)
	}
	d.exec(t, `rollback`)
	id := query[string](t, d.Conn, `select rowcast.new_feed()`)
	if id == before || id != query[string](t, d.Conn, `select id from rowcast.feed`) || d.foreign(t) != "" {
		t.Errorf("feed %s became %s, foreign because %q", before, id, d.foreign(t))
	}
	d.wantLog(t)
	d.wantSealed(t)
	exec(t, open, `insert into docs values (5, 'U', 'five')`, `commit`)
	d.exec(t, `update docs set body = 'uno' where id = 1`)
	d.wantSealed(t, "U 1 i", "T 1 u")
	d.rotate(t, true)
	d.exec(t, `insert into docs values (6, 'T', 'six')`)
	d.wantSealed(t, "U 1 i", "T 1 u", "T 2 i")
}
