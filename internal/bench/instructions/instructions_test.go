package instructions

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/bench"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// starter starts servers that the test closes in any case; folder gets the directory of
// the newest.
func starter(t *testing.T, folder *string) Starter {
	return func(ctx context.Context, o devpg.Options) (*devpg.Server, error) {
		server := pgtest.Own(t, o)
		*folder = server.Dir()
		migrator := postgres.Migrator{URL: server.DSN("postgres"), Log: slog.New(slog.DiscardHandler)}
		_, err := migrator.Up(ctx)
		return server, err
	}
}

// TestInstructions counts one kind for real.
func TestInstructions(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Skip("NOTHING IS COUNTED HERE: valgrind is not installed; get it, as with apt install valgrind")
	}
	var folder string
	r, err := Run(t.Context(), Settings{[]string{"insert"}}, starter(t, &folder), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the server is left: %v", err)
	}
	var report bench.Report
	r.Report(&report)
	text, err := json.Marshal(report.Tables)
	if err != nil {
		t.Fatal(err)
	}
	var tables []struct {
		Rows []struct {
			Statement                                                        string
			NoneInstructions, RowcastInstructions, AddedInstructions, OfNone float64
		}
	}
	if err := json.Unmarshal(text, &tables); err != nil || len(tables) != 1 || len(tables[0].Rows) != 1 {
		t.Fatalf("the tables are %s, %v", text, err)
	}
	row := tables[0].Rows[0]
	// An insert parses, plans, writes a row and an entry of an index, and commits:
	// some 10,000 at the very least. What triggers add is of the same order.
	if row.Statement != "insert" || row.NoneInstructions < 10_000 || row.NoneInstructions > 1_000_000 ||
		row.AddedInstructions < 10_000 || row.AddedInstructions > 10_000_000 ||
		math.Abs(row.NoneInstructions+row.AddedInstructions-row.RowcastInstructions) > 1 {
		t.Errorf("counted %s", text)
	}
}

// TestStatementsDoWhatIsCounted runs every script without valgrind, and scripts
// that do not do what they should.
func TestStatementsDoWhatIsCounted(t *testing.T) {
	t.Parallel()
	var folder string
	server, logged, err := prepared(t.Context(), starter(t, &folder))
	if err != nil {
		t.Fatal(err)
	}
	session := func(c counter, script []string) error {
		data, err := server.Copy(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = data.Close() }()
		if _, err := data.Run(t.Context(), "postgres", script); err != nil {
			t.Fatal(err)
		}
		return c.checked(t.Context(), data, len(script))
	}
	for _, s := range statements() {
		for _, table := range []string{s.plain, s.watched} {
			c := counter{server: server, statement: s, table: table, logged: logged}
			script := c.script(warmUp + counted)
			if err := session(c, script); err != nil {
				t.Errorf("%s of %s: %v", s.name, table, err)
			}
		}
	}
	for _, table := range []string{"plain", "docs"} {
		c := counter{server: server, statement: statements()[1], table: table, logged: logged}
		for what, last := range map[string]string{
			"fails":             "insert into " + table + " values (1, 'T', 'there already')",
			"changes no row":    "delete from " + table + " where id = 0",
			"changes one again": c.text(table, 1),
		} {
			if err := session(c, append(c.script(3), last)); err == nil || !strings.Contains(err.Error(), "4 statements changed 3 rows") {
				t.Errorf("a statement on %s that %s: %v", table, what, err)
			}
		}
	}
	c := counter{server: server, statement: statements()[0], table: "docs", logged: logged}
	unwatched := append([]string{"alter table docs disable trigger user"}, c.script(2)...)
	if err := session(c, unwatched); err == nil || !strings.Contains(err.Error(), "left 4000 changes in the log; want 3 and 4003") {
		t.Errorf("a table without triggers: %v", err)
	}
}

// TestWithoutValgrind has a PATH without it.
func TestWithoutValgrind(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for why, kinds := range map[string][]string{"apt install valgrind": names(), "no count was asked for": {none}} {
		r, err := Run(t.Context(), Settings{kinds}, func(context.Context, devpg.Options) (*devpg.Server, error) {
			t.Error("a server is started for nothing")
			return nil, errors.ErrUnsupported
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		report := bench.Report{Tables: []bench.Table{{Key: "another"}}, Bars: []bench.Bar{{Key: "another", Verdict: bench.Met}}}
		r.Report(&report)
		if len(report.Tables) != 1 || len(report.Bars) != 4 || len(report.Notes) != 1 || !strings.Contains(report.Notes[0], why) {
			t.Errorf("the report is %+v; want a note with %q", report, why)
		}
		waived(t, report.Bars[1:])
	}
}

// TestValgrindThatFails has one that does not know what it is asked for.
func TestValgrindThatFails(t *testing.T) {
	t.Parallel()
	name, err := exec.LookPath("false")
	if err != nil {
		t.Fatal(err)
	}
	var folder string
	s := Settings{[]string{"delete"}}
	if _, err := s.count(t.Context(), name, starter(t, &folder), nil); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) || !strings.Contains(err.Error(), "delete of table ") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the server is left: %v", err)
	}
}

func TestBarsThatDoNotApply(t *testing.T) {
	t.Parallel()
	counts := func(add float64, kinds ...string) (all []count) {
		for _, s := range (Settings{kinds}).kinds() {
			all = append(all, count{s, 1000, 1000 + float64(s.most) + add})
		}
		return all
	}
	waived(t, Result{postgres: "15.18", counts: counts(0, "upsert")}.bars("amd64"))
	waived(t, Result{postgres: "16.2", counts: counts(0, names()...)}.bars("amd64"))
	waived(t, Result{postgres: "15.18", counts: counts(0, names()...)}.bars("arm64"))
	for add, want := range map[float64]string{0: bench.Met, 1: bench.Missed} {
		bars := Result{postgres: "15.18", counts: counts(add, names()...)}.bars("amd64")
		if len(bars) != 3 || slices.ContainsFunc(bars, func(b bench.Bar) bool { return b.Verdict != want }) {
			t.Errorf("%v above what is wanted: %+v; want %s", add, bars, want)
		}
	}
}

// waived checks that each statement with a bar has one, which does not apply.
func waived(t *testing.T, bars []bench.Bar) {
	t.Helper()
	if len(bars) != 3 {
		t.Errorf("%d bars; want 3", len(bars))
	}
	for _, b := range bars {
		if b.Verdict != bench.NotApplicable || b.Reason == "" {
			t.Errorf("%s is %s, %q", b.Key, b.Verdict, b.Reason)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][]string{names(), {"upsert"}, {none}, {"insert", none}} {
		if err := (Settings{kinds}).Check(); err != nil {
			t.Errorf("%v: %v", kinds, err)
		}
	}
	for says, kinds := range map[string][]string{
		`--instructions is "merge"; give insert or update or delete or upsert or excluded or none`: {"merge"},
		`--instructions is "inser"`: {"update", "inser"},
	} {
		if err := (Settings{kinds}).Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v; want %q", kinds, err, says)
		}
	}
}
