package service

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rowcast/internal/feed/unreadable"
	"rowcast/internal/postgres"
	"rowcast/internal/server"
	"rowcast/sql"
)

const (
	// staleAfter is when a tail that has not looked counts as behind.
	staleAfter = 5 * time.Second
	// statusTime is how long the database may take to answer /status.
	statusTime = 2 * time.Second
)

// Problems are the reasons not to be ready. A tail that is live but hears no
// NOTIFY is none: it polls. Triggers that have drifted are, if changes are missed.
func (s *Service) Problems() []server.Problem {
	var problems []server.Problem
	if s.closing.Load() {
		problems = append(problems, server.Problem{Code: "shutdown", Detail: "the server is shutting down"})
	}
	tail := s.tail.Status()
	switch {
	case !tail.Live:
		problems = append(problems, server.Problem{Code: "tail-not-live", Detail: tail.Problem})
	case time.Since(tail.Checked) > staleAfter:
		detail := fmt.Sprintf("the change log was last read %s ago", time.Since(tail.Checked).Round(time.Second))
		if tail.Problem != "" {
			detail += ": " + tail.Problem
		}
		problems = append(problems, server.Problem{Code: "tail-stale", Detail: detail})
	}
	health := s.health.Status()
	if !health.Looked {
		problems = append(problems, server.Problem{Code: "triggers-unchecked", Detail: "the triggers were not looked at yet"})
	}
	for _, drift := range health.Drifted {
		if drift.Lost {
			problems = append(problems, server.Problem{Code: "triggers-drifted", Detail: drift.String()})
		}
	}
	if err := s.rules.Problem(); err != nil {
		problems = append(problems, server.Problem{Code: "policy-unusable", Detail: err.Error()})
	}
	if err := s.verifier.Ready(); err != nil {
		problems = append(problems, server.Problem{Code: "no-keys", Detail: err.Error()})
	}
	return problems
}

// problem is the first of them in words, for the service manager.
func (s *Service) problem() string {
	for _, p := range s.Problems() {
		return p.Code + ": " + p.Detail
	}
	return ""
}

// status is what /status shows.
type status struct {
	Version string `json:"version"`
	// The part of the database is missing when Problem says why.
	*databaseStatus
	Problem string `json:"problem,omitempty"`
	// Locks says who holds a lock of the servers without being one.
	Locks []string `json:"locks,omitempty"`
	// Sequence is the newest that this process has published.
	Sequence    int64 `json:"place"`
	Lag         lag   `json:"lag"`
	Connections int64 `json:"connections"`
	Tenants     int64 `json:"tenants"`
	// UnnamedProxy forwards requests and is not in ROWCAST_TRUSTED_PROXIES.
	UnnamedProxy string         `json:"unnamedProxy,omitempty"`
	Tail         map[string]any `json:"tail"`
	Hub          map[string]any `json:"hub"`
	// Unreadable are the newest changes that were sent without their rows.
	Unreadable []unreadable.Case `json:"unreadable,omitempty"`
}

// databaseStatus is what sql/overview.sql returns.
type databaseStatus struct {
	Head             int64           `json:"head"`
	Servers          int64           `json:"replicas"`
	NotifyQueueUsage float64         `json:"notifyQueueUsage"`
	Triggers         json.RawMessage `json:"triggers"`
	Pauses           json.RawMessage `json:"pauses"`
}

// lag says how far behind the process is: in sequences that are sealed but not
// published, unknown without the database, and in time since it last knew that
// it had everything, unknown before the first time.
type lag struct {
	Sequences *int64   `json:"places"`
	Seconds   *float64 `json:"seconds"`
}

// status asks the database and the parts of the process.
func (s *Service) status(ctx context.Context) any {
	database, err := s.askDatabase(ctx)
	t, h := s.tail.Status(), s.hub.Stats()
	answer := status{
		Version: Version(), databaseStatus: database, Sequence: t.Sequence, Connections: h.Sessions, Tenants: h.Tenants,
		Unreadable: s.unread.Recent(), UnnamedProxy: s.Front.Gate.Limits.UnnamedProxy(),
		Tail: map[string]any{
			"live": t.Live, "leads": t.Leads, "asleep": t.Asleep, "listening": t.Listening, "problem": t.Problem,
		},
		Hub: map[string]any{
			"blocked": h.Blocked, "subscriptions": h.Subscriptions, "events": h.Events, "deliveries": h.Deliveries,
			"catchUps": h.CatchUps, "historyReads": h.HistoryReads, "resets": h.Resets, "closes": h.Closes,
			"ringMemory": h.RingMemory, "ringBudget": h.RingBudget,
		},
	}
	for _, holder := range s.health.Status().Held {
		answer.Locks = append(answer.Locks, holder.String())
	}
	if err != nil {
		answer.Problem = err.Error()
	} else {
		answer.Lag.Sequences = new(max(0, database.Head-t.Sequence))
	}
	if !t.Checked.IsZero() {
		answer.Lag.Seconds = new(time.Since(t.Checked).Seconds())
	}
	return answer
}

func (s *Service) askDatabase(ctx context.Context) (*databaseStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	d := new(databaseStatus)
	err := s.pool.QueryRow(ctx, sql.Status).Scan(&d.Head, &d.Servers, &d.NotifyQueueUsage, &d.Triggers, &d.Pauses)
	if err != nil {
		return nil, fmt.Errorf("ask the database: %w", postgres.Explain(err))
	}
	return d, nil
}
