package claimed

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rowcast/internal/access/tenant"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

// Eyes see the events of changes as somebody with claims does. They are not safe for
// concurrent use. Nil sees everything.
type Eyes struct {
	*Bearer
	subjects []view.Subject
	db       store.Database

	// version is that of the rules, of which policy is.
	version int64
	policy  *policy.Policy
	// views are by tenants.
	views  map[string]*view.View
	change view.Change
}

// Open makes the eyes of somebody, by the rules that are in force. Those of nil are nil.
func Open(ctx context.Context, db store.Database, who *Bearer) (*Eyes, error) {
	if who == nil {
		return nil, nil //nolint:nilnil // nil sees everything
	}
	e := &Eyes{Bearer: who, subjects: view.Subjects(tenant.Spellings(who.id.Subject)), db: db, version: -1}
	return e, e.Take(ctx, 0)
}

// Tenants are those that are looked at: those that are asked for, which the claims have to
// name, or else all that the claims name. Nil looks at those that are asked for.
func (e *Eyes) Tenants(ctx context.Context, db store.Database, asked ...string) ([]string, error) {
	if e == nil {
		return tenant.Names(ctx, db, asked...) //nolint:wrapcheck // it says what was being done
	}
	names, err := tenant.Names(ctx, e.db, slices.Concat(asked, e.id.Tenants)...)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was being done
	}
	wanted, named := names[:len(asked)], names[len(asked):]
	switch {
	case len(named) == 0:
		return nil, program.Usage("%s: no claim names a tenant, so a token with these claims joins none; add one, as in \"tenant_id\":\"acme\"", e.file)
	case len(asked) == 0:
		return named, nil
	}
	for _, one := range wanted {
		if !slices.Contains(named, one) {
			return nil, program.Usage("%s: the claims do not name the tenant %q, so a token with them may not join it; name it in a claim such as tenants, or give a tenant that they name", e.file, one)
		}
	}
	return wanted, nil
}

// Take follows the rules of a version or newer ones.
func (e *Eyes) Take(ctx context.Context, version int64) error {
	if e == nil || version <= e.version {
		return nil
	}
	state, err := store.Active(ctx, e.db)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	loaded, err := state.Load(policy.Uncounted{})
	if err != nil {
		return errcode.With("policy-refused", fmt.Errorf("the policy in force cannot be followed, and nobody sees what it is about: %w", err))
	}
	e.policy, e.version, e.views = loaded, max(version, state.Rules), map[string]*view.View{}
	return nil
}

// Events makes events, those too that the policy gives tables beside those of the catalogue.
func (e *Eyes) Events(guard view.Guard) view.Map {
	if e == nil {
		return func(dst []feed.Event, c *feed.Change) []feed.Event { return guard.Events(dst, c, mapping.Append) }
	}
	return e.change.Events(mapping.Append, func(relation int64) view.Own { return e.policy.Events(relation) }, guard)
}

// See appends what is seen of events that were made last, of a tenant.
func (e *Eyes) See(dst []*feed.Event, events []feed.Event, of string) ([]*feed.Event, error) {
	if e == nil {
		for i := range events {
			dst = append(dst, &events[i])
		}
		return dst, nil
	}
	sees, known := e.views[of]
	if !known {
		v, err := e.policy.Viewer(of, e.id.Roles, e.id.Claims)
		if errors.Is(err, policy.ErrLimit) {
			return dst, errcode.With("limit-exceeded", fmt.Errorf("%s: %w", e.file, err))
		} else if err != nil {
			return dst, fmt.Errorf("%s: %w", e.file, err)
		}
		sees = (*view.View)(nil).For(v)
		e.views[of] = sees
	}
	e.change.With(events)
	decided := sees.Decide(&e.change)
	for i := range events {
		for k, part := range e.change.Parts() {
			if !part.Has(e.subjects) {
				continue
			}
			if seen := e.change.See(decided[k], i); seen != nil {
				dst = append(dst, seen)
			}
		}
	}
	return dst, nil
}
