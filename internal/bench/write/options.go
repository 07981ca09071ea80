package write

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/measure"
)

// Options of a run. Connect, Watch and StartReader are required.
type Options struct {
	// Writers are the numbers of writers of single-row transactions.
	Writers []int
	// Rounds is how often everything is measured.
	Rounds int
	// Duration is how long the writers of one measurement write.
	Duration time.Duration
	// Rows is how many one COPY writes; 0 leaves COPY out.
	Rows int
	// Table is the shape of the table: orders or narrow.
	Table string
	// CommitDelay is set as commit_delay for the writers, to stand for a disk
	// behind a network.
	CommitDelay time.Duration

	// Connect opens a direct connection with a name for pg_stat_activity.
	Connect func(ctx context.Context, name string) (*pgx.Conn, error)
	// Watch has Rowcast watch a table under a name for its events.
	Watch func(ctx context.Context, conn *pgx.Conn, table, name string) error
	// StartReader starts a process that offers [Reader] as the service
	// "Reader".
	StartReader func(ctx context.Context) (*child.Child, error)
	// Progress shows how far the run is; nil shows nothing.
	Progress *measure.Progress
}

const (
	maxWriters     = 1000
	maxRows        = 10_000_000
	maxCommitDelay = 100 * time.Millisecond // PostgreSQL's
)

// Check refuses options that cannot be measured.
func (o *Options) Check() error {
	var errs []error
	if len(o.Writers) == 0 || slices.ContainsFunc(o.Writers, func(n int) bool { return n < 1 || n > maxWriters }) {
		errs = append(errs, fmt.Errorf("--writers is %v; give numbers from 1 to %d, as in 1,16,64", o.Writers, maxWriters))
	}
	if o.Rounds < 1 || o.Rounds > 100 {
		errs = append(errs, fmt.Errorf("--rounds is %d; give a number from 1 to 100", o.Rounds))
	}
	if o.Duration < 10*time.Millisecond || o.Duration > time.Hour {
		errs = append(errs, fmt.Errorf("--duration is %s; give a time from 10ms to 1h", o.Duration))
	}
	if o.Rows < 0 || o.Rows > maxRows {
		errs = append(errs, fmt.Errorf("--rows is %d; give a number from 0, for no COPY, to %d", o.Rows, maxRows))
	}
	if o.CommitDelay < 0 || o.CommitDelay > maxCommitDelay {
		errs = append(errs, fmt.Errorf("--commit-delay is %s; PostgreSQL takes 0 to %s", o.CommitDelay, maxCommitDelay))
	}
	if _, err := shapeOf(o.Table); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Variant is which triggers a table has.
type Variant string

// The variants.
const (
	None    Variant = "none"
	Rowcast Variant = "rowcast"
	Notify  Variant = "notify"
)

func variants() []Variant { return []Variant{None, Rowcast, Notify} }

// rotated is the order in which the variants take their turns.
func rotated(round int) []Variant {
	all := variants()
	n := round % len(all)
	return slices.Concat(all[n:], all[:n])
}
