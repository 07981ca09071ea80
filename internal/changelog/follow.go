package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog/keeper"
	"rowcast/internal/changelog/logrow"
	"rowcast/internal/feed"
	"rowcast/sql"
)

const (
	// pageRows is how many log rows one query reads, firstRows how many come
	// with a seal.
	pageRows  = 256
	firstRows = 32
	// publishBytes is how much is collected before it is published.
	publishBytes = 1 << 20
	// sealTimeout and readTimeout bound a query: a connection that died
	// without a word is noticed then. A seal that takes longer gets twice the
	// time when it is tried again, up to longestSeal.
	sealTimeout = 8 * time.Second
	readTimeout = 30 * time.Second
	longestSeal = 10 * time.Minute
	// leaderWait is how long a server that heard a writer waits for the leader.
	leaderWait = 25 * time.Millisecond
	// idlePause is the pause after notifications that meant nothing.
	idlePause = 5 * time.Millisecond
	// longestPoll is the pause between polls after a while without changes.
	longestPoll = 25 * time.Millisecond
)

// ErrForeign says that the log does not belong to the database it is in: that was
// restored from a dump, made from a template or upgraded, or another log arrives here
// by replication.
var ErrForeign = errors.New("the change log does not belong to this database; begin a new feed with: rowcast migrate --new-feed")

// follow reads the log over one connection until that fails.
func (t *Tail) follow(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	conn, err := t.o.Connect(connecting)
	if err != nil {
		return err
	}
	defer keeper.CloseConn(ctx, conn)
	t.listener.Own(conn.PgConn().PID())
	if err := t.start(connecting, conn); err != nil {
		return err
	}
	f := reader{Tail: t, conn: conn, next: look}
	return f.loop(ctx)
}

// owned refuses a log that is not that of this database.
func (t *Tail) owned(ctx context.Context, conn *pgx.Conn) error {
	var foreign *string
	if err := conn.QueryRow(ctx, sql.ForeignLog).Scan(&foreign); err != nil {
		return fmt.Errorf("ask whose the change log is: %w", err)
	}
	if foreign != nil {
		return fmt.Errorf("%w: %s", ErrForeign, *foreign)
	}
	return nil
}

// start finds where to go on. It returns ErrDiverged if what was published
// before is no longer what the log says.
func (t *Tail) start(ctx context.Context, conn *pgx.Conn) error {
	var (
		epoch       *string
		head, nonce *int64
		known       *int64
	)
	if err := t.owned(ctx, conn); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, sql.Start, t.sequence).Scan(&epoch, &head, &nonce, &known); err != nil {
		return fmt.Errorf("find the head of the change log: %w", err)
	}
	t.tables = logrow.Tables{} // a restored database may give a number to another table
	id := *epoch
	switch {
	case t.epoch == "":
		t.epoch, t.sequence, t.nonce = id, *head, *nonce
		t.o.Publish(nil, t.sequence)
	case t.epoch != id:
		return fmt.Errorf("epoch %s became %s: %w", t.epoch, id, feed.ErrDiverged)
	case t.sequence > 0 && (known == nil || *known != t.nonce):
		return fmt.Errorf("sequence %d is not what it was: %w", t.sequence, feed.ErrDiverged)
	}
	return nil
}
