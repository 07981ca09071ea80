package metric_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/hub/stream"
	"rowcast/internal/operate/health"
	"rowcast/internal/operate/metric"
	"rowcast/internal/transport/rows"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry shows parts in the given states.
func registry(tail changelog.Status, stats room.Stats, state health.Status) *prometheus.Registry {
	observers := metric.NewObservers()
	observers.Sealed(3 * time.Millisecond)
	observers.Delivered(-time.Second)
	observers.Delivered(time.Second)
	return metric.New(metric.Sources{
		Tail:   func() changelog.Status { return tail },
		Hub:    func() room.Stats { return stats },
		Health: func() health.Status { return state },

		Observers: observers, Codes: []errcode.Code{signal.Shutdown, signal.Gone},
		Refusals:   func() map[errcode.Code]int64 { return map[errcode.Code]int64{"forbidden": 2, "revoked": 0} },
		Unreadable: func() map[feed.Reason]int64 { return map[feed.Reason]int64{feed.Size: 3, feed.Decoding: 0} },
		Rows: func() rows.Stats {
			return rows.Stats{Reading: 1, Rows: 9, Bytes: 99, Outcomes: map[string]int64{"end": 2}}
		},
	})
}

func busy() *prometheus.Registry {
	return registry(
		changelog.Status{Live: true, Listening: true, Sequence: 41},
		room.Stats{Names: map[string]int64{"order:created": 5}, Transports: map[string]int64{"ws": 3, "sse": 1}, Deliveries: 7, RingMemory: 3 << 20, RingBudget: 1 << 28, PageMemory: 99, Closes: map[errcode.Code]int64{signal.NoPong: 2, signal.Gone: 4}},
		health.Status{
			Checked: time.UnixMilli(1500), SealedSequence: 42, QueueUsage: 0.25,
			Drifted: []health.Drift{{Triggers: []string{"a", "b"}}, {Triggers: []string{"c"}}},
		},
	)
}

func TestLint(t *testing.T) {
	t.Parallel()
	problems, err := testutil.GatherAndLint(busy())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// Scrapes answer the figures of the parts, in the format of Prometheus.
func TestHandler(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	metric.Handler(busy()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		"# TYPE rowcast_trigger_drift gauge", "rowcast_trigger_drift 3", "rowcast_notify_queue_usage_ratio 0.25",
		"rowcast_sealed_place 42", "rowcast_published_place 41", "rowcast_tail_live 1", "rowcast_tail_asleep 0",
		`rowcast_connections{wire="sse"} 1`, `rowcast_connections{wire="ws"} 3`, "# TYPE rowcast_events_total counter",
		`rowcast_events_total{event="order:created"} 5`, "rowcast_deliveries_total 7", `rowcast_closes_total{reason="shutdown"} 0`,
		`rowcast_seal_seconds_bucket{le="0.005"} 1`, "rowcast_delivery_seconds_count 2", `rowcast_delivery_seconds_bucket{le="0.001"} 1`,
		`rowcast_closes_total{reason="no-pong"} 2`, `rowcast_closes_total{reason="gone"} 4`,
		"rowcast_ring_memory_bytes 3.145728e+06", "rowcast_ring_memory_budget_bytes 2.68435456e+08", "rowcast_page_memory_bytes 99",
		"rowcast_database_checked_timestamp_seconds 1.5", "go_goroutines ",
		`rowcast_unreadable_total{reason="size"} 3`, `rowcast_unreadable_total{reason="decoding"} 0`,
		"rowcast_rows_reading 1", "rowcast_rows_sent_total 9", "rowcast_rows_sent_bytes_total 99", `rowcast_rows_answers_total{outcome="end"} 2`,
		`rowcast_refusals_total{code="forbidden"} 2`, `rowcast_refusals_total{code="revoked"} 0`, "process_open_fds ",
	} {
		if !strings.Contains(w.Body.String(), "\n"+want) {
			t.Errorf("a scrape lacks %s", want)
		}
	}
	if w.Code != http.StatusOK {
		t.Errorf("a scrape is answered with %d", w.Code)
	}
}

// Before the first check nothing is known of the database.
func TestUnknownIsLeftOut(t *testing.T) {
	t.Parallel()
	unknown := registry(changelog.Status{}, room.Stats{}, health.Status{})
	n, err := testutil.GatherAndCount(unknown, "rowcast_trigger_drift", "rowcast_notify_queue_usage_ratio", "rowcast_sealed_place",
		"rowcast_database_checked_timestamp_seconds")
	if err != nil || n != 0 {
		t.Errorf("%d figures of an unknown database, %v", n, err)
	}
	if n, err := testutil.GatherAndCount(unknown, "rowcast_tail_live"); err != nil || n != 1 {
		t.Errorf("%d figures of the tail, %v", n, err)
	}
}

// BenchmarkDelivered is what one pass over the clients of a tenant pays.
func BenchmarkDelivered(b *testing.B) {
	o := metric.NewObservers()
	for b.Loop() {
		o.Delivered(3 * time.Millisecond)
	}
}

// The figures of tenants are apart and bounded.
func TestTenantsAreBounded(t *testing.T) {
	t.Parallel()
	asked := 0
	handler := metric.TenantHandler(func(limit int) ([]stream.TenantStats, int) {
		asked = limit
		return []stream.TenantStats{{Name: "a\n\"b", Followers: 2, Events: 5, Position: 41}}, 7
	})
	for query, want := range map[string]int{"": 100, "?limit=1": 1, "?limit=1000": 1000, "?limit=1001": 0, "?limit=0": 0, "?limit=x": 0} {
		asked = 0
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics/tenants"+query, nil))
		if asked != want || (w.Code == http.StatusOK) != (want > 0) {
			t.Errorf("%q asks for %d, answered with %d", query, asked, w.Code)
		}
		for _, line := range []string{`rowcast_tenant_subscriptions{tenant="a\n\"b"} 2`, `rowcast_tenant_events_total{tenant="a\n\"b"} 5`, `rowcast_tenant_position{tenant="a\n\"b"} 41`, "rowcast_tenants_hidden 6"} {
			if want > 0 && !strings.Contains(w.Body.String(), line) {
				t.Errorf("%q lacks %s:\n%s", query, line, w.Body.String())
			}
		}
	}
}
