package health

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Drift is a watched table that is not captured as it should be.
type Drift struct {
	// Table is its name, with the schema where that is needed.
	Table string
	// Triggers are those that are missing or disabled, as "name on table"; of
	// a table that was dropped, all.
	Triggers []string
	// Detail says what is wrong and how to repair it.
	Detail string
	// Lost says that changes are not captured. Otherwise all of them are.
	Lost bool
	// Since is when it was found, Intact the last check that did not find it,
	// zero if there was none: it began in between.
	Since, Intact time.Time `json:"-"`
}

// String says what is wrong with the table, since when, and how to repair it.
func (d Drift) String() string {
	return fmt.Sprintf("%s, since %s: %s", d.Table, d.Since.UTC().Format(time.RFC3339), d.Detail)
}

func (d Drift) of(table string) bool { return d.Table == table }

// compare dates what is wrong now and logs what was not so at the last check.
func (w *Watcher) compare(ctx context.Context, last Status, next *Status) {
	for i := range next.Drifted {
		d := &next.Drifted[i]
		d.Since, d.Intact = next.Checked, last.Checked
		at := slices.IndexFunc(last.Drifted, func(was Drift) bool { return was.of(d.Table) })
		if at >= 0 {
			d.Since, d.Intact = last.Drifted[at].Since, last.Drifted[at].Intact
		}
		if at < 0 || last.Drifted[at].Lost != d.Lost || !slices.Equal(last.Drifted[at].Triggers, d.Triggers) {
			log := w.o.Log.With("table", d.Table, "detail", d.Detail, "since", d.Since, "intact", d.Intact, "repair", "rowcast migrate")
			if d.Lost {
				log.WarnContext(ctx, "triggers have drifted: changes since then are not captured and will not be sent later")
			} else {
				log.WarnContext(ctx, "triggers have drifted: every change is captured, but not as installed")
			}
		}
	}
	for _, was := range last.Drifted {
		if !slices.ContainsFunc(next.Drifted, func(d Drift) bool { return d.of(was.Table) }) {
			log := w.o.Log.With("table", was.Table, "since", was.Since)
			if was.Lost {
				log.InfoContext(ctx, "triggers are as installed again, or the table is no longer watched; changes made meanwhile were not captured")
			} else {
				log.InfoContext(ctx, "triggers are as installed again, or the table is no longer watched")
			}
		}
	}
}
