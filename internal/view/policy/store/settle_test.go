package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy/store"
)

// count is the number that a query finds.
func count(t *testing.T, db pgtest.Querier, query string) int64 {
	t.Helper()
	return pgtest.Query[int64](t, db, query)
}

const version = `select version from rowcast.rules`

// TestSettlersRace has servers settle policies at once, of which each second is refused.
func TestSettlersRace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const servers = 6
	pool := pgtest.Pool(t, e.DSN, "servers", servers)
	for round := range int64(10) {
		document, want, step := strict, store.IsActive, int64(1)
		if round%2 == 1 {
			document, want, step = "tables: {nowhere: {roles: {a: {}}}}", store.IsRefused, 0
		}
		before := count(t, e.Conn, version)
		applied := apply(t, e.Conn, document)
		if got := count(t, e.Conn, version); got != before {
			t.Errorf("the rules are of version %d after %d, but nobody has looked", got, before)
		}
		outcomes := make(chan *store.Outcome, servers)
		var group sync.WaitGroup
		for range servers {
			group.Go(func() {
				o, err := store.Settle(t.Context(), pool)
				if err != nil {
					t.Error(err)
				}
				outcomes <- o
			})
		}
		group.Wait()
		close(outcomes)
		var settled []store.Outcome
		for o := range outcomes {
			if o != nil {
				settled = append(settled, *o)
			}
		}
		if len(settled) != 1 || settled[0].Version != applied || settled[0].State != want {
			t.Fatalf("policy %d was settled %+v, want once as %s", applied, settled, want)
		}
		if got := count(t, e.Conn, version); got != before+step {
			t.Errorf("the rules are of version %d after %d", got, before)
		}
		if got := pgtest.Column[int64](t, e.Conn, `select version from rowcast.policy where state in ('active', 'pending')`); len(got) != 1 || got[0] != applied-1+step {
			t.Errorf("in force are %v after %d", got, applied)
		}
		o, err := store.OutcomeOf(t.Context(), pool, applied)
		if err != nil || o.State != want || o.By != "postgres" || (o.Reason == "") != (want == store.IsActive) {
			t.Errorf("the outcome is %+v, %v", o, err)
		}
	}
}

// TestSettlerEndsInTheMiddle: what a server has begun another does anew when it is gone.
func TestSettlerEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	applied := apply(t, e.Conn, strict)
	first, second := e.Connect(t), e.Connect(t)
	pgtest.Exec(t, first, `begin`, `select rowcast.activate_policy((select max(version) from rowcast.policy), '{}', '{}')`)
	done := make(chan store.Outcome, 1)
	go func() {
		defer close(done)
		if o, err := store.Settle(context.WithoutCancel(t.Context()), second); err != nil || o == nil {
			t.Errorf("settled is %v, %v", o, err)
		} else {
			done <- *o
		}
	}()
	for count(t, e.Conn, `select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0 and datname = current_database()`) == 0 {
		select {
		case o := <-done:
			t.Fatalf("the second was not kept from settling: %+v", o)
		default:
		}
	}
	pgtest.ExecWith(t, e.Conn, `select pg_terminate_backend($1::integer)`, first.PgConn().PID())
	if o := <-done; o.Version != applied || o.State != store.IsActive {
		t.Errorf("the outcome is %+v", o)
	}
	if got := sees(t, active(t, e.Conn), "clerk", "order"); !slices.Equal(got, []string{"id", "status"}) {
		t.Errorf("a clerk sees %v", got)
	}
}

// TestRefusedLeavesTheOneBefore, in force as well as its document and its author.
func TestRefusedLeavesTheOneBefore(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	if s := active(t, e.Conn); s.Applied != nil || s.Stored != nil || len(s.Tables) != 2 || !slices.Equal(sees(t, s, "clerk", "order"), []string{"*"}) {
		t.Errorf("in force is %+v before there is a policy", s)
	}
	first := apply(t, e.Conn, strict)
	if s := active(t, e.Conn); s.Applied != nil {
		t.Errorf("in force is %+v, which nobody has looked at", s.Applied)
	}
	if o := settle(t, e.Conn); o != (store.Outcome{Version: first, State: store.IsActive}) {
		t.Fatalf("the outcome is %+v", o)
	}
	for document, why := range map[string]string{
		"tables: {order: {roles: {clerk: {columns: {only: [id, prize]}}}}}": `tables.order.roles.clerk.columns.only: there is no column "prize"; there are: id, tenant_id, status, total`,
		"tables:\n  invoice: {roles: {clerk: none}}":                        `line 2: tables.invoice: no table is watched as "invoice"; there are: note, order, presence`,
		"tables: [": "it is no YAML",
		"tables: {order: {roles: {a: {columns: {only: [status]}}}}}":          `the key column "id" cannot be withheld`,
		"tables: {order: {events: [{name: \"order:created\", on: insert}]}}":  "there is an event order:created already",
		"tables: {order: {events: [{name: \"order:snapshot\", on: insert}]}}": "there is an event order:snapshot already",
	} {
		refused := apply(t, e.Conn, document)
		if o := settle(t, e.Conn); o.Version != refused || o.State != store.IsRefused || !strings.Contains(o.Reason, why) {
			t.Errorf("%s: the outcome is %+v; want %q", document, o, why)
		}
		if o, err := store.OutcomeOf(t.Context(), e.Conn, refused); err != nil || !strings.Contains(o.Reason, why) {
			t.Errorf("%s: on record is %+v, %v", document, o, err)
		}
		s := active(t, e.Conn)
		if s.Applied == nil || s.Applied.Version != first || s.Applied.Document != strict || s.Applied.By != "postgres" || s.Applied.At.IsZero() {
			t.Errorf("in force is %+v", s.Applied)
		}
		if got := sees(t, s, "clerk", "order"); !slices.Equal(got, []string{"id", "status"}) {
			t.Errorf("a clerk sees %v", got)
		}
	}
	if o, err := store.Settle(t.Context(), e.Conn); o != nil || err != nil {
		t.Errorf("settled is %+v, %v, but nothing is pending", o, err)
	}
	// The last of two that are pending counts.
	passed, last := apply(t, e.Conn, strict), apply(t, e.Conn, loose)
	if o := settle(t, e.Conn); o.Version != last || o.State != store.IsActive {
		t.Errorf("the outcome is %+v", o)
	}
	if o, err := store.OutcomeOf(t.Context(), e.Conn, passed); err != nil || o.State != store.IsReplaced {
		t.Errorf("what was passed over is %+v, %v", o, err)
	}
	if got := sees(t, active(t, e.Conn), "clerk", "order"); !slices.Equal(got, []string{"id", "status", "tenant_id"}) {
		t.Errorf("a clerk sees %v", got)
	}
	// Settled once is settled.
	for _, again := range []string{`select rowcast.activate_policy($1, '{}', '{}')`, `select rowcast.refuse_policy($1, 'late')`} {
		for _, version := range []int64{first, passed, last, 999} {
			if pgtest.Query[bool](t, e.Conn, again, version) {
				t.Errorf("%s did something to policy %d", again, version)
			}
		}
	}
	before := count(t, e.Conn, version)
	if !pgtest.Query[bool](t, e.Conn, `select rowcast.drop_policy()`) || pgtest.Query[bool](t, e.Conn, `select rowcast.drop_policy()`) {
		t.Error("a policy is dropped once")
	}
	if s := active(t, e.Conn); s.Applied != nil || s.Rules != before+1 || !slices.Equal(sees(t, s, "clerk", "order"), []string{"*"}) {
		t.Errorf("after a policy was dropped there is %+v", s)
	}
	// One without tables says nothing, and is not taken for no policy.
	apply(t, e.Conn, `tables: {}`)
	if o := settle(t, e.Conn); o.State != store.IsRefused || !strings.Contains(o.Reason, "tables: it is empty") {
		t.Errorf("the outcome is %+v", o)
	}
}

// TestBounds: what is no policy is refused at once, and the record does not grow for ever.
func TestBounds(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for document, hint := range map[string]string{"": "drop_policy", " \n\t": "drop_policy", strings.Repeat("x", 65537): "At most 65536"} {
		_, err := store.Apply(t.Context(), e.Conn, document)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "22023" || !strings.Contains(err.Error(), hint) {
			t.Errorf("%.10q: %v", document, err)
		}
	}
	apply(t, e.Conn, strict)
	settle(t, e.Conn)
	for range 150 {
		apply(t, e.Conn, "tables: [")
	}
	if got := count(t, e.Conn, `select count(*) from rowcast.policies()`); got != 101 {
		t.Errorf("%d policies are kept, want the active one and 100", got)
	}
	if s := active(t, e.Conn); s.Applied == nil || s.Applied.Document != strict {
		t.Errorf("in force is %+v", s.Applied)
	}
}

// TestRights: who serves settles, and who was allowed to applies.
func TestRights(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"store_server", "store_officer"} {
		pgtest.Admin(t, pgtest.Server(t), "create role "+role)
		t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), "drop role "+role) })
	}
	e := newEnv(t)
	e.Exec(t, `select rowcast.grant_service('store_server')`, `grant usage on schema rowcast to store_officer`,
		`grant execute on function rowcast.apply_policy(text), rowcast.drop_policy(), rowcast.policies() to store_officer`, `grant select on rowcast.policy to store_officer`)
	as := func(role string, statements ...string) error {
		e.Exec(t, `set role `+role)
		defer e.Exec(t, `reset role`)
		for _, s := range statements {
			if _, err := e.Conn.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	}
	if err := as("store_officer", `select rowcast.apply_policy('`+strict+`')`, `select * from rowcast.policies()`); err != nil {
		t.Fatal(err)
	}
	for role, denied := range map[string][]string{
		"store_server": {
			`select rowcast.apply_policy('tables: {}')`, `select rowcast.drop_policy()`, `select rowcast.rules_changed()`, `update rowcast.policy set document = ''`,
			`insert into rowcast.policy (document) values ('')`, `delete from rowcast.policy`, `update rowcast.rules set version = 9`,
		},
		"store_officer": {`select rowcast.activate_policy(1, '{}', '{}')`, `select rowcast.refuse_policy(1, 'no')`, `update rowcast.policy set state = 'active'`},
	} {
		for _, statement := range denied {
			if err := as(role, statement); err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s: %s: %v", role, statement, err)
			}
		}
	}
	e.Exec(t, `set role store_server`)
	if o := settle(t, e.Conn); o.State != store.IsActive {
		t.Errorf("the outcome is %+v", o)
	}
	s := active(t, e.Conn)
	if diff := cmp.Diff([]string{"id", "status"}, sees(t, s, "clerk", "order")); diff != "" || s.Applied.By != "postgres" {
		t.Errorf("by %s: %s", s.Applied.By, diff)
	}
}

// TestAppliersRace has roles apply policies while servers settle them: nobody fails, and
// the one that was applied last ends in force.
func TestAppliersRace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const appliers, each, settlers = 3, 10, 3
	pool := pgtest.Pool(t, e.DSN, "servers", appliers+settlers)
	ended := make(chan struct{})
	var applying, settling sync.WaitGroup
	for range settlers {
		settling.Go(func() {
			for {
				if _, err := store.Settle(t.Context(), pool); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	for range appliers {
		applying.Go(func() {
			for n := range each {
				if _, err := store.Apply(t.Context(), pool, []string{strict, loose}[n%2]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	applying.Wait()
	close(ended)
	settling.Wait()
	if _, err := store.Settle(t.Context(), pool); err != nil { // they may have ended before the last
		t.Error(err)
	}
	o, err := store.Newest(t.Context(), pool)
	if err != nil || o.State != store.IsActive || o.Version != appliers*each {
		t.Errorf("the newest is %+v, %v", o, err)
	}
	if got := count(t, e.Conn, `select count(*) from rowcast.policy where state <> 'replaced'`); got != 1 {
		t.Errorf("%d policies are not replaced", got)
	}
}
