package history_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/encode"
)

// TestPagesAreTheWhole: pages of any size are one large page cut, and each
// cursor continues with the rest.
func TestPagesAreTheWhole(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := serve(t, d.source(), nil)
	if a := s.page(t, "", 10); len(a.Events) != 0 || a.More {
		t.Fatalf("a tenant without history: %+v", a)
	}
	d.Exec(t, `insert into moves values (1, 'T', 1, 'adjustment', 1, 'a'), (2, 'T', 1, 'sale', 1, ''), (3, 'U', 1, 'sale', 1, '')`,
		`update moves set quantity = 2 where id = 1`,
		`update moves set quantity = 2 where id = 1`, // changes nothing: no event
		`delete from moves where id = 2`,
		`select rowcast.seal()`,
		`insert into moves select n, 'T', 1, 'adjustment', n, 'b' from generate_series(10, 40) n`,
		`update moves set quantity = 0 where id >= 30`,
		`select rowcast.seal()`,
		`truncate moves`,
		`insert into moves values (50, 'T', 1, 'adjustment', 1, 'c')`,
		`update moves set quantity = quantity`,
		`select rowcast.seal()`)
	whole := s.page(t, "", 1000)
	if whole.More {
		t.Fatal("there is more")
	}
	// 2 events each for 1 + 31 + 1 adjustments, 1 for the sale, 1 + 11 updates, a delete, a truncate.
	if n := len(whole.Events); n != 2*33+1+12+1+1 {
		t.Fatalf("%d events:\n%s", n, brief(whole.Events))
	}
	for _, e := range whole.Events {
		if e.Type != "event" || e.TenantID != "T" || e.From != 0 {
			t.Fatalf("event %+v", e)
		}
	}
	want := brief(whole.Events)
	for _, limit := range []int{1, 2, 3, 7, 80, 81, 82, 500} {
		events, pages, end := s.all(t, "", limit)
		if brief(events) != want || end != whole.Cursor {
			t.Errorf("pages of %d end at %s and are\n%s\nwant\n%s", limit, end, brief(events), want)
		}
		if n := (len(whole.Events) + limit - 1) / limit; pages != n {
			t.Errorf("%d pages of %d; want %d", pages, limit, n)
		}
	}
	for i, e := range whole.Events {
		if rest := s.page(t, e.Cursor, 1000); brief(rest.Events) != brief(whole.Events[i+1:]) || rest.Cursor != whole.Cursor || rest.More {
			t.Errorf("after %s: %+v", e.Cursor, rest)
		}
	}
	if again := s.page(t, whole.Cursor, 5); len(again.Events) != 0 || again.More || again.Cursor != whole.Cursor {
		t.Errorf("at the end: %+v", again)
	}
}

// TestBulkRowByRow: a COPY that is one event on the wire is 5,000 rows here,
// each with the two events of an adjustment.
func TestBulkRowByRow(t *testing.T) {
	t.Parallel()
	const rows = 5000
	d := newDatabase(t)
	s := serve(t, d.source(), nil)
	d.Exec(t, `insert into moves values (0, 'T', 1, 'sale', 1, 'before')`)
	d.copyRows(t, 1, rows)
	d.Exec(t, `insert into moves values (5001, 'T', 1, 'sale', 1, 'after')`, `select rowcast.seal()`)
	big, pages, end := s.all(t, "", 1000)
	if pages != 11 || len(big) != 2*rows+2 {
		t.Fatalf("%d pages, %d events", pages, len(big))
	}
	for i, e := range big[1 : 2*rows+1] {
		row := i/2 + 1
		var data struct{ ID, MovementID int }
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		name := []string{"stock-movement:created", "stock:adjusted"}[i%2]
		if e.Event != name || data.ID+data.MovementID != row || e.Position != int64(row+1) {
			t.Fatalf("event %d is %+v %s; want %s of row %d", i, e, e.Data, name, row)
		}
	}
	events, _, last := s.all(t, "", 333) // an odd number cuts changes in two
	if brief(events) != brief(big) || last != end {
		t.Errorf("pages of 333 are not the whole: %d events, to %s", len(events), last)
	}
	adjusted, _, last := s.all(t, "", 500, "stock:adjusted")
	if len(adjusted) != rows || last != end {
		t.Errorf("%d adjustments, to %s", len(adjusted), last)
	}
}

// TestCursorsContinueOnTheHub: wherever a page ends, a client that joins with
// its cursor gets what follows. Of a bulk statement that is one event, from the
// row on that it has not had, or has had in part.
func TestCursorsContinueOnTheHub(t *testing.T) {
	t.Parallel()
	const rows = 1500
	d := newDatabase(t)
	s := serve(t, d.source(), nil)
	d.Exec(t, `insert into moves values (0, 'T', 1, 'adjustment', 1, 'before')`)
	d.copyRows(t, 1, rows)
	d.Exec(t, `insert into moves values (5001, 'T', 1, 'adjustment', 1, 'after')`, `select rowcast.seal()`)
	whole, _, _ := s.all(t, "", 1000)
	last := whole[len(whole)-1].Position

	h := runHub(t, d)
	cursors := []string{}
	for _, i := range []int{0, 1, 2, 3, 4, 999, 1000, 2*rows - 1, 2 * rows, 2*rows + 1, 2*rows + 2, 2*rows + 3} {
		cursors = append(cursors, whole[i].Cursor)
	}
	for _, cursor := range cursors {
		at, err := feed.ParseCursor(cursor)
		if err != nil {
			t.Fatal(err)
		}
		got := h.resume(t, cursor, whole[len(whole)-1].Cursor)
		// Where the log itself is told row by row, the rest is the same.
		bulk := slices.IndexFunc(got, func(e event) bool { return e.Event == "stock-movement:bulk" })
		next := at.Position + 1
		for i, e := range got {
			switch {
			case i == bulk:
				if e.From != next || e.Position != rows+1 {
					t.Errorf("after %s: bulk %+v; want from %d", cursor, e, next)
				}
				next = e.Position + 1
			case e.Position != next && e.Position != next-1:
				t.Errorf("after %s: event %+v; want position %d", cursor, e, next)
			default:
				next = max(next, e.Position+1)
			}
		}
		if next != last+1 {
			t.Errorf("after %s: %d events, up to %d; want %d", cursor, len(got), next-1, last)
		}
		if inside := at.Position < rows+1 && at.Position >= 1; inside && bulk < 0 {
			t.Errorf("after %s: no bulk event", cursor)
		}
	}
}

// TestCursorsContinueInABulkChange: the same where the source tells bulk changes:
// whatever part of whatever row the client has had, the rest comes, and once.
func TestCursorsContinueInABulkChange(t *testing.T) {
	t.Parallel()
	const rows = 30
	d := newDatabase(t)
	d.Exec(t, `insert into moves values (0, 'T', 1, 'adjustment', 1, 'before')`)
	d.copyRows(t, 1, rows)
	d.Exec(t, `insert into moves values (5001, 'T', 1, 'adjustment', 1, 'after')`, `select rowcast.seal()`)
	whole, _, end := serve(t, d.source(), nil).all(t, "", 1000)
	bulk := serve(t, changelog.NewHistory(d.pool, rows-1), nil)
	for i, e := range whole {
		at, err := feed.ParseCursor(e.Cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1, 2, 1000} {
			events, _, last := bulk.all(t, e.Cursor, limit)
			inside := at.Position >= 1 && at.Position < rows+1
			var want []event
			switch {
			case inside:
				want = append([]event{{Event: "stock-movement:bulk", From: at.Position + 1, Position: rows + 1}}, whole[len(whole)-2:]...)
			case at.Position == 0:
				want = append(slices.Clone(whole[i+1:2]), event{Event: "stock-movement:bulk", From: 2, Position: rows + 1})
				want = append(want, whole[len(whole)-2:]...)
			default:
				want = whole[i+1:]
			}
			same := slices.EqualFunc(events, want, func(a, b event) bool {
				return a.Event == b.Event && a.From == b.From && a.Position == b.Position
			})
			if !same || last != end {
				t.Errorf("after %s, pages of %d:\n%s\nto %s; want\n%s\nto %s", e.Cursor, limit, brief(events), last, brief(want), end)
			}
		}
	}
}

// running is a hub over a database that nothing more is written to.
type running struct{ *hub.Hub }

func runHub(t *testing.T, d *database) running {
	t.Helper()
	h, err := hub.New(room.Options{History: changelog.NewHistory(d.pool, 1000), Map: mapping.Append, Encoders: []signal.Encoder{lines{}}})
	if err != nil {
		t.Fatal(err)
	}
	stop := servetest.Run(h)
	t.Cleanup(func() { _ = stop() })
	h.Publish(nil, 1<<40)
	return running{h}
}

// resume joins with a cursor and reads events up to the last.
func (h running) resume(t *testing.T, cursor, last string) (got []event) {
	t.Helper()
	c := &sink{}
	joined, err := h.Open(session.Peer{Conn: c})
	if err != nil {
		t.Fatal(err)
	}
	defer joined.Close(signal.Gone, "")
	if err := joined.Join(session.Request{Tenant: "T", Cursor: cursor}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		text := c.text()
		if strings.Contains(text, `"cursor":"`+last+`"`) {
			for line := range strings.Lines(text) {
				var e event
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				switch e.Type {
				case "event":
					got = append(got, e)
				case "reset":
					t.Fatalf("after %s: %s", cursor, line)
				}
			}
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: still %s", cursor, text)
		}
	}
}

// lines is an encoder with one JSON object a line.
type lines struct{}

func (lines) Name() string { return "lines" }

func (lines) AppendEvent(b []byte, e *feed.Event) []byte {
	return append(encode.AppendEvent(b, e), '\n')
}

func (lines) AppendSignal(b []byte, s *signal.Signal) []byte {
	return append(encode.AppendSignal(b, s), '\n')
}

func (lines) AppendClose(b []byte, _ errcode.Code, _ string) []byte { return b }

// sink is a connection that keeps everything.
type sink struct {
	mu  sync.Mutex
	got bytes.Buffer
}

func (s *sink) Queued() int { return 0 }

func (s *sink) TryWrite(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(b)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

func (s *sink) Write(b []byte) (int, error)      { return s.TryWrite(b) }
func (s *sink) SetWriteDeadline(time.Time) error { return nil }
func (s *sink) Hangup(bool)                      {}

// TestOldestWhilePruned: while the log is pruned, a request without a cursor
// gets what is left, and one with a cursor continues or is told that it is too
// late.
func TestOldestWhilePruned(t *testing.T) {
	t.Parallel()
	const changes = 150
	d := newDatabase(t)
	s := serve(t, d.source(), nil)
	for n := range changes {
		d.Exec(t, fmt.Sprintf(`insert into moves values (%d, 'T', 1, 'sale', 1, '')`, n), `select rowcast.seal()`)
	}
	whole := s.page(t, "", 1000)
	if len(whole.Events) != changes {
		t.Fatalf("%d events", len(whole.Events))
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a := s.page(t, "", 1000)
				next := int64(changes - len(a.Events) + 1)
				for _, e := range a.Events {
					if e.Position != next {
						t.Errorf("position %d; want %d", e.Position, next)
						return
					}
					next++
				}
			}
		})
	}
	for pruned := int64(1); pruned > 0; {
		if err := d.Conn.QueryRow(t.Context(), "select rowcast.prune('0', 5)").Scan(&pruned); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	readers.Wait()
	left := s.page(t, "", 1000) // the newest seal stays
	if len(left.Events) != 1 || left.Cursor != whole.Cursor {
		t.Errorf("left are %+v", left)
	}
	w := s.ask(t, "T", "?after="+whole.Events[3].Cursor)
	if w.Code != http.StatusGone || !strings.Contains(w.Body.String(), `"code":"expired"`) {
		t.Errorf("a pruned cursor: %d %s", w.Code, w.Body)
	}
	w = s.ask(t, "T", "?after=other.7.z")
	if w.Code != http.StatusGone || !strings.Contains(w.Body.String(), `"code":"diverged"`) {
		t.Errorf("a cursor of another history: %d %s", w.Code, w.Body)
	}
	d.pool.Close()
	w = s.ask(t, "T", "")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"code":"unavailable"`) || w.Header().Get("Retry-After") == "" {
		t.Errorf("without a database: %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "pool") {
		t.Errorf("the answer tells of the inside: %s", w.Body)
	}
}
