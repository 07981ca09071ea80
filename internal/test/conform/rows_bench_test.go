package conform_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// BenchmarkRows is 100,000 rows to a client, beside psql writing the same query to a file,
// and the memory that a server takes for it.
func BenchmarkRows(b *testing.B) {
	const tenant = "0e37df36-f698-11e6-8dd4-cb9ced3df976"
	inventory := servetest.NewInventory(b)
	pgtest.Exec(b, inventory.DB, `create table sales (id int primary key, tenant_id uuid, customer text, status text, total numeric, at timestamptz, note text)`,
		`insert into sales select n, '`+tenant+`', 'customer ' || n % 1000, 'pending', n / 100.0, now(), repeat('x', 60) from generate_series(1, 100000) n`, `create index on sales (tenant_id)`,
		`analyze sales`, `select rowcast.watch('sales', name => 'sale', readable => true)`)
	server := servetest.Start(b, inventory.DSN)
	token := servetest.Token(b, tenant)
	read := func() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+server.Address()+"/rows?table=sale", http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer response.Body.Close()
		if n, err := io.Copy(io.Discard, response.Body); err != nil || n < 10<<20 {
			b.Fatalf("%d: %d bytes, %v", response.StatusCode, n, err)
		}
	}
	file := filepath.Join(b.TempDir(), "rows")
	copied := func() {
		pgtest.Psql(b, inventory.DSN, "-c", `\copy (select row_to_json(r.*) from sales r where tenant_id = '`+tenant+`') to '`+file+`'`)
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
