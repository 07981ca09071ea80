package notify

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// answers counts the answers of a connection that listens.
//
// Whether it lives and listens can be asked only on it: a connection can be dead
// without a sign, and LISTEN can end on one that lives. A notification to itself
// would show it, but takes the number of a transaction and is written to the log of
// the server. The listener waits on the connection for ever, but only reads there,
// and a connection carries both directions at once. So a question is written beside
// it, and the listener reads over the answer, which the trace of the connection
// shows.
type answers struct {
	// word is said by an answer and by nothing else.
	word  string
	count atomic.Int64
}

// hearFrom has the answers of a new connection counted.
func (a *answers) hearFrom(conn *pgx.Conn) {
	conn.PgConn().Frontend().Trace(a, pgproto3.TracerOptions{SuppressTimestamps: true})
}

// Write takes a message of the trace.
func (a *answers) Write(message []byte) (int, error) {
	if bytes.Contains(message, []byte(a.word)) {
		a.count.Add(1)
	}
	return len(message), nil
}

// ask asks a connection that its owner only reads from. The answer has a row if it
// listens. It does not wait: two questions that nobody reads fit into any buffer of a
// connection, and a server without an answer to one asks no third.
func (a *answers) ask(conn *pgx.Conn) (sent bool) {
	query := pgproto3.Query{String: fmt.Sprintf(
		"select '%s' where 2 = (select count(*) from pg_catalog.pg_listening_channels() c where c in ('%s', '%s'))",
		a.word, channel, probeChannel)}
	message, err := query.Encode(nil)
	if err != nil {
		return false
	}
	_, err = conn.PgConn().Conn().Write(message)
	return err == nil
}
