package changelog_test

import (
	"testing"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

func TestPublishesWhatAnyWriterCommits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	l := d.tail(t)
	writer := pgtest.ConnectAs(t, d.DSN, "psql")
	pgtest.Exec(t, writer,
		`insert into docs values (1, 'T', 'one'), (2, 'U', 'two'), (3, 'T', 'three')`,
		`update docs set body = 'uno' where id = 1`,
		`delete from docs where id = 3`)
	l.wait(t, "five changes", func(r *recorder) bool { return len(r.changes) == 5 })
	var got []string
	for _, c := range l.snapshot() {
		if c.Writer != "psql" || c.Table != "docs" || c.Name != "doc" || c.Tx == 0 || c.At.IsZero() || c.Nonce == 0 {
			t.Errorf("incomplete change %+v", c)
		}
		got = append(got, brief(c))
	}
	want := []string{
		`T 1-1 insert {"id":1,"tenant_id":"T","body":"one","version":0}`,
		`T 2-2 insert {"id":3,"tenant_id":"T","body":"three","version":0}`,
		`U 1-1 insert {"id":2,"tenant_id":"U","body":"two","version":0}`,
		`T 3-3 update {"id":1,"tenant_id":"T","body":"uno","version":0}`,
		`T 4-4 delete `,
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("change %d is %s; want %s", i, got[i], want[i])
		}
	}
}

func TestBulkStatementIsOneChange(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	l := d.tail(t, func(o *changelog.Options) { o.BulkRows = 100 })
	writer := pgtest.ConnectAs(t, d.DSN, "import")
	pgtest.Exec(t, writer,
		`insert into docs select n, 'T', repeat('x', 400) from generate_series(1, 5000) n`,
		`insert into docs values (5001, 'T', 'last')`)
	l.wait(t, "two changes", func(r *recorder) bool { return len(r.changes) == 2 })
	bulk := l.snapshot()[0]
	if !bulk.Bulk || bulk.From != 1 || bulk.Position != 5000 || bulk.After != nil {
		t.Errorf("bulk change is %+v", bulk)
	}
	history := changelog.NewHistory(d.pool, 0)
	cursor := feed.Cursor{Epoch: bulk.Epoch}
	var position int64
	for {
		page, err := history.After(t.Context(), "T", cursor, 700)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			position++
			if c.Position != position || c.After == nil {
				t.Fatalf("history has %s at %d", brief(c), position)
			}
			cursor.Position, cursor.Nonce = c.Position, c.Nonce
		}
		if !page.More {
			break
		}
	}
	if position != 5001 {
		t.Errorf("history ends at %d; want 5001", position)
	}
	resumed, err := changelog.NewHistory(d.pool, 100).After(t.Context(), "T",
		feed.Cursor{Epoch: bulk.Epoch, Position: 1234, Nonce: bulk.Nonce}, 10)
	if err != nil || len(resumed.Changes) != 2 || resumed.Changes[0].From != 1235 || resumed.Changes[0].Position != 5000 {
		t.Errorf("resumed within the bulk statement: %+v, %v", resumed, err)
	}
}
