package conform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/servetest"
)

// breaks inserts an order that panics at a step of a server with the bug "unreadable".
func breaks(step string) string {
	return `insert into orders (tenant_id, customer) values ($1, 'breaks at ` + step + `')`
}

// damaged inserts an order, and changes what is logged of it.
func damaged(after string) string {
	return `do $$ begin
		insert into orders (tenant_id, customer) values ('%s', 'damaged');
		update rowcast.log_active set after = array[` + after + `] where xid = pg_current_xact_id();
	end $$`
}

// unreadable are statements of one change each, with how that is told: a change that
// breaks at each step, between others that do not.
var unreadable = []struct{ statement, sent string }{
	{insertOrder, "order:created"},
	{breaks("decoding"), "order:unreadable decoding"},
	{breaks("mapping"), "order:unreadable mapping"},
	{insertOrder, "order:created"},
	{breaks("encoding"), "order:unreadable encoding"},
	{damaged(`'\x7b226122'::bytea::json`), "order:unreadable decoding"},
	{damaged(`('{"a":"' || repeat('x', 67108864) || '"}')::json`), "order:unreadable size"},
	{damaged(`('{"a":' || repeat('[', ` + fmt.Sprint(tooDeep) + `) || repeat(']', ` + fmt.Sprint(tooDeep) + `) || '}')::json`), "order:created"},
	{`update orders set status = 'processing' where tenant_id = $1 and customer = 'breaks at mapping'`, "order:unreadable mapping"},
	{`delete from orders where tenant_id = $1 and customer = 'damaged' and id = (select max(id::text)::uuid from orders where customer = 'damaged' and tenant_id = $1)`, "order:deleted"},
	{insertOrder, "order:created"},
}

// TestUnreadable: a change that cannot be read, at whatever step, is told at its
// position without its row, live, from every cursor, in the history, by the commands
// and to operators, and everything goes on, for its tenant and for others.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	if _, err := s.DB.Exec(t.Context(), `create cast (bytea as json) without function`); err != nil {
		t.Fatal(err)
	}
	program := servetest.Program(t, "failpoints")
	servers := map[string]*servetest.Server{}
	for _, w := range slices.Concat(wires, recoveries) {
		key := strings.Join(w.settings, " ")
		if servers[key] == nil {
			servers[key] = servetest.StartProgram(t, program, s.DSN, append(slices.Clone(w.settings), "ROWCAST_FAILPOINT=unreadable", patient)...)
		}
	}
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		server := servers[strings.Join(l.settings, " ")]
		whole := l.join(t, server)
		var want []string
		for i, u := range unreadable {
			statement := u.statement
			if strings.Contains(statement, "'%s'") {
				statement = fmt.Sprintf(statement, l.ID)
			}
			l.Exec(t, statement)
			want = append(want, fmt.Sprintf("%d %s", i+1, u.sent))
		}
		cursors := []string{whole.cursor}
		for i := range want {
			if got := sent(whole.events(t, 1)[0]); got != want[i] {
				t.Fatalf("live: %s; want %s", got, want[i])
			}
			cursors = append(cursors, whole.cursor)
		}
		for i, cursor := range cursors[:len(want)] {
			f := l.join(t, server, from(cursor))
			for _, want := range want[i:] {
				if got := sent(f.events(t, 1)[0]); got != want {
					t.Fatalf("from %s: %s; want %s", cursor, got, want)
				}
			}
			f.cut()
		}
		if l.name != "ws" {
			return
		}
		for _, limit := range []int{1, 4, 500} {
			l.checkHistory(t, server, limit, want)
		}
		l.checkCommands(t, program, want)
		// It has the newest few, and the tenants of other transports have theirs meanwhile.
		status, page := server.Get(t, "/status")
		if status != http.StatusOK || !strings.Contains(page, `"unreadable":[{"tenantId":"`) || strings.Contains(page, "breaks at mapping") {
			t.Errorf("/status says %s", page)
		}
		_, metrics := server.Get(t, "/metrics")
		for _, reason := range []string{"decoding", "mapping", "encoding", "size"} {
			if name := `rowcast_unreadable_total{reason="` + reason + `"} `; !strings.Contains(metrics, name) || strings.Contains(metrics, name+"0\n") {
				t.Errorf("/metrics does not count %s", reason)
			}
		}
	})
}

// told is the position of an event, its name and why it has no row.
func sent(m message) string {
	text := fmt.Sprintf("%d %s", m.Position, m.Event)
	if strings.Contains(m.raw, `"unreadable":true`) {
		var data struct{ Reason, Operation, Table string }
		if err := json.Unmarshal(m.Data, &data); err != nil || data.Table != "orders" || data.Operation == "" {
			return fmt.Sprintf("%s with %s", text, m.raw)
		}
		text += " " + data.Reason
	}
	return text
}

// checkHistory reads the history of the tenant in pages.
func (l *line) checkHistory(t *testing.T, server *servetest.Server, limit int, want []string) {
	t.Helper()
	var got []string
	for after, more := "", true; more; {
		query := url.Values{"tenant": {l.ID}, "limit": {fmt.Sprint(limit)}}
		if after != "" {
			query.Set("after", after)
		}
		body := l.history(t, server, query)
		var page struct {
			Events []json.RawMessage
			Cursor string
			More   bool
		}
		// The document is deeper than encoding/json goes.
		if err := json.Unmarshal([]byte(shallow(body)), &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			var m message
			if err := json.Unmarshal(e, &m); err != nil {
				t.Fatal(err)
			}
			m.raw = string(e)
			got = append(got, sent(m))
		}
		after, more = page.Cursor, page.More
	}
	if !slices.Equal(got, want) {
		t.Errorf("history in pages of %d tells\n%s\nwant\n%s", limit, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkCommands has the tenant's history printed, a part of it sent again, and that
// printed as well.
func (l *line) checkCommands(t *testing.T, program string, want []string) {
	t.Helper()
	run := func(args ...string) []string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), servetest.Timeout)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append(args, "--tenant", l.ID, "--database-url", l.shared.DSN)...) //nolint:gosec // built by this test
		cmd.Env = []string{"ROWCAST_FAILPOINT=unreadable"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		var got []string
		for text := range strings.Lines(string(out)) {
			var m message
			if err := json.Unmarshal([]byte(shallow(text)), &m); err != nil {
				t.Fatalf("%.300s: %v", text, err)
			}
			m.raw = text
			got = append(got, sent(m))
		}
		return got
	}
	if got := run("history", "-o", "json"); !slices.Equal(got, want) {
		t.Errorf("the command history tells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := run("tail", "-o", "json", "--from", "beginning", "--count", fmt.Sprint(len(want))); !slices.Equal(got, want) {
		t.Errorf("the command tail tells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
