package overview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"rowcast/internal/command/printer"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

// Report is what status shows, all of it from the database.
type Report struct {
	At time.Time `json:"at"`
	// Head is the newest sequence; SequencesPerSecond is since the last look, unknown
	// at the first.
	Head               int64    `json:"head"`
	SequencesPerSecond *float64 `json:"placesPerSecond,omitempty"`
	Servers            int64    `json:"replicas"`
	NotifyQueueUsage   float64  `json:"notifyQueueUsage"`
	Triggers           []Table  `json:"triggers"`
	// Pauses are those of capture, which leave changes out of the feed.
	Pauses []Pause `json:"pauses"`
	Pulse
}

// Pause is one of capture.
type Pause struct {
	Role        string `json:"role"`
	Application string `json:"application"`
	Reason      string `json:"reason"`
	Begun       string `json:"begun"`
	Ended       string `json:"ended,omitempty"`
	Active      bool   `json:"active"`
}

// Table is a watched one.
type Table struct {
	Table        string `json:"table"`
	Name         string `json:"name"`
	TenantColumn string `json:"tenantColumn"`
	// Readable says that servers read its rows for clients that begin.
	Readable bool   `json:"readable,omitempty"`
	OK       bool   `json:"ok"`
	Detail   string `json:"detail,omitempty"`
}

// Read asks the database.
func Read(ctx context.Context, pool postgres.Pool) (*Report, error) {
	r := &Report{At: time.Now().UTC()}
	var err error
	if r.Pulse, err = ReadPulse(ctx, pool, time.Duration(0)); err != nil {
		return nil, postgres.Explain(err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var triggers, pauses []byte
	if err := pool.QueryRow(ctx, sql.Status).Scan(&r.Head, &r.Servers, &r.NotifyQueueUsage, &triggers, &pauses); err != nil {
		return nil, fmt.Errorf("ask the database: %w", postgres.Explain(err))
	}
	if err := errors.Join(json.Unmarshal(triggers, &r.Triggers), json.Unmarshal(pauses, &r.Pauses)); err != nil {
		return nil, fmt.Errorf("decode the answer of the database: %w", err)
	}
	return r, nil
}

// Write writes it for people.
func (r *Report) Write(w io.Writer) error {
	rate := ""
	if r.SequencesPerSecond != nil {
		rate = fmt.Sprintf(", %.1f a second", *r.SequencesPerSecond)
	}
	oldest := "nothing"
	if r.Oldest != nil {
		oldest = "since " + r.Oldest.Local().Format(time.DateTime)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "feed\t%s at %s\n", r.Epoch, r.At.Local().Format(time.TimeOnly))
	fmt.Fprintf(table, "head\tsequence %d%s\n", r.Head, rate)
	fmt.Fprintf(table, "not sealed\t%d log rows, the oldest for %.1f s\n", r.Unsealed, r.UnsealedSeconds)
	fmt.Fprintf(table, "servers\t%d\n", r.Servers)
	fmt.Fprintf(table, "tenants\t%d\n", r.Tenants)
	fmt.Fprintf(table, "log\t%s, kept: %s\n", Size(r.Bytes), oldest)
	fmt.Fprintf(table, "notify queue\t%.2f %%\n", 100*r.NotifyQueueUsage)
	for _, t := range r.Triggers {
		state := "ok"
		if !t.OK {
			state = t.Detail
		}
		if t.Readable {
			state += ", readable"
		}
		fmt.Fprintf(table, "table %s\t%s\n", printer.Visible(t.Table), printer.Visible(state))
	}
	for _, pause := range r.Pauses {
		if pause.Active {
			fmt.Fprintf(table, "capture paused\t%s\n", printer.Visible(fmt.Sprintf("by %s (%s) since %s: %s", pause.Role, pause.Application, pause.Begun, pause.Reason)))
		}
	}
	return table.Flush()
}
