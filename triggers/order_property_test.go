package triggers_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"
)

const usualRounds = 1

// For longer runs, each with schemas of its own: go test -run
// TestOrderWithinATransaction -order.rounds 50 -timeout 0.
var orderRounds = flag.Int("order.rounds", usualRounds, "rounds of TestOrderWithinATransaction, of -rapid.checks schemas each")

// tally counts what the rounds drew.
type tally struct {
	mu                                      sync.Mutex
	transactions, committed, changes, cause int
	notes                                   map[string]int
}

func (y *tally) add(count func()) {
	y.mu.Lock()
	defer y.mu.Unlock()
	count()
}

// Random transactions on random schemas: who follows the order holds what the
// tables hold, whichever way one statement led to another, and a row stands
// behind the row whose trigger wrote it.
func TestOrderWithinATransaction(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"drawn_owner": "login", "drawn_other": "login"})
	counted := &tally{notes: map[string]int{}}
	t.Run("rounds", func(t *testing.T) {
		for round := range *orderRounds {
			t.Run(fmt.Sprint(round+1), func(t *testing.T) {
				t.Parallel()
				orderRound(t, counted)
			})
		}
	})
	t.Logf("%d of %d transactions were committed, with %d changes and %d causes: %v",
		counted.committed, counted.transactions, counted.changes, counted.cause, counted.notes)
	if t.Failed() {
		return
	}
	if counted.committed*3 < counted.transactions*2 {
		t.Errorf("only %d of %d transactions were committed", counted.committed, counted.transactions)
	}
	if counted.cause == 0 {
		t.Error("no change had a cause that could be seen")
	}
	for _, what := range []string{
		"nested", "cascade", "function", "rule", "after row", "before row", "after statement", "before statement", "deferred row",
		"replace", "undo", "revert", "upsert", "soft delete", "skip", "change", "merge", "copy", "truncate", "expressions", "loop", "calls",
		"replica", "rolled back", "made immediate", "failed",
	} {
		found := 0
		for note, n := range counted.notes {
			if strings.HasPrefix(note, what) {
				found += n
			}
		}
		if found == 0 {
			t.Errorf("%q never happened", what)
		}
	}
}

func orderRound(t *testing.T, counted *tally) {
	d := newDatabase(t, orderTools, `set search_path = s, public`, `select rowcast.unwatch('docs')`)
	merge := pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) >= 150000
	if !merge {
		counted.add(func() { counted.notes["merge is not known"]++ })
	}
	small := search{known: map[string]bool{}}
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.Custom(func(t *rapid.T) *plan { return drawPlan(t, merge) }).Draw(rt, "schema")
		actions := several(rt, "transactions", 1, 10, p.drawAction)
		newSession := rapid.Bool().Draw(rt, "new session")
		owner := rapid.SampledFrom([]string{"drawn_owner", "postgres"}).Draw(rt, "owner")
		world := drawWorld(rt)
		if small.goesOn(fmt.Sprintf("%#v%#v%t%s%s", p, actions, newSession, owner, world)) {
			d.check(t, rt, p, actions, newSession, owner, world, counted)
			small.passed()
		}
	})
	rows, err := d.Conn.Query(t.Context(), `
		select what, count(*) from noted group by 1
		union all select 'nested', count(*) from noted where nested
		union all select 'cascade', count(*) from noted where cascade`)
	if err != nil {
		t.Fatal(err)
	}
	var what string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&what, &n}, func() error {
		counted.add(func() { counted.notes[what] += n })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// check makes a schema, does its transactions, and fails rt where the order is
// wrong. Its messages are constant: only what fails with the same message is a
// smaller example of it.
func (d *database) check(t *testing.T, rt *rapid.T, p *plan, actions []action, newSession bool, owner string, w world, counted *tally) {
	ctx := t.Context()
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(ctx, d.DSN)
		if err != nil {
			rt.Fatal(err)
		}
		return conn
	}
	writer := connect()
	defer func() { _ = writer.Close(ctx) }()
	if _, err := writer.Exec(ctx, strings.Join(p.ddl, ";\n")); err != nil {
		rt.Log(explain(err))
		rt.Fatal("the schema cannot be made")
	}
	if _, err := writer.Exec(ctx, giveTables(owner)+";"+w.tables); err != nil {
		rt.Fatal(err)
	}
	if newSession {
		_ = writer.Close(ctx)
		writer = connect()
		if _, err := writer.Exec(ctx, `set search_path = s, public`); err != nil {
			rt.Fatal(err)
		}
	}
	if _, err := writer.Exec(ctx, w.session); err != nil {
		rt.Fatal(err)
	}
	f, err := follow(ctx, d.Conn)
	if err != nil {
		rt.Fatal(err)
	}
	for _, action := range actions {
		known := f.causes()
		ran, err := action.run(ctx, writer, counted)
		var changes []change
		var diff string
		if err == nil {
			changes, diff, err = f.catchUp(ctx)
		}
		seen, wrong := causes(changes, known)
		rt.Logf("what was run:\n%s\n\nthe order:\n%s", strings.Join(ran, "\n"), listed(changes))
		switch {
		case err != nil:
			rt.Log(err)
			rt.Fatal("something failed with what it may not fail with")
		case diff != "":
			rt.Logf("-table +client:\n%s", diff)
			rt.Fatal("the clients hold something else than the tables")
		case wrong != "" && !w.unordered:
			rt.Log(wrong)
			rt.Fatal("a change comes before its cause")
		}
		unordered := 0
		for _, c := range changes {
			if c.op == "o" {
				unordered++
			}
		}
		if unordered > 0 && !w.blind {
			rt.Fatal("the clients read again though the table can be looked into")
		}
		counted.add(func() {
			counted.changes += len(changes)
			counted.cause += seen
			counted.notes["in "+w.name]++
			counted.notes["unordered in "+w.name] += unordered
		})
	}
}

// search bounds how long a smaller example is looked for, since rapid does not
// look at the clock while it leaves out one part after the other.
type search struct {
	known  map[string]bool // examples that fail
	now    string
	failed time.Time // when the first did
}

const searchLimit = time.Minute

// goesOn says whether an example is to be tried.
func (s *search) goesOn(example string) bool {
	if s.now != "" { // did not pass
		s.known[s.now] = true
		if s.failed.IsZero() {
			s.failed = time.Now()
		}
	}
	s.now = ""
	if !s.failed.IsZero() && time.Since(s.failed) > searchLimit && !s.known[example] {
		return false
	}
	s.now = example
	return true
}

func (s *search) passed() { s.now = "" }

// listed writes changes with all that they say.
func listed(changes []change) string {
	var lines strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&lines, "%d %s %s %s %s", c.sequence, c.table, c.tenant, c.op, c.after)
		if c.before != "" {
			lines.WriteString(" < " + c.before)
		}
		lines.WriteString("\n")
	}
	return lines.String()
}

// run returns what was done, in SQL. What may fail is left out; an error is
// what must not happen.
func (d action) run(ctx context.Context, conn *pgx.Conn, counted *tally) (ran []string, err error) {
	steps := slices.Clone(d.steps)
	tried := func(committed bool, notes []string) {
		counted.add(func() {
			counted.transactions++
			if !committed {
				return
			}
			counted.committed++
			for _, n := range notes {
				counted.notes[n]++
			}
		})
	}
	do := func(s step) (bool, error) {
		var err error
		if s.data != "" {
			_, err = conn.PgConn().CopyFrom(ctx, strings.NewReader(s.data), s.sql)
		} else {
			_, err = conn.Exec(ctx, s.sql)
		}
		sql := s.sql + ";"
		if s.data != "" {
			sql += "\n" + s.data + `\.`
		}
		if err == nil {
			ran = append(ran, sql)
			return true, nil
		}
		ran = append(ran, fmt.Sprintf("%s -- %v", sql, explain(err)))
		return false, mayFail(err)
	}
	if d.single {
		for _, s := range steps {
			ok, err := do(s)
			if err != nil {
				return ran, err
			}
			tried(ok, []string{s.note})
		}
		return ran, nil
	}
again:
	for {
		ran = nil
		var notes []string
		if ok, err := do(step{sql: "begin"}); !ok || err != nil {
			return ran, errors.Join(err, errors.New("a transaction does not begin"))
		}
		for i, s := range steps {
			if d.careful && s.note != "" {
				if _, err := do(step{sql: "savepoint careful"}); err != nil {
					return ran, err
				}
			}
			ok, err := do(s)
			switch {
			case err != nil:
				return ran, err
			case ok:
				if s.note != "" {
					notes = append(notes, s.note)
				}
			case d.careful:
				notes = append(notes, "failed")
				if ok, err := do(step{sql: "rollback to careful"}); !ok || err != nil {
					return ran, errors.Join(err, errors.New("a savepoint is not rolled back to"))
				}
			default:
				if ok, err := do(step{sql: "rollback"}); !ok || err != nil {
					return ran, errors.Join(err, errors.New("a transaction is not rolled back"))
				}
				steps = slices.Delete(steps, i, i+1)
				continue again
			}
		}
		ok, err := do(step{sql: "commit"})
		tried(ok, notes)
		return ran, err
	}
}

// mayFail passes errors with which the drawn statements refuse each other.
func mayFail(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.SchemaName == "rowcast" {
		return err
	}
	switch pg.Code {
	case "23001", "23502", "23503", "23505", "23514", // constraints
		"21000",                   // a row twice in one upsert or merge
		"27000",                   // the row was changed by its own trigger
		"0A000", "42P10", "55006": // rules with merge or on conflict, truncate in use
		return nil
	case "XX000": // a rule or trigger keeps a foreign key from doing its work
		if strings.HasPrefix(pg.Message, "referential integrity query") {
			return nil
		}
	}
	return fmt.Errorf("%w (%s)", err, pg.Where)
}

// caused is what a row says of its cause.
type caused struct{ Mark, Cause int64 }

// causes returns the causes that the clients know already.
func (f *reader) causes() map[int64]bool {
	known := map[int64]bool{0: true}
	for _, rows := range f.views {
		for _, r := range rows {
			known[readCaused(r.text).Cause] = true
		}
	}
	return known
}

func readCaused(image string) (c caused) {
	_ = json.Unmarshal([]byte(image), &c)
	return c
}

// causes counts the changes whose cause is to be seen, and tells of those that
// come before it.
func causes(changes []change, known map[int64]bool) (seen int, wrong string) {
	first := map[int64]int{} // of a mark, and negative of a deletion
	for i, c := range changes {
		mark := readCaused(c.after).Mark
		if c.op == "d" {
			mark = -readCaused(c.before).Mark
		}
		if _, ok := first[mark]; !ok && mark != 0 {
			first[mark] = i
		}
	}
	for i, c := range changes {
		cause := readCaused(c.after).Cause
		at, ok := first[cause]
		if c.after == "" || known[cause] || !ok {
			continue
		}
		known[cause] = true
		seen++
		if at > i {
			return seen, fmt.Sprintf("sequence %d comes before its cause at %d: %s", c.sequence, changes[at].sequence, c.after)
		}
	}
	return seen, ""
}
