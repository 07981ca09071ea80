package instructions

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
)

// The statements of the set-up. Each file says what it does.
var (
	//go:embed query/schema.sql
	schemaSQL string
	//go:embed query/fill.sql
	fillSQL string
	//go:embed query/check.sql
	checkSQL string
)

// Starter starts a private server with Rowcast in its database postgres.
type Starter func(ctx context.Context, o devpg.Options) (*devpg.Server, error)

// Result is what a run found: the figures, or why there are none.
type Result struct {
	postgres string
	counts   []count
	why      string
}

// count has the instructions of one statement.
type count struct {
	statement
	without, with float64
}

// None is the result of nothing counted.
func None(why string) Result { return Result{why: why} }

// Run counts. It returns when everything that it made is removed, also if ctx
// ends.
func Run(ctx context.Context, s Settings, start Starter, progress *program.Progress) (Result, error) {
	if len(s.kinds()) == 0 {
		return None("no count was asked for"), nil
	}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		return None("valgrind is not installed; get it, as with apt install valgrind"), nil //nolint:nilerr // the report says so
	}
	found, err := s.count(ctx, valgrind, start, progress)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("count instructions, which --instructions none leaves out: %w", err)
	}
	return found, err
}

// count makes the server and counts on copies of it, several at a time.
func (s Settings) count(ctx context.Context, valgrind string, start Starter, progress *program.Progress) (found Result, err error) {
	progress.Doing("instructions")
	server, filled, err := prepared(ctx, start)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	counts := make([]count, len(s.kinds()))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, k := range s.kinds() {
		counts[i].statement = k
		for table, figure := range map[string]*float64{k.plain: &counts[i].without, k.watched: &counts[i].with} {
			c := counter{k, server, valgrind, table, filled}
			group.Go(func() (err error) {
				*figure, err = c.perStatement(ctx)
				progress.Step()
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	return Result{postgres: server.Version(), counts: counts}, nil
}

// prepared is a stopped server whose tables are filled, and how many changes its log has.
func prepared(ctx context.Context, start Starter) (server *devpg.Server, logged int, err error) {
	// What a commit writes is as with a real server, though nothing reaches the disk.
	server, err = start(ctx, devpg.Options{Settings: map[string]string{"synchronous_commit": "on", "full_page_writes": "on"}})
	if err != nil {
		return nil, 0, err
	}
	if logged, err = fill(ctx, server.DSN("postgres")); err == nil {
		err = server.Stop()
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("prepare the private PostgreSQL: %w", err), server.Close())
	}
	return server, logged, nil
}

// fill makes the tables and returns how many changes are in the log.
func fill(ctx context.Context, dsn string) (logged int, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Frozen, so that no statement is the first to see that a row is committed.
	for _, script := range []string{schemaSQL, fillSQL, "vacuum freeze"} {
		if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return 0, err
		}
	}
	var printed string
	if err := conn.QueryRow(ctx, check("docs")).Scan(&printed); err != nil {
		return 0, err
	}
	found, err := numbers(printed, facts)
	if err != nil {
		return 0, err
	}
	return found[1], nil
}

// What the bars were counted with.
const (
	barPostgres  = "15."
	barProcessor = "amd64"
)

// Report adds the table and the bars. A result without figures leaves the
// bars, which then do not apply, and a note.
func (r Result) Report(report *bench.Report) {
	report.Bars = append(report.Bars, r.bars(runtime.GOARCH)...)
	if r.why != "" {
		report.Notes = append(report.Notes, "Instructions were not counted: "+r.why+".")
		return
	}
	t := bench.Table{Key: "instructions", Title: "Instructions of one statement of one row, on a narrow table", Columns: []bench.Column{
		bench.Col("statement", "statement", "", 0), bench.Col("noneInstructions", "without triggers", "", 0),
		bench.Col("rowcastInstructions", "watched", "", 0), bench.Col("addedInstructions", "added", "", 0), bench.Col("ofNone", "of none", "x", 2),
	}}
	for _, c := range r.counts {
		t.Add([]string{c.name}, c.without, c.with, c.with-c.without, c.with/c.without)
	}
	report.Tables = append(report.Tables, t)
	report.Notes = append(report.Notes, fmt.Sprintf(
		"Instructions are the mean of %d statements after %d others, in a session of PostgreSQL without a server; how busy the machine is does not change them.",
		counted, warmUp))
}

// bars judges each statement that has one.
func (r Result) bars(processor string) (bars []bench.Bar) {
	for _, s := range statements() {
		if s.most == 0 {
			continue
		}
		figure, reason := bench.Unknown(), s.name+" was not asked for"
		for _, c := range r.counts {
			if c.name == s.name {
				figure, reason = c.with-c.without, ""
			}
		}
		switch {
		case r.why != "":
			reason = "not counted, see the notes"
		case !strings.HasPrefix(r.postgres, barPostgres) || processor != barProcessor:
			reason = "for PostgreSQL 15 on " + barProcessor
		}
		b := bench.Judge(s.name+"AddedInstructions", "instructions added to "+s.name+" of one row", figure, bench.AtMost, float64(s.most), "")
		if reason != "" {
			b = b.Waive(reason)
		}
		bars = append(bars, b)
	}
	return bars
}
