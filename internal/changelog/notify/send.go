package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// notify sends $2 on channel $1. It leaves a queue alone that is half full, as
// rowcast.notify does: what is sent is a hint, and a full queue fails the commit.
const notify = "select pg_notify($1, $2) where pg_notification_queue_usage() <= 0.5"

// Announce notifies the leader that a server has come.
func Announce(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, notify, probeChannel, serverCame); err != nil {
		return fmt.Errorf("notify the leader: %w", err)
	}
	return nil
}

// Sealed notifies the other servers: all up to sequence is sealed. The tenants it touched
// are nil if they are not known. It does not wait for the disk: it is a hint.
func Sealed(ctx context.Context, conn *pgx.Conn, sequence int64, tenants map[string]struct{}) error {
	payload, err := sealedPayload(sequence, tenants)
	if err != nil {
		return err
	}
	batch := new(pgx.Batch)
	batch.Queue("select set_config('synchronous_commit', 'off', true)")
	batch.Queue(notify, channel, payload)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("notify the other servers: %w", err)
	}
	return nil
}

// MaxTouched is how many tenants a notification names at most.
const MaxTouched = 200

// sealedPayload is what a server that sealed up to sequence sends to the others.
// The tenants are left out if they are not known or too long to be sent.
func sealedPayload(sequence int64, tenants map[string]struct{}) (string, error) {
	const longest = 7999
	type payload struct {
		V       int      `json:"v"`
		Sealed  int64    `json:"sealed"`
		Tenants []string `json:"tenant_ids,omitempty"`
	}
	text, err := json.Marshal(payload{V: 1, Sealed: sequence, Tenants: slices.Sorted(maps.Keys(tenants))})
	if err == nil && len(text) > longest {
		text, err = json.Marshal(payload{V: 1, Sealed: sequence})
	}
	if err != nil {
		return "", fmt.Errorf("encode the notification of the servers: %w", err)
	}
	return string(text), nil
}
