package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/sql"
)

// attempts is how often a policy is checked anew because the tables have changed under it.
const attempts = 5

// States of a policy.
const (
	IsPending  = "pending"
	IsActive   = "active"
	IsRefused  = "refused"
	IsReplaced = "replaced"
)

// Outcome is what has become of a policy.
type Outcome struct {
	Version int64
	// State is one of those above.
	State string
	// Reason says why it was refused or replaced.
	Reason string
	// By is the role that settled it, empty if nobody has.
	By string
}

// Apply stores the text of a policy as pending, and returns its version.
func Apply(ctx context.Context, db Database, document string) (version int64, err error) {
	if err := db.QueryRow(ctx, "select rowcast.apply_policy($1)", document).Scan(&version); err != nil {
		return 0, fmt.Errorf("store the policy: %w", postgres.Explain(err))
	}
	return version, nil
}

// Settle makes the pending policy active, or refuses it. It returns nil if there is none,
// and if somebody else has settled it.
func Settle(ctx context.Context, db Database) (*Outcome, error) {
	var o Outcome
	var document string
	err := db.QueryRow(ctx, sql.PolicyPending).Scan(&o.Version, &document)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is nothing to do
	}
	if err != nil {
		return nil, fmt.Errorf("look for a policy that is pending: %w", postgres.Explain(err))
	}
	for n := 1; ; n++ {
		settled, err := settle(ctx, db, &o, document)
		if stale(err) && n < attempts {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("settle policy %d: %w", o.Version, postgres.Explain(err))
		}
		if !settled {
			return nil, nil //nolint:nilnil // somebody else was faster
		}
		return &o, nil
	}
}

// settle checks a policy against the tables as they are now.
func settle(ctx context.Context, db Database, o *Outcome, document string) (settled bool, err error) {
	tables, err := Tables(ctx, db)
	if err != nil {
		return false, err
	}
	stored, err := Check([]byte(document), tables)
	if err != nil { // trying again would end in the same way
		o.State, o.Reason = IsRefused, err.Error()
		return settled, db.QueryRow(ctx, "select rowcast.refuse_policy($1, $2)", o.Version, o.Reason).Scan(&settled)
	}
	watched, err := boundTo(stored, tables)
	if err != nil {
		return false, err
	}
	o.State, o.Reason = IsActive, ""
	return settled, db.QueryRow(ctx, "select rowcast.activate_policy($1, $2, $3)", o.Version, string(stored), watched).Scan(&settled)
}

// Check checks the text of a policy against tables, and returns the form that is stored.
// The error is of type policy.Problems if the text is to blame.
func Check(document []byte, tables []Table) (stored []byte, err error) {
	d, err := policy.Parse(document)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what is wrong
	}
	return policy.Resolve(d, described(tables)) //nolint:wrapcheck // as Parse
}

// boundTo are the tables that a policy is bound to, by rowcast.watched.id.
func boundTo(stored []byte, tables []Table) ([]int32, error) {
	s, err := policy.Read(stored)
	if err != nil {
		return nil, err //nolint:wrapcheck // it is of this very program
	}
	watched := []int32{}
	for i := range s.Tables {
		for k := range tables {
			if tables[k].ID == s.Tables[i].ID {
				watched = append(watched, tables[k].Watched)
			}
		}
	}
	return watched, nil
}

// stale says that the tables are others than those that a policy was checked against.
func stale(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "40001"
}

// OutcomeOf is what has become of the policy of a version.
func OutcomeOf(ctx context.Context, db Database, version int64) (Outcome, error) {
	o := Outcome{Version: version}
	if err := db.QueryRow(ctx, sql.PolicyOutcome, version).Scan(&o.State, &o.Reason, &o.By); err != nil {
		return o, fmt.Errorf("look what has become of policy %d: %w", version, postgres.Explain(err))
	}
	return o, nil
}

// Newest is what has become of the policy that was applied last, nil if none was.
func Newest(ctx context.Context, db Database) (*Outcome, error) {
	var o Outcome
	err := db.QueryRow(ctx, "select p.version, p.state, p.reason, coalesce(p.settled_by, '') from rowcast.policies() p limit 1").Scan(&o.Version, &o.State, &o.Reason, &o.By)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("look for the newest policy: %w", postgres.Explain(err))
	}
	return &o, nil
}
