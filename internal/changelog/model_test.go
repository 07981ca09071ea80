package changelog_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/changelog"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/work"
)

// For longer runs, and to repeat one: go test -run TestModel -model.ops 20000 -model.seed 1.
var (
	modelOps  = flag.Int("model.ops", 1600, "transactions of TestModel")
	modelSeed = flag.Uint64("model.seed", 0, "seed of TestModel; 0 draws one")
)

const (
	modelWriters = 8
	modelClients = 6
)

var modelTenants = []string{"T", "U", "V", "W"}

// model is one run: writers, two servers, clients, and one who kills.
type model struct {
	*database
	seed             uint64
	ledger           *work.Ledger
	tails            []*tail
	clients          []*client
	naive, watermark wrongReader
	ended            chan struct{}
	final            map[string]int64
}

func TestModel(t *testing.T) {
	t.Parallel()
	m := &model{
		naive: wrongReader{query: byNumber}, watermark: wrongReader{query: byWatermark},
		database: newDatabase(t), seed: *modelSeed, ledger: work.NewLedger(new(atomic.Int64)), ended: make(chan struct{}),
	}
	if m.seed == 0 {
		m.seed = rand.Uint64()
	}
	t.Logf("-model.seed %d -model.ops %d", m.seed, *modelOps)
	for _, name := range []string{"a", "b"} {
		m.tails = append(m.tails, m.tail(t, newDialer(m.database, name).options))
	}
	admin := pgtest.ConnectAs(t, m.DSN, "admin")
	pgtest.Exec(t, admin, work.TxRows)
	m.tx(t, admin, `
		insert into docs select n, 'T', null, 1 from generate_series(1, 6) n
		union all select n, 'U', null, 1 from generate_series(100, 107) n`)

	deadline, ok := t.Deadline() // the limit of all tests, and time to say what was missing
	if !ok {
		deadline = time.Now().Add(24 * time.Hour)
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-10*time.Second))
	defer cancel()
	clients := m.startClients(ctx)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	helpers, reading := errgroup.WithContext(reading)
	helpers.Go(func() error { return m.naive.run(reading, m.pool) })
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	watchers, watching := errgroup.WithContext(watching)
	watchers.Go(func() error { return m.watermark.run(watching, m.pool) })
	helpers.Go(func() error { return m.kill(reading, t) })
	m.write(ctx, t)
	m.outOfOrder(t)
	stopReading()
	if err := helpers.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := m.ledger.Resolve(ctx, admin); err != nil {
		t.Fatal(err)
	}
	m.settle(t, admin)
	eventually(t, "end of the log at the reader below the oldest transaction", func() bool {
		return m.watermark.count() >= len(m.tails[0].snapshot())
	})
	stopWatching()
	if err := watchers.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := clients.Wait(); err != nil {
		t.Fatal(err)
	}
	m.check(t, admin)
	m.checkControls(t, admin)
	t.Logf("%v; naive reader saw %d", m.ledger.Counts(), len(m.naive.stream))
	for _, c := range m.clients {
		t.Logf("client of %s: %d changes, %d sessions", c.tenant, len(c.received), c.resumed)
	}
}

// tx runs a statement that makes rows, in a transaction of its own.
func (m *model) tx(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	m.beside(t, conn, func(w *work.Writer) error { return w.Each(t.Context(), '+', statement) })
}

// beside runs a transaction beside those of the writers.
func (m *model) beside(t *testing.T, conn *pgx.Conn, f func(w *work.Writer) error) {
	t.Helper()
	if _, err := m.ledger.Beside(t.Context(), conn, f); err != nil {
		t.Fatal(err)
	}
}

func (m *model) startClients(ctx context.Context) *errgroup.Group {
	var running errgroup.Group
	var id string
	for i := range modelClients {
		c := &client{
			tenant: modelTenants[i%len(modelTenants)], tails: m.tails, history: changelog.NewHistory(m.pool, 1000),
			rng: rand.New(rand.NewPCG(m.seed, uint64(1000+i))), ended: m.ended, final: &m.final,
		}
		if id == "" {
			head, err := c.history.Head(ctx, c.tenant, 0)
			if err != nil {
				running.Go(func() error { return err })
				return &running
			}
			id = head.Epoch
		}
		c.cursor.Epoch = id
		m.clients = append(m.clients, c)
		running.Go(func() error { return c.run(ctx) })
	}
	return &running
}

func (m *model) write(ctx context.Context, t *testing.T) {
	t.Helper()
	writers, ctx := errgroup.WithContext(ctx)
	for i := range modelWriters {
		w := &work.Writer{
			Number: i, URL: m.DSN, Table: "docs", Tenants: modelTenants, Ledger: m.ledger, Rand: rand.New(rand.NewPCG(m.seed, uint64(i))), Every: true,
		}
		writers.Go(func() error { return m.steps(ctx, w) })
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
}

// steps runs transactions. Calm and storm alternate, so that the tails fall asleep
// and wake up.
func (m *model) steps(ctx context.Context, w *work.Writer) error {
	defer w.HangUp()
	for i := range *modelOps / modelWriters {
		// One that is killed before it is connected may not get a word.
		if refused, ok := errors.AsType[*pgconn.PgError](w.Step(ctx)); ok && refused.Code != "57P01" {
			return refused
		}
		if i%100 < 20 {
			time.Sleep(time.Duration(w.Rand.IntN(60)) * time.Millisecond)
		}
	}
	return nil
}

// kill terminates a random backend now and then: of a writer, a client's
// history, or a tail's seals, notifications and locks.
func (m *model) kill(ctx context.Context, t *testing.T) error {
	rng := rand.New(rand.NewPCG(m.seed, 999))
	conn, err := pgx.Connect(ctx, m.DSN)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	kills := make(map[string]int)
	for ctx.Err() == nil {
		pause := time.NewTimer(time.Duration(20+rng.IntN(180)) * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			t.Logf("kills: %v", kills)
			return nil
		case <-pause.C:
		}
		var victim string
		err := conn.QueryRow(ctx, `
			select regexp_replace(v.application_name, '[0-9 ]+$', '') from (
				select a.pid, a.application_name from pg_stat_activity a
				 where a.datname = current_database() and a.application_name ~ '^(writer|history|a |b )'
				 order by hashint8extended(a.pid, $1) limit 1) v
			 where pg_terminate_backend(v.pid)`, rng.Int64()).Scan(&victim)
		if err == nil {
			kills[victim]++
		}
	}
	return nil
}

// settle waits until every committed change has been published by both tails.
func (m *model) settle(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	committed := m.committed()
	want := len(committed)
	defer func() {
		for i, l := range m.tails {
			if faults := checkCommitted(l.snapshot(), committed); t.Failed() && len(faults) > 0 {
				t.Logf("tail %d: %d faults, the first: %v", i, len(faults), faults[0])
			}
		}
	}()
	for i, l := range m.tails {
		l.wait(t, "everything", func(r *recorder) bool { return len(r.changes) >= want })
		if len(l.resets) > 0 {
			t.Errorf("tail %d was reset: %v", i, l.resets)
		}
	}
	m.final = make(map[string]int64)
	for _, tenant := range modelTenants {
		m.final[tenant] = pgtest.Query[int64](t, admin,
			"select coalesce(max(s.position), 0) from rowcast.sealed s where s.tenant = $1", tenant)
	}
	close(m.ended)
}

func (m *model) committed() (keys []string) {
	changes, _ := m.ledger.Changes()
	for _, f := range changes {
		if f.Op == '-' {
			keys = append(keys, deletedKey(int(f.ID), f.Version))
		} else {
			keys = append(keys, madeKey(int(f.ID), f.Version))
		}
	}
	return keys
}

func (m *model) spans() map[uint64]work.Span {
	_, spans := m.ledger.Changes()
	return spans
}

// check holds every stream against the promises.
func (m *model) check(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	report := func(what string, faults []fault) {
		for i, f := range faults {
			if i == 5 {
				t.Errorf("%s: %d faults in all", what, len(faults))
				break
			}
			t.Errorf("%s: %s: %s", what, f.kind, f.what)
		}
	}
	committed, spans := m.committed(), m.spans()
	first := m.tails[0].snapshot()
	report("log", checkCommitted(readLog(t, admin), committed))
	for i, l := range m.tails {
		stream := l.snapshot()
		report("tail", slices.Concat(checkCommitted(stream, committed), checkPositions(stream),
			checkTransactions(stream), checkRows(stream), checkTime(stream, spans)))
		if i > 0 {
			report("servers", checkSame(first, stream))
		}
	}
	for _, c := range m.clients {
		report("client", slices.Concat(checkPositions(c.received), checkSame(ofTenant(first, c.tenant), c.received)))
	}
	var sequences []string
	rows, err := admin.Query(t.Context(), "select concat_ws(' ', s.tenant, s.position, s.place) from rowcast.sealed s order by s.place")
	if err == nil {
		sequences, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	report("sequences", checkSequence(sequences, first))
	if t.Failed() {
		t.Logf("repeat with -model.seed %d (the schedule of the machine is not part of it)", m.seed)
	}
}
