package conform_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

var (
	leakRounds = flag.Int("leak.rounds", 2, "rounds of TestNothingLeaks")
	leakSeed   = flag.Uint64("leak.seed", 0, "seed of the first round of TestNothingLeaks; 0 draws one")
)

// TestNothingLeaks draws a table, a policy, viewers and their filters, and has random
// things happen. On every wire and from every kind of cursor each viewer gets what the
// reference says, in order, and no byte of what is withheld from it. Long runs:
//
//	go test ./internal/test/conform -run TestNothingLeaks -v -leak.rounds 500 -timeout 60m
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	seed := *leakSeed
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	for range *leakRounds {
		t.Run(fmt.Sprintf("leak.seed=%d", seed), func(t *testing.T) {
			for _, fault := range playRound(t, servetest.Program(t, ""), seed) {
				t.Error(fault)
			}
		})
		if seed++; t.Failed() {
			return
		}
	}
}

// round is a database with a drawn table, and those who follow it.
type round struct {
	*written
	shared  *shared
	of      *servetest.Tenant
	servers [2]*servetest.Server
	rules   *rules
	viewers []*viewer
	// live follow since the rules are in force, all are those that still follow.
	live, all []*follower
	// kept are cursors of former rules.
	kept   []bookmark
	faults []string
}

// bookmark is a cursor of a viewer, behind which all from a change on comes.
type bookmark struct {
	v         *viewer
	wire      wire
	signature string
	cursor    string
	from      int
}

func (r *round) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// playRound plays a round against a program, and returns what was wrong.
func playRound(t *testing.T, program string, seed uint64, settings ...string) []string {
	t.Helper()
	d := drawing{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // drawn, not secret
	dsn := pgtest.Database(t)
	pgtest.Migrate(t, dsn)
	w := &written{table: d.table(), db: pgtest.Connect(t, dsn), tenant: "5f1e7a52-0000-4000-8000-000000000001", other: "5f1e7a52-0000-4000-8000-000000000002"}
	w.exec(t, "set timezone to 'UTC'")
	for _, statement := range w.create() {
		w.exec(t, statement)
	}
	r := &round{written: w, shared: &shared{t: t}, of: &servetest.Tenant{ID: w.tenant}}
	r.viewers = d.viewers(w.table)
	if !d.chance(8) {
		r.apply(t)
	}
	for i := range r.servers {
		r.servers[i] = servetest.StartProgram(t, program, dsn, append(slices.Concat(recovery, settings), patient, fmt.Sprintf("ROWCAST_BULK_ROWS=%d", bulkRows))...)
	}
	if r.rules != nil {
		r.await(t)
	}
	for phase := range 3 {
		if phase > 0 {
			r.turn(t)
		}
		r.begin(t)
		r.happen(t, 20)
		r.check(t, false)
		r.again(t)
		r.replay(t)
		r.happen(t, 6)
		r.check(t, true)
		r.histories(t)
		if len(r.faults) > 0 {
			policy := "none"
			if r.rules != nil {
				policy = r.rules.text
			}
			r.fault("phase %d, table %s (%v) as %s, audience %q, policy %s", phase, w.name, w.columns, w.stem, w.audType, policy)
			break
		}
	}
	for _, f := range r.all {
		f.cut()
	}
	for _, s := range r.servers {
		s.Kill()
	}
	return r.faults
}

// apply draws a policy and applies it. Somebody has to settle it, see await.
func (r *round) apply(t *testing.T) {
	t.Helper()
	r.rules = r.d.rules(r.table)
	r.exec(t, "select rowcast.apply_policy("+quoted(r.rules.text)+")")
}

// await waits until the policy is active.
func (r *round) await(t *testing.T) {
	t.Helper()
	servetest.Eventually(t, "active policy", func() bool {
		var state, reason string
		if err := r.db.QueryRow(t.Context(), "select state, coalesce(reason, '') from rowcast.policies() limit 1").Scan(&state, &reason); err != nil {
			t.Fatal(err)
		}
		if state == "refused" {
			t.Fatalf("%s is refused: %s", r.rules.text, reason)
		}
		return state == "active"
	})
}

// turn changes what is in force, and waits for those who have to be told.
func (r *round) turn(t *testing.T) {
	t.Helper()
	before := map[*follower]string{}
	var staying []*follower
	for _, f := range r.live {
		r.keep(f)
		if f.wire.name == "ws" || f.wire.name == "sse" || f.wire.name == "socket.io on websocket" {
			before[f] = r.rules.signature(r.table, f.v)
			staying = append(staying, f)
		}
	}
	for _, f := range r.all {
		if before[f] == "" && !slices.Contains(staying, f) {
			f.cut()
		}
	}
	wished := func(name string) bool {
		return slices.ContainsFunc(r.viewers, func(v *viewer) bool { return v.wish != nil && slices.Contains(v.wish.columns, name) })
	}
	switch what := r.d.IntN(9); {
	case what == 0 && r.rules != nil:
		c := &r.columns[r.d.IntN(len(r.columns))]
		if wished(c.name) || c.kind == kindTenant || c.kind == kindReader {
			break
		}
		former := c.name
		c.name += "_renamed"
		// A server looks at columns now and then. That it has is known by those that it resets.
		if !slices.ContainsFunc(staying, func(f *follower) bool { return before[f] != r.rules.signature(r.table, f.v) }) &&
			slices.ContainsFunc(r.rules.own, func(o own) bool { return o.when != nil && slices.Contains(o.when.columns, former) }) {
			c.name = former
			break
		}
		r.exec(t, fmt.Sprintf("alter table %s rename column %s to %s", r.name, former, c.name))
	case what == 1:
		name := fmt.Sprintf("col_added_%c", 'a'+rune(len(r.columns)))
		r.exec(t, fmt.Sprintf("alter table %s add column %s text default %s", r.name, name, quoted(r.canary())))
		r.columns = append(r.columns, column{name: name, kind: kindCanary, sql: "text"})
	case what == 2:
		name := r.name + moved
		r.exec(t, fmt.Sprintf("alter table %s rename to %s", r.name, name))
		r.name = name
	case what == 3:
		r.stem = pick(r.d, "parcel", "order", "purchase-order", "stock-movement", "sku")
		r.exec(t, fmt.Sprintf("select rowcast.watch('%s', name => '%s')", r.name, r.stem))
	case what == 4 && r.rules != nil:
		r.exec(t, "select rowcast.drop_policy()")
		r.rules = nil
	default:
		r.apply(t)
		r.await(t)
	}
	r.all = nil
	for _, f := range staying {
		f.got, f.prefix, f.from, f.about = nil, nil, len(r.changes), f.about+", and stays when the rules change"
		if slices.ContainsFunc(r.rules.claims(r.table, f.v), func(name string) bool { return !slices.Contains(f.claims, name) }) {
			err := f.hear(0)
			if e, ok := errors.AsType[*ended](err); !ok || e.code != "policy-changed" {
				r.fault("%s has to come back, since the rules need claims that were not kept: %v", f, err)
			}
			continue
		}
		if f.reset = before[f] != r.rules.signature(r.table, f.v); f.reset {
			if err := f.hear(0); err != nil {
				r.fault("%s is not told of the rules: %v", f, err)
				continue
			}
			f.got = slices.DeleteFunc(f.got, func(m message) bool { return m.Event != "" })
		}
		r.all = append(r.all, f)
	}
	viewers := make([]*viewer, len(r.viewers))
	for i, v := range r.viewers {
		next := *v
		viewers[i] = &next
	}
	r.viewers = viewers
}

// keep notes a cursor of a viewer, for when the rules are others.
func (r *round) keep(f *follower) {
	if f.v.wish != nil || f.v.events != nil {
		return
	}
	r.kept = append(r.kept, bookmark{f.v, f.wire, r.rules.signature(r.table, f.v), f.joined.Cursor, f.from})
}

// begin has all viewers follow on every wire.
func (r *round) begin(t *testing.T) {
	t.Helper()
	r.d.wants(r.table, r.rules, r.viewers)
	r.live = nil
	tags := map[string]string{}
	for i, v := range r.viewers {
		for k, w := range slices.Concat(wires, recoveries) {
			if (v.wish != nil || v.events != nil) && strings.HasPrefix(w.name, "recovery") {
				continue
			}
			f, err := r.follow(t, w, (i+k)%2, v, "", "from now on")
			if err != nil {
				r.fault("%s by %s cannot join: %v", v, w.name, err)
				continue
			}
			r.live, r.all = append(r.live, f), append(r.all, f)
			_, tag, _ := strings.Cut(f.cursor, "~")
			tag, _, _ = strings.Cut(tag, "+")
			signature := r.rules.signature(r.table, v)
			if known, there := tags[signature]; there && known != tag || (signature == "") != (tag == "") {
				r.fault("%s: the cursor %s is tagged %q; the others with this view have %q", f, f.cursor, tag, known)
			}
			tags[signature] = tag
		}
	}
}

// happen has n random things happen.
func (r *round) happen(t *testing.T, n int) {
	t.Helper()
	large, truncate := r.d.IntN(2*n), r.d.IntN(4*n)
	for i := range n {
		switch i {
		case large:
			r.large(t)
		case truncate:
			r.truncate(t)
		default:
			r.write(t)
		}
	}
}

// check has everybody hear what there is, and compares it with the reference. At the end of
// a phase it looks for what is withheld in all the bytes.
func (r *round) check(t *testing.T, end bool) {
	t.Helper()
	fence := r.fence(t)
	canaries := map[string]bool{}
	for _, c := range r.canaries {
		canaries[c] = true
	}
	var viewers []*viewer
	for _, f := range r.all {
		if !slices.Contains(viewers, f.v) {
			viewers = append(viewers, f.v)
		}
	}
	judged := r.judge(t, r.rules, viewers)
	for _, f := range r.all {
		if err := f.hear(fence); err != nil {
			r.fault("%s: %v", f, err)
			continue
		}
		prefix := f.prefix
		if f.reset {
			prefix = []string{"reset policy"}
		}
		want := r.expect(r.rules, viewers, slices.Index(viewers, f.v), judged, f.from, false)
		if err := compare(changesOf(f.got), prefix, want); err != nil {
			r.fault("%s: %v", f, err)
			continue
		}
		if err := r.dashboards(f); err != nil {
			r.fault("%s: %v", f, err)
		}
		texts := slices.Clone(prefix)
		for _, one := range want {
			texts = append(texts, one.text)
		}
		if !end || strings.Contains(f.about, "stays") {
			continue // those that stay have heard what they were allowed to before
		}
		if err := leaked(f.bytes.String()+strings.Join(f.heard, "\n"), canaries, texts); err != nil {
			r.fault("%s: %v", f, err)
		}
	}
}

// dashboards finds a reason that is nobody's to know.
func (r *round) dashboards(f *follower) error {
	reason := map[string]string{"order": "orders", "purchase-order": "purchase_orders", "stock-movement": "stock_movements", "sku": "skus"}[r.stem]
	given, all := r.rules.grants(r.table, f.v)
	for _, m := range f.got {
		if m.Event == "dashboard:stats-updated" && !all && given == nil && strings.Contains(string(m.Data), `"`+reason+`"`) {
			return fmt.Errorf("it has nothing of the table, and is told %s", m.raw)
		}
	}
	return nil
}

// again has viewers come back from cursors of all kinds.
func (r *round) again(t *testing.T) {
	t.Helper()
	r.resume(t)
	r.others(t)
	for _, b := range r.kept {
		if strings.HasPrefix(b.wire.name, "recovery") != (r.d.IntN(2) == 0) || r.d.chance(2) {
			continue
		}
		v := r.viewers[slices.IndexFunc(r.viewers, func(v *viewer) bool { return v.name == b.v.name })]
		if v.wish != nil || v.events != nil {
			continue
		}
		same := r.rules.signature(r.table, v) == b.signature
		r.come(t, b.wire, r.d.IntN(2), v, b.cursor, !same, "from a cursor of former rules", nil, b.from)
	}
	r.kept = nil
}

// come has a viewer come back from a cursor, which is of another view if reset.
func (r *round) come(t *testing.T, w wire, server int, v *viewer, cursor string, reset bool, about string, prefix []string, from int) {
	t.Helper()
	about = fmt.Sprintf("%s (%s)", about, cursor)
	f, err := r.follow(t, w, server, v, cursor, about)
	if strings.HasPrefix(w.name, "recovery") && errors.Is(err, errNotRecovered) != reset {
		r.fault("%s by %s, %s: recovery says %v; another view: %t", v, w.name, about, err, reset)
		return
	} else if errors.Is(err, errNotRecovered) {
		return
	}
	if err != nil {
		r.fault("%s by %s, %s: %v", v, w.name, about, err)
		return
	}
	if f.reset = reset; !reset {
		f.prefix, f.from = prefix, from
	}
	r.all = append(r.all, f)
}

// resume has those who follow come back from some event on.
func (r *round) resume(t *testing.T) {
	t.Helper()
	for _, f := range r.live {
		got := changesOf(f.got)
		at := r.d.IntN(len(got) + 1)
		cursor, rest := f.joined.Cursor, got
		if at > 0 {
			cursor, rest = got[at-1].Cursor, got[at:]
		}
		var prefix []string
		for _, m := range rest {
			prefix = append(prefix, m.words(true))
		}
		if base, _, tagged := strings.Cut(cursor, "~"); tagged && r.d.chance(4) && !strings.Contains(cursor, " ") {
			cursor = base + "~any"
		}
		r.come(t, f.wire, r.d.IntN(2), f.v, cursor, false, fmt.Sprintf("back after %d events", at), prefix, len(r.changes))
	}
}

// others has viewers come with cursors that are not of their view.
func (r *round) others(t *testing.T) {
	t.Helper()
	for i, f := range r.live {
		of := r.rules.signature(r.table, f.v)
		recovers := strings.HasPrefix(f.wire.name, "recovery")
		v := r.viewers[(i+1)%len(r.viewers)]
		cursor := f.joined.Cursor
		about := "with a cursor of " + f.v.name
		switch base, _, tagged := strings.Cut(cursor, "~"); {
		case tagged && r.d.chance(3) && !recovers:
			v, cursor, of, about = f.v, base, "", "with a cursor without a tag"
		case recovers && (f.v.subject != v.subject || v.wish != nil || v.events != nil):
			continue
		}
		if own := r.rules.signature(r.table, v); own != of {
			r.come(t, f.wire, r.d.IntN(2), v, cursor, true, about, nil, 0)
		}
	}
}
