package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"rowcast/internal/test/work"

	"github.com/jackc/pgx/v5"
)

// plan says what a run consists of.
type plan struct {
	database *database
	servers  []*server
	seed     uint64
	// writers commit transactions, with a pause of at most pause between two.
	// Default: 3 and 20 ms.
	writers int
	pause   time.Duration
	// detour, if not empty, is the way of the first writer to the database.
	detour string
	// hoppers are clients that break off by themselves after at most hop
	// messages, and come back anywhere; stayers do not, and belong to one
	// server, in turn. Default: 6, 3 and 60.
	hoppers, stayers, hop int
	// others are further clients.
	others []*client
	// probe, if not nil, writes too, and times its events at the stayers.
	probe *probe
}

// run is writers and clients at work.
type run struct {
	plan
	ledger  *work.Ledger
	clients []*client

	stopWriting    chan struct{}
	writing        sync.WaitGroup
	stopFollowing  context.CancelFunc
	following      sync.WaitGroup
	began          time.Time
	writersStopped sync.Once
}

// begin has the clients join, and then the writers write.
func begin(t *testing.T, p plan) *run {
	t.Helper()
	if p.writers == 0 {
		p.writers = 3
	}
	if p.pause == 0 {
		p.pause = 20 * time.Millisecond
	}
	if p.hoppers == 0 && p.stayers == 0 {
		p.hoppers, p.stayers = 6, 3
	}
	if p.hop == 0 {
		p.hop = 60
	}
	tr := &run{plan: p, ledger: work.NewLedger(&p.database.ids), stopWriting: make(chan struct{}), began: time.Now()}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	tr.stopFollowing = cancel
	t.Cleanup(func() {
		cancel()
		tr.stop()
		tr.following.Wait()
	})
	for n := range p.hoppers + p.stayers {
		hop, servers, names := p.hop, p.servers, []string{tenants[n%len(tenants)]}
		if stayer := n - p.hoppers; stayer >= 0 {
			own := stayer % len(servers)
			hop, servers = 0, servers[own:own+1]
		}
		if n%4 == 3 { // one in four follows two tenants
			names = append(names, tenants[(n+1)%len(tenants)])
		}
		c := newClient(t, fmt.Sprintf("client %d", n), servers, tr.rng(n), hop, names...)
		if p.probe != nil && hop == 0 {
			c.heard = p.probe.hear
		}
		tr.clients = append(tr.clients, c)
	}
	tr.clients = append(tr.clients, p.others...)
	for _, c := range tr.clients {
		tr.following.Go(func() { c.run(ctx) })
	}
	// Nothing may be written before every client has joined.
	eventually(t, "client that has joined", timeout, func() bool {
		return !slices.ContainsFunc(tr.clients, func(c *client) bool {
			return !c.all(func(s *stream) bool { return s.joined })
		})
	})
	for n := range p.writers {
		dsn := p.database.dsn
		if n == 0 && p.detour != "" {
			dsn = p.detour
		}
		w := &work.Writer{Number: n, URL: dsn, Table: "hot", Tenants: tenants, Ledger: tr.ledger, Rand: tr.rng(1000 + n)}
		tr.writing.Go(func() { write(ctx, w, p.pause, tr.stopWriting) })
	}
	if p.probe != nil {
		tr.writing.Go(func() { p.probe.run(ctx, p.database, tr.ledger, tr.stopWriting) })
	}
	return tr
}

// write runs transactions until stop is closed; one that has begun is ended.
func write(ctx context.Context, w *work.Writer, pause time.Duration, stop <-chan struct{}) {
	defer w.HangUp()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(w.Rand.Int64N(int64(pause)))):
			_ = w.Step(ctx) // the database may be away
		}
	}
}

func (tr *run) rng(n int) *rand.Rand { return rand.New(rand.NewPCG(tr.seed, uint64(n))) }

// moves waits until some transactions more have been committed: the load goes
// on after a fault.
func (tr *run) moves(t *testing.T, transactions int) {
	t.Helper()
	from := tr.ledger.Committed()
	eventually(t, fmt.Sprintf("%d transactions", transactions), timeout, func() bool {
		return tr.ledger.Committed() >= from+transactions
	})
}

// stayersOf are the clients that belong to a server.
func (tr *run) stayersOf(r *server) (some []*client) {
	for _, c := range tr.clients {
		if c.hop == 0 && c.servers[0] == r {
			some = append(some, c)
		}
	}
	return some
}

// resumes waits until every client has received more of each of its tenants
// than it has now, and says how long that took.
func (tr *run) resumes(t *testing.T) time.Duration {
	t.Helper()
	had := make(map[*stream]int)
	for _, c := range tr.clients {
		c.all(func(s *stream) bool { had[s] = len(s.got); return true })
	}
	return eventually(t, "client that receives again", timeout, func() bool {
		return !slices.ContainsFunc(tr.clients, func(c *client) bool {
			return !c.all(func(s *stream) bool { return len(s.got) > had[s] })
		})
	})
}

// commit runs a transaction beside those of the writers.
func (tr *run) commit(ctx context.Context, t *testing.T, conn *pgx.Conn, f func(w *work.Writer) error) work.Tx {
	t.Helper()
	d, err := tr.ledger.Beside(ctx, conn, f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stop ends the writers.
func (tr *run) stop() {
	tr.writersStopped.Do(func() { close(tr.stopWriting) })
	tr.writing.Wait()
}

// end stops the writers, lets the clients receive everything and checks them.
func (tr *run) end(t *testing.T) {
	t.Helper()
	const most = 20
	faults := tr.verdict(t)
	for i, f := range faults {
		if i == most {
			t.Errorf("and %d more", len(faults)-most)
			break
		}
		t.Errorf("%s: %s", f.kind, f.what)
	}
}

// verdict is end for those who expect faults. The clients have time to
// come to their end; what they have not received by then is missing.
func (tr *run) verdict(t *testing.T) (faults []fault) {
	t.Helper()
	tr.stop()
	lasted := time.Since(tr.began)
	tr.database.as(t, "admin", func(ctx context.Context, conn *pgx.Conn) {
		if err := tr.ledger.Resolve(ctx, conn); err != nil {
			t.Fatal(err)
		}
		for _, tenant := range tenants {
			tr.commit(ctx, t, conn, func(w *work.Writer) error {
				return w.Each(ctx, '+', "insert into hot values ($1, $2, 1)", -tr.ledger.NextIDs(1), tenant)
			})
		}
	})
	arrived := make(chan struct{})
	go func() {
		defer close(arrived)
		tr.following.Wait()
	}()
	sealed := time.Now()
	select {
	case <-arrived:
	case <-time.After(timeout):
		tr.stopFollowing()
		<-arrived
	}
	faults = tr.check()
	events, visits := 0, 0
	for _, c := range tr.clients {
		visits += c.visits
		for _, s := range c.streams {
			events += len(s.got)
		}
	}
	t.Logf("%d transactions in %s (%v); %d clients on %d connections, %d events checked, the last %s after the last commit; %d faults",
		len(tr.ledger.Transactions()), lasted.Round(time.Millisecond), tr.ledger.Counts(), len(tr.clients), visits, events,
		time.Since(sealed).Round(time.Millisecond), len(faults))
	return faults
}

// check compares what each client received with what was committed.
func (tr *run) check() (faults []fault) {
	changes, spans := tr.ledger.Changes()
	committed := make(map[string][]work.Change)
	for _, f := range changes {
		committed[f.Tenant] = append(committed[f.Tenant], f)
	}
	first := make(map[string]*stream)
	for _, c := range tr.clients {
		faults = append(faults, c.faults...)
		for tenant, s := range c.streams {
			found := checkStream(s.got, s.start, committed[tenant], spans)
			if one := first[tenant]; one == nil {
				first[tenant] = s
			} else {
				found = append(found, checkAgreement(one.got, s.got)...)
			}
			for _, f := range found {
				faults = append(faults, fault{f.kind, c.name + ", " + tenant + ": " + f.what})
			}
		}
	}
	return faults
}

// TestRunWithoutFaults is the harness itself.
func TestRunWithoutFaults(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{s.serve(t), s.serve(t)}})
	tr.moves(t, 200)
	tr.end(t)
}
