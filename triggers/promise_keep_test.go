package triggers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// broken says how a promise was. what is constant: only what fails with the same
// is a smaller example of it.
type broken struct{ what, detail string }

// keeper does to both tables what was drawn.
type keeper struct {
	t       *testing.T
	d       *database
	p       *promise
	conns   map[string]*pgx.Conn
	notes   map[string]int
	ran     []string
	f       *feed
	unknown bool // the feed need not tell what was just done

	restored string // the database that came from a dump, empty if there is none
	foreign  int    // how much more is done to it before it is migrated
	newest   int64  // the log id that it came with
}

var sides = []string{"twin", "watched"}

func on(side, sql string) string { return strings.ReplaceAll(sql, "§", side) }

// keep tells how the promise is broken, nil if it is not.
func (d *database) keep(t *testing.T, p *promise, notes map[string]int) (b *broken) {
	ctx := t.Context()
	k := &keeper{t: t, d: d, p: p, conns: map[string]*pgx.Conn{}, notes: notes}
	defer func() {
		k.disconnect(ctx)
		k.forget(ctx)
		if b != nil {
			b.detail = fmt.Sprintf("%s;\nexclude %q;\n\n%s\n\n%s", strings.Join(p.ddl, ";\n"), p.exclude, strings.Join(k.ran, "\n"), b.detail)
		}
	}()
	if b := k.prepare(ctx); b != nil {
		return b
	}
	for _, a := range p.acts {
		if goesOn, b := k.do(ctx, a); b != nil || !goesOn {
			return b
		}
		if b := k.compare(ctx, a); b != nil {
			return b
		}
		if k.foreign > 0 {
			if k.foreign--; k.foreign == 0 {
				if goesOn, b := k.migrate(ctx); b != nil || !goesOn {
					return b
				}
			}
		}
	}
	return nil
}

func (k *keeper) disconnect(ctx context.Context) {
	for _, conn := range k.conns {
		_ = conn.Close(ctx)
	}
	clear(k.conns)
}

const feedDiffers = "the feed is not what the table is, and nobody says so"

func wrong(what string, err error) *broken { return &broken{what, fmt.Sprint(explain(err))} }

func (k *keeper) prepare(ctx context.Context) *broken {
	for _, s := range []string{
		`set lc_monetary = 'C'`, `update rowcast.watched set active = false where active`, `drop schema if exists watched, twin cascade`,
		`create schema watched authorization promise_owner`, `create schema twin authorization promise_owner`, `grant usage on schema watched, twin to promise_writer`,
		`grant usage on schema kinds to public`, `grant usage, create on schema public to public`, `grant execute on function rowcast.capture_replicated(), rowcast.resume() to public`,
	} {
		if _, err := k.d.Conn.Exec(ctx, s); err != nil {
			return wrong("the schemas cannot be made", err)
		}
	}
	for _, side := range sides {
		conn, err := k.conn(ctx, side, "promise_owner")
		if err != nil {
			return wrong("the owner cannot connect", err)
		}
		for _, s := range k.p.ddl {
			if _, err := conn.Exec(ctx, on(side, s)); err != nil {
				return wrong("the table cannot be made", fmt.Errorf("%s: %w", s, explain(err)))
			}
		}
	}
	if _, err := k.d.Conn.Exec(ctx, `select rowcast.watch('watched.t', name => 't', exclude => $1)`, k.p.exclude); err != nil {
		return wrong("the table cannot be watched", err)
	}
	if k.p.partitioned {
		k.notes["partitioned"]++
	}
	if k.p.child {
		k.notes["child"]++
	}
	var err error
	if k.f, err = newFeed(ctx, k.d.Conn); err != nil {
		return wrong("the table cannot be read", err)
	}
	return nil
}

// conn is the session of a role that writes to the table of a side.
func (k *keeper) conn(ctx context.Context, side, role string) (*pgx.Conn, error) {
	if conn := k.conns[side+role]; conn != nil {
		return conn, nil
	}
	config := k.d.Conn.Config().Copy()
	config.User = role
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		k.conns[side+role] = conn
	}
	return conn, err
}

// outcome is what came of a statement.
type outcome struct {
	err    error
	result string // what the writer sees
}

func (o outcome) code() string {
	if pg, ok := errors.AsType[*pgconn.PgError](o.err); ok {
		return pg.Code
	}
	return fmt.Sprint(o.err)
}

func (o outcome) refused() bool {
	pg, ok := errors.AsType[*pgconn.PgError](o.err)
	return ok && slices.ContainsFunc(refusals, func(r refusal) bool {
		return pg.Code == r.code && strings.HasPrefix(pg.Message, r.message)
	})
}

func try(ctx context.Context, conn *pgx.Conn, side string, s step) outcome {
	if s.data != "" {
		tag, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(s.data), on(side, s.sql))
		return outcome{err, tag.String()}
	}
	results, err := conn.PgConn().Exec(ctx, on(side, s.sql)).ReadAll()
	var text strings.Builder
	for _, r := range results {
		if s.note != "explain" { // which names the triggers
			for _, row := range r.Rows {
				fmt.Fprintf(&text, "%q\n", bytes.Join(row, []byte(" | ")))
			}
		}
		text.WriteString(r.CommandTag.String())
	}
	return outcome{err, text.String()}
}

// session is what a statement must leave as it was.
const session = `select pg_catalog.concat_ws(' | ', pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('DateStyle'),
	pg_catalog.current_setting('IntervalStyle'), pg_catalog.current_setting('bytea_output'), pg_catalog.current_setting('extra_float_digits'),
	pg_catalog.current_setting('search_path'), pg_catalog.current_setting('lc_monetary'), pg_catalog.current_setting('quote_all_identifiers'),
	pg_catalog.current_setting('session_replication_role'), pg_catalog.current_setting('plan_cache_mode'), current_user)`

// do does a transaction on both sides. It does not go on where the sides are no
// longer alike.
func (k *keeper) do(ctx context.Context, a act) (goesOn bool, b *broken) {
	k.ran = append(k.ran, "-- as "+a.role)
	if a.dump != "" {
		return k.dump(ctx, a.dump)
	}
	if a.ours {
		for _, s := range a.steps {
			_, err := k.d.Conn.Exec(ctx, s.sql)
			k.ran = append(k.ran, fmt.Sprintf("%s; -- %v", s.sql, explain(err)))
			if code := (outcome{err: err}).code(); err != nil && code != "42704" && !(outcome{err: err}).refused() && code != "42703" {
				return false, wrong("what is ours fails", err)
			}
			k.notes[s.note]++
		}
		return true, nil
	}
	before := slices.Concat([]string{"reset all"}, a.settings)
	if a.begin != "" {
		before = append(before, a.begin)
	}
	for _, s := range before {
		if _, b := k.both(ctx, a.role, step{sql: s, note: s}); b != nil {
			return false, b
		}
	}
	for _, s := range a.steps {
		if a.careful {
			if _, b := k.both(ctx, a.role, step{sql: "savepoint careful"}); b != nil {
				return false, b
			}
		}
		ended, b := k.both(ctx, a.role, s)
		switch {
		case b != nil:
			return false, b
		case ended == "refused" && a.begin == "":
			return false, nil
		case ended == "":
			if _, b := k.both(ctx, a.role, step{sql: session}); b != nil {
				return false, b
			}
		case a.careful:
			if _, b := k.both(ctx, a.role, step{sql: "rollback to careful"}); b != nil {
				return false, b
			}
		case a.begin != "":
			_, b := k.both(ctx, a.role, step{sql: "rollback"})
			return true, b
		}
	}
	if a.begin != "" {
		if _, b := k.both(ctx, a.role, step{sql: "commit"}); b != nil {
			return false, b
		}
	}
	return true, nil
}

// both does a statement, on the twin first. It returns whether it failed or was
// refused, both of which are allowed.
func (k *keeper) both(ctx context.Context, role string, s step) (ended string, b *broken) {
	var got [2]outcome
	for i, side := range sides {
		conn, err := k.conn(ctx, side, role)
		if err != nil {
			return "", wrong("a role cannot connect", err)
		}
		got[i] = try(ctx, conn, side, s)
	}
	if s.sql != session {
		k.ran = append(k.ran, s.sql+";")
		if s.data != "" {
			k.ran = append(k.ran, s.data+`\.`)
		}
	}
	twin, watched := got[0], got[1]
	if twin.err != nil {
		k.ran = append(k.ran, fmt.Sprintf("-- %v", explain(twin.err)))
	}
	detail := fmt.Sprintf("without triggers: %v\n%s\nwith triggers: %v\n%s", twin.err, twin.result, watched.err, watched.result)
	if pg, ok := errors.AsType[*pgconn.PgError](watched.err); ok {
		detail += "\n" + pg.Where
	}
	switch {
	case twin.err == nil && watched.refused():
		k.notes["refused"]++
		k.ran = append(k.ran, fmt.Sprintf("-- watched: %v", explain(watched.err)))
		return "refused", nil
	case twin.err == nil && watched.err != nil:
		return "", &broken{"a statement fails that succeeds without triggers: " + watched.code(), detail}
	case twin.err != nil && watched.err == nil:
		return "", &broken{"a statement succeeds that fails without triggers: " + twin.code(), detail}
	case twin.code() != watched.code():
		return "", &broken{"a statement fails otherwise than without triggers", detail}
	case twin.err != nil:
		k.notes["failed alike"]++
		k.notes["failed: "+twin.code()]++
		return "failed", nil
	case twin.result != watched.result:
		return "", &broken{"the writer sees something else than without triggers", detail}
	}
	if s.note != "" {
		k.notes[s.note]++
	}
	return "", nil
}

// compare holds the feed against the table, and the table against its twin.
func (k *keeper) compare(ctx context.Context, a act) *broken {
	differs, err := k.f.differs(ctx)
	if err != nil {
		return wrong("the tables cannot be compared", err)
	} else if differs {
		return &broken{"the table is not what its twin is", ""}
	}
	if k.foreign > 0 {
		return k.compareForeign(ctx)
	}
	lost, err := k.f.lost(ctx)
	if err != nil {
		return wrong("drift cannot be asked for", err)
	}
	if lost {
		k.notes["said to be lost"]++
	}
	changes, diff, err := k.f.catchUp(ctx, lost || a.alters || a.unsure || k.unknown)
	k.unknown = false
	k.notes["changes"] += len(changes)
	switch {
	case err != nil:
		return wrong("the feed cannot be followed", err)
	case diff == "unknown":
	case diff != "":
		return &broken{feedDiffers, listed(changes) + "\n-table +feed:\n" + diff}
	default:
		k.notes["compared"]++
	}
	return nil
}
