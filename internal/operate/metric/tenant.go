package metric

import (
	"fmt"
	"net/http"
	"strconv"

	"rowcast/internal/hub/stream"

	"github.com/prometheus/client_golang/prometheus"
)

// How many tenants TenantHandler shows: by default, and at most.
const (
	fewTenants  = 100
	mostTenants = 1000
)

// tenants shows some of them.
type tenants struct {
	list                                []stream.TenantStats
	all                                 int
	followers, events, position, hidden *prometheus.Desc
}

func newTenants(list []stream.TenantStats, all int) *tenants {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("rowcast_tenant_"+name, help, []string{"tenant"}, nil)
	}
	return &tenants{
		list, all,
		describe("subscriptions", "Clients that have joined the tenant on this server."),
		describe("events_total", "Events made for the tenant since its ring was made; it goes when nobody has joined for a while."),
		describe("position", "Newest position of the tenant on this server."),
		prometheus.NewDesc("rowcast_tenants_hidden", "Tenants in memory that are beyond the limit of this scrape.", nil, nil),
	}
}

func (t *tenants) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{t.followers, t.events, t.position, t.hidden} {
		ch <- d
	}
}

func (t *tenants) Collect(ch chan<- prometheus.Metric) {
	for _, s := range t.list {
		ch <- prometheus.MustNewConstMetric(t.followers, prometheus.GaugeValue, float64(s.Followers), s.Name)
		ch <- prometheus.MustNewConstMetric(t.events, prometheus.CounterValue, float64(s.Events), s.Name)
		ch <- prometheus.MustNewConstMetric(t.position, prometheus.GaugeValue, float64(s.Position), s.Name)
	}
	ch <- prometheus.MustNewConstMetric(t.hidden, prometheus.GaugeValue, float64(t.all-len(t.list)))
}

// TenantHandler serves the figures of the tenants with the most clients: ?limit= of
// them, 100 by default and 1000 at most. It is apart from the other metrics, so that
// only a scrape that asks for it pays for a label that grows with the business.
func TenantHandler(list func(limit int) ([]stream.TenantStats, int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := fewTenants
		if text := r.URL.Query().Get("limit"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > mostTenants {
				http.Error(w, fmt.Sprintf("limit is a whole number from 1 to %d", mostTenants), http.StatusBadRequest)
				return
			}
			limit = n
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(newTenants(list(limit)))
		Handler(registry).ServeHTTP(w, r)
	})
}
