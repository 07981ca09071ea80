package conform_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// seller has the rows of these benchmarks.
const seller = "0e37df36-f698-11e6-8dd4-cb9ced3df976"

// sales is a server over a table with 100,000 rows of one tenant.
func sales(b *testing.B) (server *servetest.Server, dsn string) {
	b.Helper()
	inventory := servetest.NewInventory(b)
	pgtest.Exec(b, inventory.DB, `create table sales (id int primary key, tenant_id uuid, customer text, status text, total numeric, at timestamptz, note text)`,
		`insert into sales select n, '`+seller+`', 'customer ' || n % 1000, 'pending', n / 100.0, now(), repeat('x', 60) from generate_series(1, 100000) n`, `create index on sales (tenant_id)`,
		`analyze sales`, `select rowcast.watch('sales', name => 'sale', readable => true)`)
	return servetest.Start(b, inventory.DSN), inventory.DSN
}

// readRows reads an answer of a server, and returns how many bytes it has.
func readRows(ctx context.Context, b *testing.B, server *servetest.Server, token string) int64 {
	b.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Address()+"/rows?table=sale", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0 // it has left
	}
	defer response.Body.Close()
	n, _ := io.Copy(io.Discard, response.Body)
	return n
}

// BenchmarkRows is 100,000 rows to a client, beside psql writing the same query to a file,
// and the memory that a server takes for it.
func BenchmarkRows(b *testing.B) {
	server, dsn := sales(b)
	token := servetest.Token(b, seller)
	read := func() {
		if n := readRows(b.Context(), b, server, token); n < 10<<20 {
			b.Fatalf("an answer has %d bytes", n)
		}
	}
	file := filepath.Join(b.TempDir(), "rows")
	copied := func() {
		pgtest.Psql(b, dsn, "-c", `\copy (select row_to_json(r.*) from sales r where tenant_id = '`+seller+`') to '`+file+`'`)
	}
	before := resident(b, server.PID(), "VmRSS")
	copied()
	var rows, psql time.Duration
	for b.Loop() {
		begun := time.Now()
		read()
		half := time.Now()
		copied()
		rows, psql = rows+half.Sub(begun), psql+time.Since(half)
	}
	b.ReportMetric(rows.Seconds()/float64(b.N)*1e3, "ms/rows")
	b.ReportMetric(psql.Seconds()/float64(b.N)*1e3, "ms/copy")
	b.ReportMetric(rows.Seconds()/psql.Seconds(), "ratio")
	b.ReportMetric(float64(resident(b, server.PID(), "VmHWM")-before)/1024, "MB-more")
}

// BenchmarkRowsBesideWriters is how late events are, at the 99th percentile, while there are
// 2,000 changes a second: alone, and beside ten clients that begin with 100,000 rows, again
// and again.
func BenchmarkRowsBesideWriters(b *testing.B) {
	server, dsn := sales(b)
	writer := pgtest.Connect(b, dsn)
	pgtest.Exec(b, writer, `create table moves (id int generated always as identity primary key, tenant_id uuid)`, `select rowcast.watch('moves', name => 'move')`)
	events := follow(b, server)
	measure := func() time.Duration {
		var late []time.Duration
		for len(events) > 0 {
			<-events
		}
		const ticks = 400 // 5 ms with 10 changes each: two seconds
		for at := time.Now(); len(late) < ticks*10; at = at.Add(5 * time.Millisecond) {
			time.Sleep(time.Until(at))
			if len(late) < ticks*10 {
				pgtest.Exec(b, writer, `insert into moves (tenant_id) select '`+seller+`' from generate_series(1, 10)`)
			}
			for range min(len(events), ticks*10-len(late)) {
				late = append(late, <-events)
			}
		}
		slices.Sort(late)
		return late[len(late)*99/100]
	}
	var alone, beside time.Duration
	answers := atomic.Int64{}
	for b.Loop() {
		alone += measure()
		ctx, stop := context.WithCancel(b.Context())
		var clients sync.WaitGroup
		for n := range 10 {
			token, err := auth.Mint([]byte(servetest.Secret), auth.MintClaims{Subject: fmt.Sprint("client ", n), Tenants: []string{seller}}, time.Hour)
			if err != nil {
				b.Fatal(err)
			}
			clients.Go(func() {
				for ctx.Err() == nil {
					if readRows(ctx, b, server, token) > 10<<20 {
						answers.Add(1)
					}
				}
			})
		}
		beside += measure()
		stop()
		clients.Wait()
	}
	b.ReportMetric(alone.Seconds()/float64(b.N)*1e3, "ms-p99-alone")
	b.ReportMetric(beside.Seconds()/float64(b.N)*1e3, "ms-p99-beside")
	b.ReportMetric(float64(answers.Load())/float64(b.N), "answers")
}

// follow receives the events of the table moves, and says of each how late it is.
func follow(b *testing.B, server *servetest.Server) <-chan time.Duration {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+server.Address()+"/events?events=move:*", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+servetest.Token(b, seller))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	late := make(chan time.Duration, 1<<20)
	b.Cleanup(func() { _ = response.Body.Close() })
	joined := make(chan struct{})
	go func() {
		var once sync.Once
		for in := bufio.NewScanner(response.Body); in.Scan(); {
			once.Do(func() { close(joined) })
			data, isData := strings.CutPrefix(in.Text(), "data: ")
			var event struct{ At time.Time }
			if isData && json.Unmarshal([]byte(data), &event) == nil && !event.At.IsZero() {
				late <- time.Since(event.At)
			}
		}
	}()
	<-joined
	return late
}

// resident is a line of the status of a process, in kB.
func resident(b *testing.B, pid int, name string) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skipf("this system does not say what a process holds: %v", err)
	}
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return kB
}
