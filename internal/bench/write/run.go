package write

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
)

// run is one run of the benchmark.
type run struct {
	o      Options
	shape  shape
	conn   *pgx.Conn
	server *measure.Server
}

// runLock is the advisory lock of a database that makes runs refuse each other.
const runLock = 8245940711459091477

// ErrRunning says that another run uses the database.
var ErrRunning = errors.New("another rowcast-bench write runs on this database; wait until it has ended")

// Run measures and reports. It returns when everything that it made is removed,
// also if ctx ends.
func Run(ctx context.Context, o Options, report *bench.Report) error {
	if err := o.Check(); err != nil {
		return err
	}
	s, err := shapeOf(o.Table)
	if err != nil {
		return err
	}
	r := &run{o: o, shape: s}
	if r.conn, err = o.Connect(ctx, "rowcast-bench"); err != nil {
		return err
	}
	defer r.release(ctx)
	var free bool
	if err := r.conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", int64(runLock)).Scan(&free); err != nil {
		return fmt.Errorf("lock the database against other runs: %w", err)
	} else if !free {
		return ErrRunning
	}
	if err := r.describe(ctx, report); err != nil {
		return err
	}
	if err := r.foreign(ctx); err != nil {
		return err
	}
	err = r.remove(ctx) // what a killed run left
	if err == nil {
		err = r.inPlace(ctx, report)
		if ctx.Err() != nil {
			err = context.Cause(ctx) // whatever failed did so because of that
		}
		err = errors.Join(err, r.remove(ctx))
	}
	return err
}

// inPlace installs the tables and measures.
func (r *run) inPlace(ctx context.Context, report *bench.Report) error {
	if err := r.install(ctx); err != nil {
		return err
	}
	var hidden error
	r.server, hidden = measure.FindServer(ctx, r.conn)
	cells, err := r.rounds(ctx)
	if err != nil {
		return err
	}
	r.report(report, cells, hidden)
	return nil
}

// describe notes the settings as the writers have them.
func (r *run) describe(ctx context.Context, report *bench.Report) error {
	conn, err := r.connectWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return report.Environment.Describe(ctx, conn)
}

// rounds measures everything.
func (r *run) rounds(ctx context.Context) ([]cell, error) {
	var cells []cell
	for round := range r.o.Rounds {
		for _, writers := range r.o.loads() {
			for _, v := range rotated(round) {
				c := cell{round: round, writers: writers, variant: v}
				r.o.Progress.Doing(fmt.Sprintf("round %d of %d, %s, %s", round+1, r.o.Rounds, c.load(), v.words()))
				if err := r.measure(ctx, &c); err != nil {
					return nil, fmt.Errorf("round %d, %s, triggers: %s: %w", round+1, c.load(), v, err)
				}
				cells = append(cells, c)
				r.o.Progress.Step()
			}
		}
	}
	return cells, nil
}

// foreign refuses a schema of the name that is somebody else's.
func (r *run) foreign(ctx context.Context) error {
	var foreign bool
	err := r.conn.QueryRow(ctx, `select count(*) > 0 from pg_namespace n
		where n.nspname = 'rowcast_bench' and obj_description(n.oid, 'pg_namespace') is distinct from $1`, schemaComment).Scan(&foreign)
	switch {
	case err != nil:
		return fmt.Errorf("look for schema rowcast_bench: %w", err)
	case foreign:
		return errors.New("schema rowcast_bench is there and not of rowcast-bench; rename or drop it")
	}
	return nil
}

// install makes the tables.
func (r *run) install(ctx context.Context) error {
	if err := r.exec(ctx, schemaSQL); err != nil {
		return fmt.Errorf("make schema rowcast_bench: %w", err)
	}
	for _, v := range variants() {
		table := r.shape.table(v)
		if err := r.exec(ctx, on(table, r.shape.create)); err != nil {
			return fmt.Errorf("make table rowcast_bench.%s: %w", table, err)
		}
	}
	table := "rowcast_bench." + r.shape.table(Rowcast)
	if err := r.o.Watch(ctx, r.conn, table, "rowcast-bench"); err != nil {
		return fmt.Errorf("watch %s: %w", table, err)
	}
	table = "rowcast_bench." + r.shape.table(Notify)
	if err := r.exec(ctx, "create trigger notify after insert on "+table+" for each row execute function rowcast_bench.notify()"); err != nil {
		return fmt.Errorf("make the notify trigger of %s: %w", table, err)
	}
	return nil
}

// schemaComment is what schema.sql leaves in the schema.
const schemaComment = "made by rowcast-bench write, gone at its end"

// removeTime bounds the removal of what a run made.
const removeTime = 30 * time.Second

// remove removes the schema, also when ctx has ended. It needs a connection of
// its own: that of the run is closed if ctx ended in the midst of a statement.
func (r *run) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	conn, err := r.o.Connect(ctx, "rowcast-bench")
	if err == nil {
		_, err = conn.PgConn().Exec(ctx, removeSQL).ReadAll()
		_ = conn.Close(ctx)
	}
	if err != nil {
		return fmt.Errorf("remove schema rowcast_bench, which is left; drop it with: drop schema rowcast_bench cascade: %w", err)
	}
	return nil
}

// exec runs a script on the connection of the run.
func (r *run) exec(ctx context.Context, script string) error {
	_, err := r.conn.PgConn().Exec(ctx, script).ReadAll()
	return err
}

// empty makes the table of a variant as new.
func (r *run) empty(ctx context.Context, v Variant) error {
	script := "truncate rowcast_bench.{table}"
	if v == Rowcast {
		script = emptySQL
	}
	if err := r.exec(ctx, on(r.shape.table(v), script)); err != nil {
		return fmt.Errorf("empty the table: %w", err)
	}
	return nil
}

// release lets the next run begin at once: without the unlock it would have to
// wait until the server has noticed that the connection is closed.
func (r *run) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	_, _ = r.conn.Exec(ctx, "select pg_advisory_unlock_all()") // closed is unlocked, too
	_ = r.conn.Close(ctx)
}
