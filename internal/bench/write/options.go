package write

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/command/program"
)

// Options of a run. All but Progress are required.
type Options struct {
	Settings
	// Connect opens a direct connection with a name for pg_stat_activity.
	Connect func(ctx context.Context, name string) (*pgx.Conn, error)
	// Watch has Rowcast watch a table under a name for its events.
	Watch func(ctx context.Context, conn *pgx.Conn, table, name string) error
	// StartReader starts a process that offers [Reader] as the service
	// "Reader".
	StartReader func(ctx context.Context) (*child.Child, error)
	// Progress shows how far the run is; nil shows nothing.
	Progress *program.Progress
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
