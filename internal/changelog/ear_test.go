package changelog_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/test/pgtest"
)

// ear counts the notifications of writers.
type ear struct {
	conn, marker *pgx.Conn
	marks        int
}

func newEar(t *testing.T, d *database) *ear {
	t.Helper()
	e := &ear{conn: pgtest.ConnectAs(t, d.DSN, "ear"), marker: pgtest.ConnectAs(t, d.DSN, "marker")}
	pgtest.Exec(t, e.conn, "listen rowcast", "listen mark")
	return e
}

// notifications returns how many those of writers were committed since the last call.
// Notifications arrive in commit order, so those before a mark are complete. A
// mark has a channel of its own: it must not wake a tail.
func (e *ear) notifications(t *testing.T) int {
	t.Helper()
	e.marks++
	mark := strconv.Itoa(e.marks)
	pgtest.Exec(t, e.marker, "select pg_notify('mark', '"+mark+"')")
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	count := 0
	for {
		n, err := e.conn.WaitForNotification(ctx)
		if err != nil {
			t.Fatalf("wait for mark %d: %v", e.marks, err)
		}
		var payload struct {
			Table string `json:"table"`
		}
		switch {
		case n.Channel == "mark" && n.Payload == mark:
			return count
		case n.Channel == "rowcast" && json.Unmarshal([]byte(n.Payload), &payload) == nil && payload.Table != "":
			count++
		}
	}
}
