package store

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/sql"
)

// State is what is in force.
type State struct {
	// Rules is the version of the rules. What else is here is of that version or newer.
	Rules int64
	// Applied is the active policy, nil if there is none.
	Applied *Applied
	// Stored is its form for servers, bound to the tables as they are now; nil without.
	Stored []byte
	// Tables are those that are watched now.
	Tables []Table
}

// Applied is a policy as it was applied.
type Applied struct {
	Version  int64
	Document string
	// By is the role that applied it.
	By string
	At time.Time
}

// Active reads the active policy.
func Active(ctx context.Context, db Database) (*State, error) {
	s := &State{}
	var (
		version              *int64
		document, stored, by *string
		at                   *time.Time
		were                 []int64
		are                  []*int64
	)
	// Before the tables: what comes after the version may be newer than it, never older.
	if err := db.QueryRow(ctx, sql.PolicyActive).Scan(&s.Rules, &version, &document, &stored, &by, &at, &were, &are); err != nil {
		return nil, fmt.Errorf("read the active policy: %w", postgres.Explain(err))
	}
	var err error
	if s.Tables, err = Tables(ctx, db); err != nil || version == nil {
		return s, err
	}
	s.Applied = &Applied{Version: *version, Document: *document, By: *by, At: *at}
	moved := map[int64]int64{}
	for i, is := range are {
		if i < len(were) && is != nil {
			moved[were[i]] = *is
		}
	}
	if s.Stored, err = policy.Rebind([]byte(*stored), moved, s.Described()); err != nil {
		s.Stored = []byte(*stored) // Load says what is wrong with it, too
	}
	return s, nil
}

// Described are the tables as a policy takes them.
func (s *State) Described() []policy.Table { return described(s.Tables) }

// Load compiles the active policy. It always returns one, see policy.Load; without an
// active one everybody sees everything.
func (s *State) Load(counter policy.Counter) (*policy.Policy, error) {
	if s.Applied == nil {
		return &policy.Policy{}, nil
	}
	return policy.Load(s.Stored, s.Described(), counter) //nolint:wrapcheck // it says what is wrong
}
