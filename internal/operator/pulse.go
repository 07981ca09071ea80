package operator

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/postgres"
	"rowcast/sql"
)

// askTime is how long the database may take to answer.
const askTime = 15 * time.Second

// figures is what sql/pulse.sql answers.
type figures struct {
	Epoch           string     `json:"feed"`
	Unsealed        int64      `json:"unsealed"`
	UnsealedSeconds float64    `json:"unsealedSeconds"`
	Tenants         int64      `json:"tenants"`
	Bytes           int64      `json:"bytes"`
	Oldest          *time.Time `json:"oldest"`
	Old             int64      `json:"-"`
}

func readFigures(ctx context.Context, pool postgres.Pool, retention time.Duration) (v figures, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err = pool.QueryRow(ctx, sql.Pulse, retention).
		Scan(&v.Epoch, &v.Unsealed, &v.UnsealedSeconds, &v.Tenants, &v.Bytes, &v.Oldest, &v.Old)
	if err != nil {
		return figures{}, fmt.Errorf("ask the database how the feed is: %w", err)
	}
	return v, nil
}
