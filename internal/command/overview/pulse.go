package overview

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/postgres"
	"rowcast/sql"
)

// askTime is how long the database may take to answer.
const askTime = 15 * time.Second

// Pulse is what sql/pulse.sql returns.
type Pulse struct {
	Epoch           string     `json:"feed"`
	Unsealed        int64      `json:"unsealed"`
	UnsealedSeconds float64    `json:"unsealedSeconds"`
	Tenants         int64      `json:"tenants"`
	Bytes           int64      `json:"bytes"`
	Oldest          *time.Time `json:"oldest"`
	Old             int64      `json:"-"`
}

// ReadPulse asks the database what is in the log, and how much of it is older than the
// retention.
func ReadPulse(ctx context.Context, pool postgres.Pool, retention time.Duration) (v Pulse, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err = pool.QueryRow(ctx, sql.Pulse, retention).
		Scan(&v.Epoch, &v.Unsealed, &v.UnsealedSeconds, &v.Tenants, &v.Bytes, &v.Oldest, &v.Old)
	if err != nil {
		return Pulse{}, fmt.Errorf("ask the database how the feed is: %w", err)
	}
	return v, nil
}

// Size is a number of bytes for people.
func Size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(bytes), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.4g %s", value, units[unit])
}
