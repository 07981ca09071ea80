package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/errcode"
	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

// rules reads the policy in force as a server does, and looks at it.
func rules(code errcode.Code, look func(s *store.State, p *policy.Policy, wrong error) Finding) func(context.Context, *patient) Finding {
	return func(ctx context.Context, p *patient) Finding {
		var s *store.State
		conn, err := p.database(ctx)
		if err == nil {
			err = postgres.Within(ctx, conn, func(tx pgx.Tx) error {
				s, err = store.Active(ctx, tx)
				return err
			})
		}
		switch {
		case denied(err):
			return skip("the role may not look: " + words(err))
		case cutOff(err):
			return p.unanswered(code, err)
		case err != nil:
			return fail(words(err), "")
		}
		loaded, wrong := s.Load(policy.Uncounted{})
		return look(s, loaded, wrong)
	}
}

// staleRules looks for what is withheld because it is newer than the policy.
func staleRules(s *store.State, p *policy.Policy, wrong error) Finding {
	var all []string
	for _, stale := range p.Stale() {
		all = append(all, stale.String())
	}
	switch {
	case wrong != nil:
		return fail(strings.Join(append([]string{wrong.Error()}, all...), "; "), "")
	case len(all) > 0:
		return warn(strings.Join(all, "; "), "")
	case s.Applied == nil:
		return ok("there is no policy")
	}
	return ok(fmt.Sprintf("policy %d knows every column", s.Applied.Version))
}

// noRules looks for tables with row level security of which everybody sees everything.
func noRules(s *store.State, p *policy.Policy, _ error) Finding {
	var names, stems []string
	secured := 0
	for i := range s.Tables {
		t := &s.Tables[i]
		if !t.Secured {
			continue
		}
		secured++
		if !p.Rules(t.ID) {
			names, stems = append(names, t.Name), append(stems, t.Stem)
		}
	}
	if names != nil {
		return warn(fmt.Sprintf("row level security of %s holds for no client, and no policy says who sees its rows", strings.Join(names, ", ")),
			"say in a policy who sees "+strings.Join(stems, ", ")+`, "*": {} for everybody: rowcast policy apply <file>`)
	}
	return ok(fmt.Sprintf("%d watched tables have row level security, all of them have rules", secured))
}
