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

// Options of a run. All but Progress are required.
type Options struct {
	Settings
	// Start starts a private server with Rowcast in its database postgres.
	Start func(ctx context.Context, o devpg.Options) (*devpg.Server, error)
	// Progress shows how far the run is; nil shows nothing.
	Progress *program.Progress
}

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
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.Check(); err != nil {
		return Result{}, err
	}
	if len(o.kinds()) == 0 {
		return None("no count was asked for"), nil
	}
	valgrind := find("valgrind")
	if valgrind == "" {
		return None("valgrind is not installed; get it, as with apt install valgrind"), nil
	}
	found, err := o.count(ctx, valgrind)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("count instructions, which --instructions none leaves out: %w", err)
	}
	return found, err
}

// find returns the path of a program, "" if it is not installed.
func find(program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	return path
}

// settings are those of the server, besides which nothing reaches the disk:
// what a commit writes is as with a real one.
func settings() map[string]string {
	return map[string]string{"synchronous_commit": "on", "full_page_writes": "on"}
}

// count makes the server and counts on copies of it, several at a time.
func (o Options) count(ctx context.Context, valgrind string) (found Result, err error) {
	o.Progress.Doing("instructions, set-up")
	server, err := o.Start(ctx, devpg.Options{Settings: settings()})
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	filled, err := o.fill(ctx, server)
	if err != nil {
		return Result{}, err
	}
	if err := server.Stop(); err != nil {
		return Result{}, err
	}
	o.Progress.Doing("instructions")
	counts := make([]count, len(o.kinds()))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range o.kinds() {
		counts[i].statement = s
		for _, table := range s.tables() {
			figure := &counts[i].without
			if table == s.watched {
				figure = &counts[i].with
			}
			c := counter{server: server, valgrind: valgrind, statement: s, table: table, logged: filled}
			group.Go(func() (err error) {
				*figure, err = c.perStatement(ctx)
				o.Progress.Step()
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	return Result{postgres: server.Version(), counts: counts}, nil
}

// fill makes the tables and answers how many changes are in the log.
func (o Options) fill(ctx context.Context, server *devpg.Server) (logged int, err error) {
	conn, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		return 0, fmt.Errorf("connect to the private PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	run := func(script string) error {
		_, err := conn.PgConn().Exec(ctx, script).ReadAll()
		return err
	}
	if err := run(schemaSQL); err != nil {
		return 0, fmt.Errorf("make the tables: %w", err)
	}
	// Frozen, so that no statement is the first to see that a row is committed.
	for _, script := range []string{fillSQL, "vacuum freeze"} {
		if err := run(script); err != nil {
			return 0, fmt.Errorf("fill the tables: %w", err)
		}
	}
	var printed string
	if err := conn.QueryRow(ctx, check(narrow().watched)).Scan(&printed); err != nil {
		return 0, fmt.Errorf("look at the tables: %w", err)
	}
	f, err := factsOf(printed)
	return f.logged, err
}

// check is the query for the facts of a table, on one line and without comment,
// as a session without a server reads it.
func check(table string) string {
	var lines []string
	for line := range strings.Lines(checkSQL) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.ReplaceAll(strings.Join(lines, " "), "{table}", table)
}
