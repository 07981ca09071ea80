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
	"rowcast/internal/health"
	"rowcast/internal/hub"
	"rowcast/internal/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry shows parts in the given states.
func registry(tail changelog.Status, stats hub.Stats, state health.Status) *prometheus.Registry {
	return metric.New(metric.Sources{
		Tail:   func() changelog.Status { return tail },
		Hub:    func() hub.Stats { return stats },
		Health: func() health.Status { return state },
	})
}

func busy() *prometheus.Registry {
	return registry(
		changelog.Status{Live: true, Listening: true, Place: 41},
		hub.Stats{Sessions: 3, Events: 5, Deliveries: 7, Closes: map[hub.Cause]int64{hub.NoPong: 2, hub.Gone: 4}},
		health.Status{
			Checked: time.UnixMilli(1500), SealedPlace: 42, QueueUsage: 0.25,
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
		"rowcast_connections 3", "# TYPE rowcast_events_total counter", "rowcast_events_total 5", "rowcast_deliveries_total 7",
		`rowcast_closes_total{reason="no-pong"} 2`, `rowcast_closes_total{reason="gone"} 4`,
		"rowcast_database_checked_timestamp_seconds 1.5", "go_goroutines ", "process_open_fds ",
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
	unknown := registry(changelog.Status{}, hub.Stats{}, health.Status{})
	n, err := testutil.GatherAndCount(unknown, "rowcast_trigger_drift", "rowcast_notify_queue_usage_ratio", "rowcast_sealed_place",
		"rowcast_database_checked_timestamp_seconds")
	if err != nil || n != 0 {
		t.Errorf("%d figures of an unknown database, %v", n, err)
	}
	if n, err := testutil.GatherAndCount(unknown, "rowcast_tail_live"); err != nil || n != 1 {
		t.Errorf("%d figures of the tail, %v", n, err)
	}
}
