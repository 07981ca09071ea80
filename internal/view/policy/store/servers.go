package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/sql"
)

// Behind are the servers that do not follow a version of the rules, see State.Rules: each
// as people know it, with what it follows.
func Behind(ctx context.Context, db Database, rules int64) (servers []string, err error) {
	rows, err := db.Query(ctx, sql.PolicyServers, rules)
	if err != nil {
		return nil, fmt.Errorf("ask which servers follow the policy: %w", postgres.Explain(err))
	}
	var server, follows string
	_, err = pgx.ForEachRow(rows, []any{&server, &follows}, func() error {
		servers = append(servers, server+" ("+follows+")")
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask which servers follow the policy: %w", postgres.Explain(err))
	}
	return servers, nil
}
