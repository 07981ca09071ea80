package rows_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"rowcast/internal/snapshot"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/rows"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, 1).serve(t, nil)
	for query, want := range map[string]struct {
		status       int
		code, detail string
	}{
		"":                                     {400, "bad-request", "name the table by the stem"},
		"table=other":                          {400, "bad-request", "there is no such table"},
		"table=%00":                            {400, "bad-request", "there is no such table"},
		"table=closed":                         {409, "not-readable", "rowcast watch --readable"},
		"table=note&limit=5":                   {400, "bad-request", `unknown parameter "limit"; /rows takes tenant, table, where, ticket`},
		"table=note&tenant=U":                  {403, "forbidden", "does not name this tenant"},
		"table=note&where=[]":                  {400, "bad-request", "where: "},
		`table=note&where={"note":{"gone":1}}`: {400, "bad-request", "where.note.gone: there is no such column"},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		response, lines := s.ask(t, "ann@T", values)
		if response.StatusCode != want.status || lines[0].Code != want.code || !strings.Contains(lines[0].Detail, want.detail) || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %+v", query, response.StatusCode, lines)
		}
	}
	if response, lines := s.ask(t, "ann@T\xff", note()); response.StatusCode == http.StatusOK {
		t.Errorf("a tenant that cannot be: %+v", lines)
	}
	response, lines := s.ask(t, "ann@T", url.Values{"table": {"note"}, "where": {`{"note":{"id":{"lt":5},"body":{"ne":null}}}`}})
	if response.Header.Get("Content-Type") != "application/x-ndjson" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", response.Header)
	}
	head, end := lines[0], lines[len(lines)-1]
	if head.Type != "snapshot" || head.TenantID != "T" || head.Table != "note" || head.Cursor == "" || head.Snapshot == "" || head.Key[0] != "id" ||
		head.Columns[3] != (snapshot.Column{Name: "body", Type: "text"}) || len(lines) != 3 || end.Type != "end" || *end.Rows != 1 {
		t.Errorf("%+v", lines)
	}
}

// TestLimits: an answer that would be larger, or later, than it may be ends with a line that
// says so, and has no end.
func TestLimits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 2000)
	for what, change := range map[string]func(*rows.Options){
		"rows":  func(o *rows.Options) { o.Source.Most = 1999 },
		"bytes": func(o *rows.Options) { o.Bytes = 1 << 20 },
		"time": func(o *rows.Options) {
			o.Time = 2 * time.Second
			o.Take = func(ctx context.Context, _ int64) error { <-ctx.Done(); return nil }
		},
	} {
		s := d.serve(t, change)
		response, lines := s.ask(t, "ann@T", note())
		if what == "time" && response.StatusCode == http.StatusServiceUnavailable { // it had not begun to answer
			continue
		}
		last := lines[len(lines)-1]
		if last.Type != "error" || last.Code != "limit-exceeded" || last.Message == "" {
			t.Errorf("%s: %d lines, %+v", what, len(lines), last)
		}
		if n := s.Stats().Outcomes["limit-exceeded"]; n != 1 {
			t.Errorf("%s: %d are counted", what, n)
		}
		// The connection is good for the next.
		if _, lines = s.ask(t, "ann@T", url.Values{"table": {"note"}, "where": {`{"note":{"id":1}}`}}); what != "time" && lines[len(lines)-1].Type != "end" {
			t.Errorf("%s: after it %+v", what, lines)
		}
	}
	s := d.serve(t, func(o *rows.Options) { o.Source.Most = 2000 })
	if _, lines := s.ask(t, "ann@T", note()); len(lines) != 2002 || *lines[2001].Rows != 2000 || s.Stats().Rows != 2000 || s.Stats().Outcomes["end"] != 1 {
		t.Errorf("%d lines, %+v", len(lines), s.Stats())
	}
}

// begin reads the first line of an answer that the client does not take.
func begin(t *testing.T, body io.Reader) {
	t.Helper()
	if _, err := body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// TestEnds: a server that shuts down, a token that ends or is revoked, and a database that
// fails end an answer with its last line.
func TestEnds(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 20_000)
	for code, c := range map[string]struct {
		token string
		do    func(s *server)
	}{
		"shutdown":      {"ann@T", func(s *server) { s.draining.Store(true) }},
		"revoked":       {"ann@T", func(s *server) { s.revoked.Store(true) }},
		"token-expired": {"ann@T/4s", func(s *server) { <-time.After(time.Until(s.ends)) }},
		"unavailable": {"ann@T", func(*server) {
			d.Exec(t, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'rows' and query like '%notes r where%'`)
		}},
	} {
		s := d.serve(t, nil)
		response := s.open(t.Context(), t, c.token, note())
		begin(t, response.Body)
		servetest.Eventually(t, "reading", func() bool { return d.reading(t) > 0 })
		c.do(s)
		lines := strings.Split(strings.TrimSpace(readAll(t, response.Body)), "\n")
		var last line
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Fatal(err)
		}
		if last.Type != "error" || last.Code != code || last.Message == "" || len(lines) > 20_000 {
			t.Errorf("%s: %d lines, %+v", code, len(lines), last)
		}
		_ = response.Body.Close()
		servetest.Eventually(t, "end", func() bool { return s.Stats().Reading == 0 })
	}
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTakesTurns: a subject reads once at a time, and so many do at all. Others wait for a
// moment and are then sent away, until there is room.
func TestTakesTurns(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 20_000)
	s := d.serve(t, func(o *rows.Options) { o.Readers, o.MaxWait = 2, time.Millisecond })
	few := url.Values{"table": {"note"}, "where": {`{"note":{"id":1}}`}}
	refused := func(token string) bool {
		response, lines := s.ask(t, token, few)
		if response.StatusCode == http.StatusOK {
			return false
		}
		if response.StatusCode != http.StatusTooManyRequests || lines[0].Code != "rate-limited" || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %+v", token, response.StatusCode, lines)
		}
		return true
	}
	ann := s.open(t.Context(), t, "ann@T", note())
	begin(t, ann.Body)
	if !refused("ann@T") {
		t.Error("one subject reads twice at once")
	}
	if refused("bob@T") {
		t.Error("another subject is refused")
	}
	bob := s.open(t.Context(), t, "bob@T", note())
	begin(t, bob.Body)
	if !refused("carol@T") {
		t.Error("three read at once")
	}
	_ = ann.Body.Close()
	servetest.Eventually(t, "room", func() bool { return !refused("carol@T") })
	_ = bob.Body.Close()
	// Who waits is served when there is room.
	patient := d.serve(t, func(o *rows.Options) { o.Readers, o.MaxWait = 1, servetest.Timeout })
	first := patient.open(t.Context(), t, "ann@T", note())
	begin(t, first.Body)
	second := make(chan int)
	go func() {
		response := patient.open(t.Context(), t, "bob@T", few)
		_ = response.Body.Close()
		second <- response.StatusCode
	}()
	_, _ = io.Copy(io.Discard, first.Body)
	_ = first.Body.Close()
	if status := <-second; status != http.StatusOK {
		t.Errorf("after the wait: %d", status)
	}
}

// TestClientLeaves: a client that leaves ends its query, whether it waits for the client or
// for the database.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 50_000)
	s := d.serve(t, func(o *rows.Options) {
		o.Stall, o.Time, o.Source.Time = 2*servetest.Timeout, 2*servetest.Timeout, 2*servetest.Timeout
	})
	leave := func(what string) {
		ctx, stop := context.WithCancel(t.Context())
		response := s.open(ctx, t, "ann@T", note())
		begin(t, response.Body)
		servetest.Eventually(t, what, func() bool { return d.reading(t) == 1 })
		stop()
		_ = response.Body.Close()
		servetest.Eventually(t, what+" ends", func() bool { return d.reading(t) == 0 && s.Stats().Reading == 0 })
	}
	leave("a query that waits for the client")
	// No row of the tenant comes for as long as the test likes.

	locker := d.Connect(t)
	pgtest.Exec(t, locker, `begin`, `lock table notes in access exclusive mode`)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil { // it does not wait for a lock for long
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/rows?table=note", http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer ann@T")
			if response, err := s.Client().Do(r); err == nil {
				_ = response.Body.Close()
			}
		}
	}()
	waits := func() int {
		return pgtest.Query[int](t, d.Conn, `select count(*)::int from pg_stat_activity where datname = current_database() and application_name = 'rows' and wait_event_type = 'Lock'`)
	}
	servetest.Eventually(t, "a query that waits for a lock", func() bool { return waits() == 1 })
	stop()
	<-done
	servetest.Eventually(t, "it ends", func() bool { return waits() == 0 })
}

// TestSlowClientHoldsNothing: a client that reads nothing holds the rows back where they
// are. What the server holds is far less than the answer.
func TestSlowClientHoldsNothing(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 60_000) // 60 MB
	s := d.serve(t, nil)
	begun := s.narrow(t)
	begin(t, begun)
	waiting := func() bool {
		return pgtest.Query[bool](t, d.Conn, `select exists (select from pg_stat_activity where datname = current_database() and application_name = 'rows' and wait_event = 'ClientWrite')`)
	}
	servetest.Eventually(t, "the database waits for the client", waiting)
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if s.Stats().Reading != 1 || memory.HeapAlloc > 40<<20 {
		t.Errorf("%d MB are held for %d clients", memory.HeapAlloc>>20, s.Stats().Reading)
	}
}

// TestStalledClientIsLeft: a client that takes nothing for too long is left, and its query
// ends.
func TestStalledClientIsLeft(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 60_000)
	s := d.serve(t, func(o *rows.Options) { o.Stall = 20 * time.Millisecond })
	begin(t, s.narrow(t))
	servetest.Eventually(t, "the answer ends", func() bool { return s.Stats().Outcomes["gone"] == 1 && s.Stats().Reading == 0 && d.reading(t) == 0 })
}

// TestRulesAreTakenFirst: the rules of a snapshot are followed before a view decides on its
// rows, and rows are not sent where they cannot be.
func TestRulesAreTakenFirst(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 1)
	version := pgtest.Query[int64](t, d.Conn, `select version from rowcast.rules`)
	taken := int64(0)
	s := d.serve(t, func(o *rows.Options) {
		o.Take = func(_ context.Context, v int64) error { taken = v; return nil }
	})
	if _, lines := s.ask(t, "ann@T", note()); lines[0].Type != "snapshot" || taken != version {
		t.Errorf("rules %d were taken, those of the snapshot are %d: %+v", taken, version, lines)
	}
	s = d.serve(t, func(o *rows.Options) { o.Take = func(context.Context, int64) error { return context.DeadlineExceeded } })
	if response, lines := s.ask(t, "ann@T", note()); response.StatusCode != http.StatusServiceUnavailable || lines[0].Code != "unavailable" {
		t.Errorf("without rules: %+v", lines)
	}
}
