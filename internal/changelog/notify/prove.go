package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// proofInterval is how long a proof may take, and how often the connection is
// asked.
const proofInterval = 4 * time.Second

// proofs are what was asked for. The owner of the Listener uses them.
type proofs struct {
	// asked is the last question, probed a notification that has not come back.
	asked, probed proof
	// missed says that a change was found without a notification.
	missed bool
}

type proof struct {
	at time.Time
	// had is how many had come before.
	had int64
}

// missing says that it has not come in time, if has is how many came.
func (p proof) missing(now time.Time, has int64) bool {
	return !p.at.IsZero() && p.had == has && now.Sub(p.at) >= proofInterval
}

// Missed notes that a change was found without a notification.
func (b *Listener) Missed() { b.missed = true }

// Prove finds a Listener that receives nothing. It asks the connection now and then whether it
// listens. Only if a change was missed does it send a notification to itself, over
// conn: something between may swallow those alone. Call it often, from one goroutine.
func (b *Listener) Prove(ctx context.Context, conn *pgx.Conn, now time.Time) error {
	listening, answered, arrived := b.Listening(), b.count.Load(), b.probes.Load()
	deaf := b.asked.missing(now, answered) || b.probed.missing(now, arrived)
	if !listening || deaf {
		b.proofs = proofs{}
		if listening {
			b.log.WarnContext(ctx, "LISTEN delivers nothing, connecting anew")
			b.cut()
		}
		return nil
	}
	if now.Sub(b.asked.at) >= proofInterval {
		b.asked = proof{now, answered}
		if listener := b.conn.Load(); !b.ask(listener) {
			b.cut()
		}
	}
	if b.probed.had != arrived {
		b.probed = proof{}
	}
	if !b.missed || !b.probed.at.IsZero() {
		return nil
	}
	b.missed = false
	sent, err := conn.Exec(ctx, notify, probeChannel, b.probe)
	if err != nil {
		return fmt.Errorf("probe LISTEN: %w", err)
	}
	if sent.RowsAffected() > 0 {
		b.probed = proof{now, arrived}
	}
	return nil
}
