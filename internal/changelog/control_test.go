package changelog_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/work"
)

// The controls: readers that are known to be wrong follow the same writers,
// and the checkers have to say so.

// logRows is the log row by row, without any sequence, as a wrong reader takes it.
const logRows = `
	select l.id, l.xid::text::bigint, l.op::text, l.tenant, u.after::text, u.before::text
	  from rowcast.log l cross join lateral unnest(l.after, l.before) with ordinality u (after, before, n)`

// scanLog reads rows; id and xid are those of the last one.
func scanLog(rows pgx.Rows) (stream []feed.Change, id, xid int64, err error) {
	var (
		op, tenant    string
		after, before *string
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &xid, &op, &tenant, &after, &before}, func() error {
		c := feed.Change{Tenant: tenant, Tx: uint64(xid), Op: feed.Op(op[0])}
		if after != nil {
			c.After = []byte(*after)
		}
		if before != nil {
			c.Before = []byte(*before)
		}
		stream = append(stream, c)
		return nil
	})
	return stream, id, xid, err
}

// readLog reads all of the log.
func readLog(t *testing.T, conn *pgx.Conn) []feed.Change {
	t.Helper()
	rows, err := conn.Query(t.Context(), logRows+" order by l.id, u.n")
	if err != nil {
		t.Fatal(err)
	}
	stream, _, _, err := scanLog(rows)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// wrongReader polls the log by itself.
type wrongReader struct {
	// query takes the number and transaction of the last row that was seen.
	query  string
	mu     sync.Mutex
	stream []feed.Change
}

// byNumber asks for numbers beyond the last one.
const byNumber = logRows + " where l.id > $1 and $2::bigint is not null order by l.id, u.n"

// byWatermark asks for transactions below the oldest one that still runs, in
// the order of their ids.
const byWatermark = logRows + ` where (l.xid, l.id) > ($2::bigint::text::xid8, $1)
	and l.xid < pg_snapshot_xmin(pg_current_snapshot()) order by l.xid, l.id, u.n`

func (r *wrongReader) run(ctx context.Context, pool *pgxpool.Pool) error {
	var id, xid int64
	for ctx.Err() == nil {
		rows, err := pool.Query(ctx, r.query, id, xid)
		if err == nil {
			var (
				stream          []feed.Change
				lastID, lastXID int64
			)
			if stream, lastID, lastXID, err = scanLog(rows); err == nil && len(stream) > 0 {
				r.mu.Lock()
				r.stream = append(r.stream, stream...)
				r.mu.Unlock()
				id, xid = lastID, lastXID
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (r *wrongReader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.stream)
}

func (r *wrongReader) has(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.stream, func(c feed.Change) bool { return changeKey(&c) == key })
}

// outOfOrder writes what each of the wrong readers cannot get right.
func (m *model) outOfOrder(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	first, second := pgtest.ConnectAs(t, m.DSN, "first"), pgtest.ConnectAs(t, m.DSN, "second")
	insert := func(id int64) string { return fmt.Sprintf("insert into docs values (%d, 'T', null, 1)", id) }
	inserted := func() {
		t.Helper()
		id := m.ledger.NextIDs(1)
		m.tx(t, second, insert(id))
		eventually(t, "row at the naive reader", func() bool { return m.naive.has(madeKey(int(id), 1)) })
	}

	// The lower number commits when the higher one has been seen.
	m.beside(t, first, func(w *work.Writer) error {
		err := w.Each(ctx, '~', insert(1)+" on conflict (id) do update set version = docs.version + 1")
		if err == nil {
			inserted()
		}
		return err
	})
	inserted()

	// The older transaction changes the row after the younger one has.
	m.beside(t, first, func(w *work.Writer) error {
		if _, err := first.Exec(ctx, "select pg_current_xact_id()"); err != nil {
			return err
		}
		m.tx(t, second, "update docs set version = version + 1, body = 'first' where id = 100")
		return w.Each(ctx, '~', "update docs set version = version + 1, body = 'second' where id = 100")
	})
}

// checkControls holds the wrong readers, and streams that were spoilt by hand,
// against the promises: each must break its own.
func (m *model) checkControls(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	committed, spans, right := m.committed(), m.spans(), m.tails[0].snapshot()
	convict := func(what, kind string, faults []fault) {
		t.Helper()
		if n := count(faults, kind); n == 0 {
			t.Errorf("%s is not found guilty of %q", what, kind)
		} else {
			t.Logf("%s: %d times %q", what, n, kind)
		}
	}
	convict("a reader of id > last", faultMissing, checkCommitted(m.naive.stream, committed))
	if faults := checkCommitted(m.watermark.stream, committed); len(faults) > 0 {
		t.Errorf("a reader below the oldest transaction has %d faults besides the order", len(faults))
	}
	convict("a reader below the oldest transaction", faultRow, checkRows(m.watermark.stream))

	half := len(right) / 2
	without, twice := slices.Delete(slices.Clone(right), half, half+1), slices.Insert(slices.Clone(right), half, right[half])
	convict("a stream that lacks a change", faultMissing, checkCommitted(without, committed))
	convict("a stream that lacks a change", faultPosition, checkPositions(without))
	convict("a stream that lacks a change", faultServers, checkSame(right, without))
	convict("a stream that repeats a change", faultInvented, checkCommitted(twice, committed))
	convict("a stream that repeats a change", faultPosition, checkPositions(twice))
	backward := slices.Clone(right)
	slices.Reverse(backward)
	convict("a stream read backward", faultTime, checkTime(backward, spans))
	convict("a stream read backward", faultRow, checkRows(backward))
	torn := slices.Concat(right[1:], right[:1]) // the first transaction has many rows
	convict("a stream with a torn transaction", faultTransaction, checkTransactions(torn))
	convict("sequences that were swapped", faultPosition, checkSequence([]string{"T 1 2", "T 2 1"}, right))
}

// checkSequence compares the sealed sequences, each written "tenant position sequence",
// with the stream: they are dense, and each ends at its position.
func checkSequence(sequences []string, stream []feed.Change) (faults []fault) {
	next := 0
	for i, text := range sequences {
		var (
			tenant             string
			position, sequence int64
		)
		if _, err := fmt.Sscan(text, &tenant, &position, &sequence); err != nil || sequence != int64(i+1) {
			return append(faults, fault{faultPosition, fmt.Sprintf("row %d is at sequence %q (%v)", i+1, text, err)})
		}
		for next < len(stream) && stream[next].Tenant == tenant && stream[next].Position <= position {
			next++
		}
		if next == 0 || stream[next-1].Tenant != tenant || stream[next-1].Position != position {
			return append(faults, fault{faultPosition, fmt.Sprintf("%q does not end a change of the stream", text)})
		}
	}
	if next != len(stream) {
		faults = append(faults, fault{faultPosition, fmt.Sprintf("%d sequences cover %d of %d changes", len(sequences), next, len(stream))})
	}
	return faults
}
