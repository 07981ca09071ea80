package main

import (
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
)

// metric scrapes one figure, when it is known.
func (r running) metric(t *testing.T, name string) float64 {
	t.Helper()
	body := eventually(t, name,
		func() string {
			code, body := r.get(t, "/metrics")
			if code != http.StatusOK {
				t.Fatalf("/metrics: %d %s", code, body)
			}
			return body
		},
		func(body string) bool { return strings.Contains(body, "\n"+name+" ") })
	_, rest, _ := strings.Cut(body, "\n"+name+" ")
	text, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// TestDriftIsReported disables the triggers of a table under a server as users
// run it: within 30 s they are reported, and migrate repairs them.
func TestDriftIsReported(t *testing.T) {
	t.Parallel()
	const bar = 30 * time.Second
	s := newEnv(t)
	p := spawn(t, []string{"DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	r := running{admin: p.Says(t, &p.Err, `"msg":"serving".*"admin":"([^"]+)"`)[1]}
	r.ready(t, "ready", http.StatusOK)
	if got := r.metric(t, "rowcast_trigger_drift"); got != 0 {
		t.Errorf("%v triggers are missing at first", got)
	}
	s.Exec(t, `alter table orders disable trigger all`)
	began := time.Now()
	body := r.ready(t, "red", http.StatusServiceUnavailable)
	took := time.Since(began)
	t.Logf("drift was reported after %s", took)
	if took > bar {
		t.Errorf("drift was reported after %s; the bar is %s", took, bar)
	}
	for _, want := range []string{`"code":"triggers-drifted"`, `"detail":"orders, since 20`, "rowcast_insert on orders", "repair it with rowcast migrate"} {
		if !strings.Contains(body, want) {
			t.Errorf("/readyz lacks %s: %s", want, body)
		}
	}
	if got := r.metric(t, "rowcast_trigger_drift"); got != 9 {
		t.Errorf("%v triggers are missing; want 9", got)
	}
	p.Says(t, &p.Err, `"level":"WARN","msg":"triggers have drifted: changes since then are not captured.*"table":"orders".*rowcast_insert on orders`)
	if code, _, stderr := rowcast(t, []string{"DATABASE_URL=" + s.DSN}, "migrate"); code != program.ExitOK {
		t.Fatalf("migrate: exit %d, %s", code, stderr)
	}
	r.ready(t, "ready again", http.StatusOK)
	if got := r.metric(t, "rowcast_trigger_drift"); got != 0 {
		t.Errorf("%v triggers are missing after the repair", got)
	}
	p.Says(t, &p.Err, `"level":"INFO","msg":"triggers are as installed again.*"table":"orders"`)
	p.Signal(t, syscall.SIGTERM)
	p.Ends(t, program.ExitOK)
	if n := strings.Count(p.Err.String(), "triggers have drifted"); n != 1 {
		t.Errorf("the log tells of drift %d times:\n%s", n, &p.Err)
	}
}

// TestMetricsOfARunningServer follows one client through the figures.
func TestMetricsOfARunningServer(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	r := start(t, s)
	c, _ := join(t, r.url, inventory.AcmeID, "", "order:created")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'M1', 'C')`)
	c.events(t, "order:created")
	got := r.status(t)
	for name, want := range map[string]float64{
		"rowcast_tail_live": 1, `rowcast_connections{wire="ws"}`: 1, "rowcast_subscriptions": 1, "rowcast_tenants": 1,
		"rowcast_published_place": float64(got.Sequence), "rowcast_trigger_drift": 0, "rowcast_resets_total": 0,
	} {
		if value := r.metric(t, name); value != want {
			t.Errorf("%s is %v; want %v", name, value, want)
		}
	}
	for name, least := range map[string]float64{
		`rowcast_events_total{event="order:created"}`: 1, "rowcast_delivery_seconds_count": 1, "rowcast_seal_seconds_count": 1, "rowcast_lag_seconds": 0, "rowcast_deliveries_total": 1, "rowcast_sealed_place": 0, "go_goroutines": 1,
		"rowcast_database_checked_timestamp_seconds": float64(time.Now().Add(-time.Minute).Unix()), "process_start_time_seconds": 1,
	} {
		// The client has its event before the pass that brought it is counted.
		eventually(t, name, func() float64 { return r.metric(t, name) }, func(value float64) bool { return value >= least })
	}
	_ = c.conn.Close()
	eventually(t, "end of the connection", func() float64 { return r.metric(t, `rowcast_connections{wire="ws"}`) }, func(n float64) bool { return n == 0 })
	if value := r.metric(t, `rowcast_closes_total{reason="gone"}`); value != 1 {
		t.Errorf("%v connections are gone", value)
	}
}
